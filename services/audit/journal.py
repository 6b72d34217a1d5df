"""The journals: nothing altered, nothing taken out, nothing cut off."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import Case, Journal, table
from services.audit.findings import Finding
from services.audit.rounds import BATCH
from services.moves import entry_hash

_case, _journal = table(Case), table(Journal)
_CHAINS: Final = (
    select(_journal, _case.c.no.label("case_no"), _case.c.seq.label("case_seq"), _case.c.journal_hash)
    .select_from(_case.outerjoin(_journal, _journal.c.case_id == _case.c.id))
    .where(_case.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_case.c.id, _journal.c.seq)
)


def newest_cases(session: Session, count: int) -> list[int]:
    """Ids of the cases that were opened last."""
    return list(session.connection().execute(select(_case.c.id).order_by(_case.c.id.desc()).limit(count)).scalars())


def check_journal(session: Session, case_ids: Sequence[int], batch: int = BATCH) -> list[Finding]:
    """Recompute the hash of every journal entry of these cases: nothing altered, nothing taken out, nothing cut off."""
    findings: list[Finding] = []
    for start in range(0, len(case_ids), batch):
        rows = session.connection().execute(_CHAINS, {"ids": list(case_ids[start : start + batch])}).mappings()
        for no, entries in groupby(rows, key=lambda row: str(row["case_no"])):
            broken = _broken(list(entries))
            if broken is not None:
                findings.append(Finding("journal_broken", no, {"entry": broken}))
    return findings


def _broken(entries: Sequence[Mapping[Any, Any]]) -> int | None:
    """The number of the first entry that does not fit the one before, or does not exist."""
    previous = ""
    for expected, entry in enumerate(entries, start=1):
        if entry["seq"] != expected or entry["previous"] != previous or entry_hash(dict(entry)) != entry["hash"]:
            return expected
        previous = entry["hash"]
    whole = entries[-1]["case_seq"] == len(entries) and entries[-1]["journal_hash"] == previous
    return None if whole else len(entries) + 1
