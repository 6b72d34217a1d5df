"""The chain of the journal: each entry carries the hash of the one before."""

import hashlib
import json
from datetime import UTC
from typing import Final

from services.moves.draft.rows import Row

_ENCODED: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def entry_hash(entry: Row) -> str:
    """Hash of a journal entry and the hash before it; `doctor` recomputes it to show that nothing was altered."""
    parts = (
        entry["previous"],
        entry["case_id"],
        entry["seq"],
        entry["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        entry["thing"],
        entry["thing_no"],
        entry["action"],
        entry["before"],
        entry["after"],
        entry["actor"],
        entry["ball_unit_id"],
    )
    text = "|".join(map(str, parts)) + _ENCODED(entry["data"])
    return hashlib.sha256(text.encode()).hexdigest()
