"""Opening a case for each report: numbers without gaps, the same submission twice one case, all of a batch or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from models import Case, begin_write, connection_of, table
from rules.facts import AUTOMATIC, SYSTEM, Actor, State
from rules.sensitive import Words, sensitive_kind
from rules.triage import urgency_of
from services.attachments import add_with_reports, told
from services.catalogue import Catalogue, catalogue
from services.intake.known import Submitted, answers, check_agreed, known_before, new_of
from services.intake.people import requester_key, requesters_of
from services.intake.report import SUBJECT_MAX, Report, check, check_due, without_vain_limit
from services.moves.act import Act
from services.moves.clockwork import follow_state
from services.moves.draft import Draft
from services.moves.intents import Setting
from services.moves.restricting import restrict_at_intake
from services.moves.snapshot import read_drafts
from services.moves.write import write_drafts

_case = table(Case)
_NEXT_NUMBERS = text(
    "INSERT INTO case_number (day, last) VALUES (:day, :n) ON CONFLICT (day) DO UPDATE SET last = case_number.last + :n RETURNING last"
)
_ONE_INTAKE = text("SELECT pg_advisory_xact_lock(hashtext('bihuan intake'))")
_INSERT_CASES: Final = insert(_case).returning(_case.c.id, sort_by_parameter_order=True)


@dataclass(frozen=True, slots=True)
class _Door:
    """What holds for all reports of one batch: the district, who hands in, when, and which state the cases begin in."""

    known: Catalogue
    actor: Actor
    setting: Setting
    state: State
    sensitive: tuple[Words, ...]

    @property
    def now(self) -> datetime:
        return self.setting.now

    def urgency(self, report: Report) -> str:
        """What is known of it, else what the words of urgency make of it; P2 where they say nothing."""
        return report.urgency or urgency_of(f"{report.subject}\n{report.body}", self.known.urgent_rules)[0] or "P2"

    def who(self, report: Report) -> Actor:
        """Who is named in the journal: somebody of ours, or the source alone."""
        return self.actor if not self.actor.system else Actor(name=report.source)


def submit(
    session: Session, reports: Sequence[Report], setting: Setting, actor: Actor = SYSTEM, *, state: State = State.SUBMITTED
) -> list[Submitted]:
    """Open a case for each report, in order; one that was handed in before, by key or upstream number, gives back its case.

    Args:
        session: The unit of work.
        reports: What was handed in; files that come along are kept already.
        setting: The instant.
        actor: Who handed it in, where that is somebody of ours.
        state: `noted` for a problem found on the spot that only a supervision order is about: the loop leaves it alone.

    Raises:
        Refused: `upstream_disagrees`, and as `services.intake.report.check` and `check_due`; nothing of the batch is then written.
    """
    alone(session)
    known = catalogue(session)
    words = tuple(Words(code, kind.words, kind.needs, kind.excludes) for code, kind in known.sensitive.items())
    door = _Door(known, actor, setting, state, words)
    for report in reports:
        check(report, door.known, actor, ours=state is State.BESIDE)
    earlier = known_before(session, reports)
    check_agreed(reports, earlier)
    new = [_in_time(report, door) for report in new_of(reports, earlier)]
    numbers = _numbers(session, len(new), door)
    requesters = requesters_of(session, new)
    rows = [_row(report, no, requesters, door) for report, no in zip(new, numbers, strict=True)]
    ids = list(connection_of(session).execute(_INSERT_CASES, rows).scalars()) if rows else []
    _open(session, dict(zip(ids, new, strict=True)), door)
    return answers(reports, earlier, [Submitted(i, no, known=False) for i, no in zip(ids, numbers, strict=True)])


def _in_time(report: Report, door: _Door) -> Report:
    """The report with a limit that can bind; an emergency comes in without it, anything else is refused."""
    if report.due_at is None and not report.due_note:
        return report
    if door.urgency(report) == "P0":
        return without_vain_limit(report, door.now)
    check_due(report, door.now)
    return report


def alone(session: Session) -> None:
    """One intake at a time: the same key handed in twice at the same instant is one case, and numbers come without gaps.

    Until the commit; may be asked for again. Whoever looks whether something is known before it submits asks first.
    """
    begin_write(session)
    if connection_of(session).dialect.name == "postgresql":
        session.execute(_ONE_INTAKE)


def _numbers(session: Session, count: int, door: _Door) -> list[str]:
    """The next numbers of the local day; taken in this commit, so that none is lost when it fails."""
    if not count:
        return []
    day = f"{door.now.astimezone(door.known.zone):%Y%m%d}"
    last = connection_of(session).execute(_NEXT_NUMBERS, {"day": day, "n": count}).scalar_one()
    return [f"BH-{day}-{n:04d}" for n in range(last - count + 1, last + 1)]


def _row(report: Report, no: str, requesters: Mapping[str, int], door: _Door) -> dict[str, Any]:
    known = door.known
    return {
        "no": no,
        "state": door.state.value,
        "source": report.source,
        "urgency": door.urgency(report),
        "subject": (" ".join(report.subject.strip().splitlines()) or report.body.strip().splitlines()[0])[:SUBJECT_MAX],
        "body": report.body,
        "area_unit_id": known.unit_ids[report.area] if report.area else known.district_id,
        "special_group": report.special_group,
        "outside_due_at": report.due_at,
        "outside_by": "upstream" if report.due_at else None,
        "outside_note": report.due_note if report.due_at else None,
        "submitted_at": door.now,
        "policy_version": known.policy_at(door.now),
        "idempotency_key": report.key,
        "visit_id": report.visit_id,
        "escalate_to_id": report.escalate_to,
        **_place(report),
        **_upstream(report),
        **_people(report, requesters, door.actor),
    }


def _place(report: Report) -> dict[str, Any]:
    """The address in words and the point, as WGS84 whatever it was given in."""
    where = report.where
    if where is None:
        return {"place": report.place, "lat": None, "lon": None, "accuracy_m": None, "datum": None}
    point = where.kept()
    return {"place": report.place, "lat": point.lat, "lon": point.lon, "accuracy_m": where.accuracy_m, "datum": where.datum.value}


def _upstream(report: Report) -> dict[str, Any]:
    system, no = report.ticket or (None, None)
    return {"upstream_system": system, "upstream_no": no, "upstream_reply_to": report.upstream_reply_to or None}


def _people(report: Report, requesters: Mapping[str, int], actor: Actor) -> dict[str, Any]:
    """Who reports, and who of ours wrote it down, where those are two."""
    return {
        "requester_id": requesters[requester_key(report.requester)] if report.requester else None,
        "contact_allowed": report.contact_allowed,
        "entered_by": actor.name if actor.user_id is not None else None,
    }


def _open(session: Session, cases: Mapping[int, Report], door: _Door) -> None:
    """Journal, files, first clock and readiness of the new cases, written like every other change."""
    drafts = read_drafts(session, cases)
    for case_id, draft in drafts.items():
        _begin(draft, cases[case_id], door)
    write_drafts(session, list(drafts.values()))
    by = {case_id: door.who(report).name for case_id, report in cases.items()}
    add_with_reports(session, {i: report.files for i, report in cases.items()}, door.now, door.known.zone, by)


def _begin(draft: Draft, report: Report, door: _Door) -> None:
    draft.case.update(version=1, attend_at=door.now if draft.state in AUTOMATIC else None)
    draft.run_id = door.setting.run_id
    data = _told(report, draft.case["urgency"])
    draft.enter(door.now, door.who(report), step="collect", thing="case", action="submit", after=draft.case["state"], data=data)
    found = sensitive_kind(f"{report.subject}\n{report.body}", door.sensitive)
    if found is not None:
        restrict_at_intake(draft, found[0], Act(door.who(report), {}, door.now))
    follow_state(draft, door.now)


def _told(report: Report, urgency: str) -> dict[str, Any]:
    """What the first journal entry says of a report: where it came from, what its limits depend on, the limit it brought along, its files.

    Nothing personal: no name, no phone, no address, no name of a file.
    """
    due = report.due_at.isoformat() if report.due_at else None
    about = {"source": report.source, "urgency": urgency, "area": report.area, "special_group": report.special_group}
    upstream = {"upstream": report.upstream_no or None, "visit": report.visit_id}
    files = told(range(1, len(report.files) + 1), report.files) or None
    given = {**about, **upstream, "due_at": due, "reason": report.due_note, "files": files}
    return {name: value for name, value in given.items() if value is not None}
