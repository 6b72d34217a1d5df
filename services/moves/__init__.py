"""The one door through which every case moves."""

from services.moves.door import make_moves
from services.moves.draft import Draft, Row, entry_hash
from services.moves.intents import Conflict, Intent, Moved, Outcome, Setting, one
from services.moves.snapshot import Along, read_drafts
from services.moves.write import write_drafts

__all__ = [
    "Along",
    "Conflict",
    "Draft",
    "Intent",
    "Moved",
    "Outcome",
    "Row",
    "Setting",
    "entry_hash",
    "make_moves",
    "one",
    "read_drafts",
    "write_drafts",
]
