"""The ledger of a subject file: its looks, its issues, its tiers; an issue that goes on as a case."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, connection_of, table
from rules.facts import Actor, Refused, Thing
from rules.handling.subjects import IssueState, LookState
from services.catalogue import catalogue
from services.intake import Report, submit
from services.moves import Intent, Setting, make_moves, one
from services.subjects.reference import devices_of, file_of

_case = table(Case)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the ledger.

    Attributes:
        part: Its number within the case file.
        way: Kind of visit at which it was found; empty: none.
        refused: How often who asked said that it was not dealt with.
        case: Number of the case, order or errand that came of it.
    """

    part: int
    title: str
    state: str
    unit_id: int | None
    way: str
    refused: int
    opened_at: datetime
    case: str | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """A file in figures.

    Attributes:
        looks: How many looks of each state.
        ways: How many visits of each kind, by looks and by entries.
        tiers: How its tier went, oldest first: from, to, why.
        alerts: What was heard, oldest first: at, by, alert, words, and the case where there is one.
        devices: Codes of the devices whose alarms are heard here.
    """

    no: str
    title: str
    form: str
    tier: int
    state: str
    looks: Mapping[str, int]
    ways: Mapping[str, int]
    tiers: Sequence[Mapping[str, Any]]
    issues: Sequence[Entry]
    alerts: Sequence[Mapping[str, Any]] = ()
    devices: Sequence[str] = ()

    @property
    def written_off(self) -> int:
        """How many entries are written off."""
        return sum(each.state == IssueState.WRITTEN_OFF for each in self.issues)


def ledger(session: Session, no: str, reader: Actor | None = None) -> Ledger:
    """The ledger of a file; nothing that is sealed stands in it.

    Raises:
        Refused: `unknown_affair`, `mechanism_off`, `restricted`.
    """
    ref, file, parts = file_of(session, no, reader)
    looks = [p for p in parts if p["thing"] == Thing.LOOK.value]
    issues = [p for p in parts if p["thing"] == Thing.ISSUE.value]
    cases = _numbers(session, [p["other_case_id"] for p in issues if p["other_case_id"] is not None])
    done = [p for p in looks if p["state"] == LookState.DONE.value]
    return Ledger(
        ref.no,
        file["title"],
        file["form"],
        file["tier"],
        file["state"],
        dict(Counter(p["state"] for p in looks)),
        dict(Counter(p["role"] for p in (*done, *issues) if p["role"])),
        file["data"].get("tiers", []),
        [_entry(p, cases) for p in issues],
        [said for p in looks for said in p["data"].get("alerts", ())],
        devices_of(session, ref.no),
    )


def _entry(part: Mapping[str, Any], cases: Mapping[int, str]) -> Entry:
    case = cases.get(part["other_case_id"])
    refused = int(part["data"].get("refused", 0))
    return Entry(part["no"], part["title"], part["state"], part["unit_id"], part["role"], refused, part["added_at"], case)


def _numbers(session: Session, ids: Sequence[int]) -> Mapping[int, str]:
    found = connection_of(session).execute(select(_case.c.id, _case.c.no).where(_case.c.id.in_(ids))) if ids else ()
    return {row.id: row.no for row in found}


def issue_to_case(session: Session, no: str, part: int, actor: Actor, setting: Setting) -> str:
    """Have an issue go on as a case of the loop; the entry names it and stays open until who asked says that it is dealt with.

    Args:
        session: The unit of work; must be given up when this raises.
        no: Number of the file.
        part: Number of the issue.
        actor: Somebody of the unit whose file or whose issue it is.
        setting: The instant.

    Returns:
        The number of the case.

    Raises:
        Refused: `unknown_affair`, `mechanism_off`, `unknown_part`, `issue_has_case`, `not_yours`, `wrong_state`, and what intake says.
    """
    ref, file, parts = file_of(session, no)
    issue = next((p for p in parts if p["no"] == part and p["thing"] == Thing.ISSUE.value), None)
    if issue is None:
        raise Refused("unknown_part", part=part, affair=no)
    if issue["other_case_id"] is not None:
        raise Refused("issue_has_case")
    area = catalogue(session).units[file["area_unit_id"]].code
    report = Report(issue["title"], issue["title"], source="visit", area=area, place=file["place"], key=f"issue:{ref.no}:{part}")
    (done,) = submit(session, [report], setting, actor)
    one(make_moves(session, [Intent(ref.case_id, "make_case", actor, Thing.ISSUE, part, {"into": done.case_id})], setting))
    return done.no
