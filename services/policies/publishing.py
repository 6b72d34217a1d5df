"""Publishing a draft: by a second person, from a day on, with a word on what becomes of the cases that are open then."""

from datetime import date, datetime, time

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import SlaPolicy, SlaRow, begin_write, connection_of, table
from rules.facts import Refused
from services.catalogue import catalogue, known_codes, reference_changed
from services.policies.drafting import check_person
from services.policies.editing import editors
from services.policies.stored import Treatment, policy_file, version_of
from services.policy_files.values import PolicyRefused
from services.versions import DRAFT, PUBLISHED

_policy, _row = table(SlaPolicy), table(SlaRow)


def publish(
    session: Session,
    version: int,
    by: str,
    treatment: Treatment,
    effective_from: date | None,
    now: datetime,
    *,
    anyway: bool = False,
) -> datetime:
    """Publish a draft. From its moment on cases are stamped with it; open ones are treated as said (`applying.apply_due`).

    Args:
        session: The unit of work.
        version: The draft.
        by: User name of whoever publishes: nobody who drafted it or wrote into it.
        treatment: What becomes of open cases.
        effective_from: Local day from which it holds; today: at once; None: the draft's own day, or today if that is past.
        now: The instant.
        anyway: Also when another version has come into force since it was drafted, whose changes it would undo.

    Returns:
        The moment from which it holds.

    Raises:
        PolicyRefused: something that it names is gone since it was drafted.
        Refused: `unknown_policy`, `policy_not_a_draft`, `unknown_user`, `not_your_policy`, `second_person`, `effective_past`,
            `effective_before_other`, `draft_outdated`.
    """
    begin_write(session)
    actor = check_person(session, by)
    head = version_of(session, version)
    if head.state != DRAFT:
        raise Refused("policy_not_a_draft", version=version)
    if actor.name == head.drafted_by or actor.name in editors(session, version):
        raise Refused("second_person", user=by)
    known = catalogue(session)
    today = now.astimezone(known.zone).date()
    first = effective_from or max(head.effective_from, today)
    if first < today:
        raise Refused("effective_past", day=first)
    if found := policy_file(session, version).problems(known_codes(session)):
        raise PolicyRefused(f"v{version}", found)
    at = now if first == today else datetime.combine(first, time(), known.zone)
    newest = known.in_force[-1]
    if at <= newest.since:
        raise Refused("effective_before_other", version=newest.version, since=f"{newest.since.astimezone(known.zone):%Y-%m-%d %H:%M}")
    if head.base_version != newest.version and not anyway:
        raise Refused("draft_outdated", version=version, base=head.base_version, newest=newest.version)
    _put_in_force(session, version, actor.name, treatment, first, at, now)
    return at


def _put_in_force(session: Session, version: int, by: str, treatment: Treatment, first: date, at: datetime, now: datetime) -> None:
    """Publishing is deciding: numbers that differ from the version before are confirmed by who publishes them."""
    run = connection_of(session).execute
    values = {
        "state": PUBLISHED,
        "effective_from": first,
        "effective_at": at,
        "treatment": treatment.value,
        "apply_after": None if treatment is Treatment.KEEP else 0,
        "published_by": by,
        "published_at": now,
    }
    before = version_of(session, version).base_version
    run(update(_policy).where(_policy.c.version == version).values(values))
    if before is not None:
        old = {row.key: row for row in policy_file(session, before).rows}
        changed = [row.line for row in policy_file(session, version).rows if old.get(row.key) != row]
        run(update(_row).where(_row.c.version == version, _row.c.line.in_(changed)).values(confirmed_by=by))
    reference_changed(session)
