"""① Collect: hand in reports. The same submission twice is one case; a number is never missing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.orm import Session

from models import Case, Requester, Sealed, begin_write, table
from rules.facts import AUTOMATIC, SYSTEM, Actor, Refused, State
from rules.triage import urgency_of
from services.catalogue import Catalogue, catalogue
from services.moves.clockwork import follow_state
from services.moves.effects import FURTHEST
from services.moves.intents import Setting
from services.moves.snapshot import read_drafts
from services.moves.write import write_drafts

_case, _requester = table(Case), table(Requester)
SUBJECT_MAX: Final = 200
LONGEST: Final = {"body": 20_000, "place": 120, "key": 120, "due_note": 120}  #: characters of a report's fields
_UNPRINTABLE: Final = re.compile("[\x00\ud800-\udfff]")  #: what no database keeps: NUL and lone surrogates
_NEXT_NUMBERS = text(
    "INSERT INTO case_number (day, last) VALUES (:day, :n) ON CONFLICT (day) DO UPDATE SET last = case_number.last + :n RETURNING last"
)
_ONE_INTAKE = text("SELECT pg_advisory_xact_lock(hashtext('bihuan intake'))")
_KNOWN_KEYS = select(_case.c.idempotency_key, _case.c.id, _case.c.no).where(_case.c.idempotency_key.in_(bindparam("keys", expanding=True)))
_KNOWN_REQUESTERS = select(_requester.c.key, _requester.c.id).where(_requester.c.key.in_(bindparam("keys", expanding=True)))
_INSERT_CASES = insert(_case).returning(_case.c.id, sort_by_parameter_order=True)
_INSERT_REQUESTERS = insert(_requester).returning(_requester.c.id, sort_by_parameter_order=True)


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody hands in.

    Attributes:
        subject: One line; the first words of the body when empty.
        body: In the reporter's own words.
        source: Code of a source (seeds/sources.toml).
        area: Code of the unit in whose area it lies; the district when not known.
        requester: By what the reporter is found again (phone, account); None for anonymous.
        name: The reporter's name, if given.
        phone: The reporter's phone, if given.
        key: Idempotency key: the same key twice is one case.
        special_group: Code of the special group of the people it is about, if any.
        due_at: Limit that whoever passed it on has set (12345 and the like), aware; binds where it is earlier than ours.
        due_note: What that limit rests on, e.g. the upstream ticket's number.
    """

    subject: str
    body: str
    source: str = "resident"
    area: str | None = None
    place: str = ""
    requester: str | None = None
    name: str | None = None
    phone: str | None = None
    key: str | None = None
    special_group: str | None = None
    due_at: datetime | None = None
    due_note: str | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The case a report became, or was already."""

    case_id: int
    no: str
    known: bool


def submit(
    session: Session, reports: Sequence[Report], setting: Setting, actor: Actor = SYSTEM, *, state: State = State.SUBMITTED
) -> list[Submitted]:
    """Open a case for each report, in order; one that was handed in before under the same key gives back its case.

    Args:
        session: The unit of work.
        reports: What was handed in.
        setting: The instant.
        actor: Who handed it in, where that is somebody of ours.
        state: `noted` for a problem found on the spot that only a supervision order is about: the loop leaves it alone.

    Raises:
        Refused: `empty_report`, `report_too_long`, `unprintable_report`, `unknown_source`, `unknown_area`, `unknown_group`,
            `deadline_past`, `deadline_too_far`, `due_missing`; nothing of the batch is then written.
    """
    _alone(session)
    known = catalogue(session)
    for report in reports:
        _check(report, known)
    earlier = _earlier(session, reports)
    new = _first_of_each_key([r for r in reports if r.key not in earlier])
    for report in new:
        _check_due(report, setting.now)
    numbers = _numbers(session, len(new), setting.now, known)
    requesters = _requesters(session, new)
    rows = [{**_row(r, no, requesters, known, setting.now), "state": state.value} for r, no in zip(new, numbers, strict=True)]
    ids = list(session.connection().execute(_INSERT_CASES, rows).scalars()) if rows else []
    _open(session, dict(zip(ids, new, strict=True)), setting, actor)
    return _answers(reports, earlier, [Submitted(i, no, known=False) for i, no in zip(ids, numbers, strict=True)])


def _alone(session: Session) -> None:
    """One intake at a time: the same key handed in twice at the same instant is one case, and numbers come without gaps."""
    begin_write(session)
    if session.connection().dialect.name == "postgresql":
        session.execute(_ONE_INTAKE)


def _answers(reports: Sequence[Report], earlier: dict[str | None, Submitted], fresh: Sequence[Submitted]) -> list[Submitted]:
    """What each report became: the new cases in order, a known key its case."""
    made, by_key, answers = iter(fresh), dict(earlier), []
    for report in reports:
        known = by_key.get(report.key) if report.key is not None else None
        answers.append(_again(known) if known is not None else next(made))
        by_key.setdefault(report.key, answers[-1])
    return answers


def _again(first: Submitted) -> Submitted:
    return Submitted(first.case_id, first.no, known=True)


def _check(report: Report, known: Catalogue) -> None:
    if not report.body.strip() and not report.subject.strip():
        raise Refused("empty_report")
    for name, most in LONGEST.items():
        if len(getattr(report, name) or "") > most:
            raise Refused("report_too_long", field=name, most=most)
    if _UNPRINTABLE.search("".join((report.subject, report.body, report.place, report.key or "", report.due_note or ""))):
        raise Refused("unprintable_report")
    if report.source not in known.sources:
        raise Refused("unknown_source", source=report.source)
    if report.area is not None and report.area not in known.areas:
        raise Refused("unknown_area", area=report.area)
    if report.special_group is not None and report.special_group not in known.groups:
        raise Refused("unknown_group", group=report.special_group)


def _check_due(report: Report, now: datetime) -> None:
    """The limit it brought along lies ahead; of a report that is known already nobody asks."""
    if report.due_note and report.due_at is None:
        raise Refused("due_missing")
    if report.due_at is not None and report.due_at <= now:
        raise Refused("deadline_past", given=report.due_at.isoformat())
    if report.due_at is not None and report.due_at > now + FURTHEST:
        raise Refused("deadline_too_far", given=report.due_at.isoformat())


def _earlier(session: Session, reports: Sequence[Report]) -> dict[str | None, Submitted]:
    keys = [r.key for r in reports if r.key is not None]
    if not keys:
        return {}
    rows = session.connection().execute(_KNOWN_KEYS, {"keys": keys})
    return {row.idempotency_key: Submitted(row.id, row.no, known=True) for row in rows}


def _first_of_each_key(reports: Sequence[Report]) -> list[Report]:
    seen: set[str] = set()
    first = []
    for report in reports:
        if report.key is None or report.key not in seen:
            first.append(report)
            seen.add(report.key or "")
    return first


def _numbers(session: Session, count: int, now: datetime, known: Catalogue) -> list[str]:
    """The next numbers of the local day; taken in this commit, so that none is lost when it fails."""
    if not count:
        return []
    day = f"{now.astimezone(known.zone):%Y%m%d}"
    last = session.connection().execute(_NEXT_NUMBERS, {"day": day, "n": count}).scalar_one()
    return [f"BH-{day}-{n:04d}" for n in range(last - count + 1, last + 1)]


def requester_key(who: str) -> str:
    """The keyed hash by which a reporter is found again; the plain value is not kept."""
    return Sealed.fingerprint(f"requester {dialled(who)}")


def dialled(phone: str) -> str:
    """A phone number in one form, however it was typed: no blanks or dashes, no country code; anything else as it is."""
    plain = re.sub(r"[\s\-()（）]", "", phone)
    return re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", plain) if re.fullmatch(r"\+?\d+", plain) else phone.strip()


def _requesters(session: Session, reports: Sequence[Report]) -> dict[str, int]:
    named = {requester_key(r.requester): r for r in reports if r.requester}
    if not named:
        return {}
    run = session.connection().execute
    found = {row.key: int(row.id) for row in run(_KNOWN_REQUESTERS, {"keys": list(named)})}
    missing = [{"key": key, "name": r.name, "phone": r.phone} for key, r in named.items() if key not in found]
    if missing:
        found.update(zip([m["key"] for m in missing if m["key"]], run(_INSERT_REQUESTERS, missing).scalars(), strict=True))
    return found


def _row(report: Report, no: str, requesters: dict[str, int], known: Catalogue, now: datetime) -> dict[str, Any]:
    urgency, _ = urgency_of(f"{report.subject}\n{report.body}", known.urgent_rules)
    return {
        "no": no,
        "source": report.source,
        "urgency": urgency or "P2",
        "subject": (report.subject.strip() or report.body.strip().splitlines()[0])[:SUBJECT_MAX],
        "body": report.body,
        "place": report.place,
        "area_unit_id": known.unit_ids[report.area] if report.area else known.district_id,
        "requester_id": requesters[requester_key(report.requester)] if report.requester else None,
        "special_group": report.special_group,
        "outside_due_at": report.due_at,
        "outside_by": "upstream" if report.due_at else None,
        "outside_note": report.due_note if report.due_at else None,
        "submitted_at": now,
        "policy_version": known.policy_at(now),
        "idempotency_key": report.key,
    }


def _open(session: Session, cases: dict[int, Report], setting: Setting, actor: Actor) -> None:
    """Journal, first clock and readiness of the new cases, written like every other change."""
    drafts = read_drafts(session, cases)
    for case_id, draft in drafts.items():
        draft.case.update(version=1, attend_at=setting.now if draft.state in AUTOMATIC else None)
        draft.run_id = setting.run_id
        who = actor if not actor.system else Actor(name=cases[case_id].source)
        draft.enter(
            setting.now,
            who,
            step="collect",
            thing="case",
            action="submit",
            after=draft.case["state"],
            data=_told(cases[case_id], draft.case["urgency"]),
        )
        follow_state(draft, setting.now)
    write_drafts(session, list(drafts.values()))


def _told(report: Report, urgency: str) -> dict[str, Any]:
    """What the first journal entry says of a report: where it came from, what its limits depend on, and the limit it brought along."""
    due = report.due_at.isoformat() if report.due_at else None
    about = {"source": report.source, "urgency": urgency, "area": report.area, "special_group": report.special_group}
    return {k: v for k, v in {**about, "due_at": due, "reason": report.due_note}.items() if v is not None}
