"""What was handed in before: by its key, or by its number upstream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from models import Case, connection_of, table
from rules.facts import Refused
from services.intake.report import Report

Identity = tuple[str, ...]
_case = table(Case)
_KNOWN = select(_case.c.idempotency_key, _case.c.upstream_system, _case.c.upstream_no, _case.c.id, _case.c.no)
_OF_KEYS = _KNOWN.where(_case.c.idempotency_key.in_(bindparam("keys", expanding=True)))
_OF_NUMBERS = _KNOWN.where(_case.c.upstream_no.in_(bindparam("numbers", expanding=True)))


@dataclass(frozen=True, slots=True)
class Submitted:
    """The case a report became, or was already.

    Attributes:
        upstream: System and number of the ticket that a case known before has upstream.
    """

    case_id: int
    no: str
    known: bool
    upstream: tuple[str, str] | None = field(default=None, compare=False)


def known_before(session: Session, reports: Sequence[Report]) -> dict[Identity, Submitted]:
    """The cases that these reports, or some of them, became when they were handed in before."""
    wanted = {identity for report in reports for identity in report.identities()}
    run, found = connection_of(session).execute, dict[Identity, Submitted]()
    keys = sorted(identity[1] for identity in wanted if identity[0] == "key")
    if keys:
        found |= {("key", row.idempotency_key): _known(row) for row in run(_OF_KEYS, {"keys": keys})}
    numbers = sorted({identity[2] for identity in wanted if identity[0] == "upstream"})
    if numbers:
        found |= {("upstream", row.upstream_system, row.upstream_no): _known(row) for row in run(_OF_NUMBERS, {"numbers": numbers})}
    return found


def _known(row: Row[*tuple[Any, ...]]) -> Submitted:
    ticket = (row.upstream_system, row.upstream_no) if row.upstream_no else None
    return Submitted(row.id, row.no, known=True, upstream=ticket)


def check_agreed(reports: Sequence[Report], known: Mapping[Identity, Submitted]) -> None:
    """Refuse a report whose key says one case and whose number upstream another, be it of this batch or of one before.

    Raises:
        Refused: `upstream_disagrees`.
    """
    tickets = {identity: (case.no, case.upstream) for identity, case in known.items()}
    for no, report in enumerate(reports):
        own, ticket = list(report.identities()), report.ticket
        cases = {tickets[identity] for identity in own if identity in tickets} or {(f"#{no}", ticket)}
        (case, there), *others = cases
        if others or (ticket is not None and there != ticket):
            raise Refused("upstream_disagrees", given=report.upstream_no)
        tickets |= dict.fromkeys(own, (case, there))


def known_as(report: Report, known: Mapping[Identity, Submitted]) -> Submitted | None:
    """The case that a report is already; None for a new one."""
    return next((known[identity] for identity in report.identities() if identity in known), None)


def new_of(reports: Sequence[Report], known: Mapping[Identity, Submitted]) -> list[Report]:
    """Those that are new, the first of each that is handed in several times at once."""
    seen, new = set(known), list[Report]()
    for report in reports:
        own = set(report.identities())
        if not own & seen:
            new.append(report)
        seen |= own
    return new


def answers(reports: Sequence[Report], known: Mapping[Identity, Submitted], fresh: Sequence[Submitted]) -> list[Submitted]:
    """What each report became: the new cases in order, one that is known its case."""
    made, there, found = iter(fresh), dict(known), list[Submitted]()
    for report in reports:
        case = known_as(report, there)
        found.append(Submitted(case.case_id, case.no, known=True) if case is not None else next(made))
        for identity in report.identities():
            there.setdefault(identity, found[-1])
    return found
