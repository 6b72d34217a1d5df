"""A draft of one case while moves are decided: what was read, what changes, and what is written along with it."""

from services.moves.draft.asked import Asks
from services.moves.draft.draft import Draft
from services.moves.draft.hashing import entry_hash
from services.moves.draft.rows import Row

__all__ = ["Asks", "Draft", "Row", "entry_hash"]
