"""Objections of units to how they were counted, before the bulletin is published; who decides is of the centre, and why is on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from models import BulletinCase, Case, Objection, connection_of, table
from rules.facts import STAFF, Actor, Refused
from rules.indicators import Family
from services.alarms import alarm
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require
from services.moves import Row
from services.moves.proof import legible
from services.privacy.masking import masked
from services.ratings.samples import only_centre
from services.rhythm.alone import alone
from services.rhythm.bulletins import ASKED, OPEN
from services.rhythm.figures import AS_MET, CORRECTIONS, MECHANISM, row_of

_member, _objection, _case = table(BulletinCase), table(Objection), table(Case)
UPHELD, REJECTED = "upheld", "rejected"
REASON_MAX: Final = 500  #: characters
#: Families in which something can be counted as met.
_WITH_LIMITS: Final = frozenset({Family.ACKNOWLEDGE.value, Family.CONTACT.value, Family.HANDLE.value})


@dataclass(frozen=True, slots=True)
class Against:
    """What a unit objects to: a family, and a case in its list; `item` where the unit has several things of that case in it."""

    family: str
    case_no: str
    reason: str
    item: int | None = None


def ask(session: Session, month: str, against: Against, actor: Actor, now: datetime) -> int:
    """A unit objects to how one of its cases was counted; once each, within the window.

    Returns:
        The number of the objection.

    Raises:
        Refused: `mechanism_off`, `no_such_bulletin`, `bulletin_state`, `objections_over`, `not_in_the_list`, `which_item`,
            `objection_reason_missing`, `objected_already`, `text_too_long`, `text_unprintable`.
    """
    require(session, MECHANISM)
    alone(session)
    bulletin, known = row_of(session, month), catalogue(session)
    _within(bulletin, known, now)
    said = legible("reason", against.reason, REASON_MAX)
    if not said:
        raise Refused("objection_reason_missing")
    member = _own(session, bulletin, against, actor)
    run = connection_of(session).execute
    same = [_objection.c[name] == member[name] for name in ("bulletin_id", "family", "case_id", "item")]
    if run(select(_objection.c.no).where(*same)).first() is not None:
        raise Refused("objected_already", case=against.case_no)
    no = int(run(select(func.coalesce(func.max(_objection.c.no), 0)).where(_objection.c.bulletin_id == bulletin["id"])).scalar_one()) + 1
    about = {name: member[name] for name in ("bulletin_id", "family", "case_id", "item", "unit_id")}
    run(insert(_objection).values(about | {"no": no, "reason": said, "asked_at": now, "asked_by": actor.name, "state": ASKED}))
    name = f"{bulletin['month']}-{no}"
    alarm(session, "rhythm_appealed", now, key=f"objection:{name}", unit_id=member["unit_id"], no=name, reason=said)
    return no


def _within(bulletin: Row, known: Catalogue, now: datetime) -> None:
    if bulletin["state"] != OPEN:
        raise Refused("bulletin_state", month=bulletin["month"], state=bulletin["state"])
    if now > bulletin["objections_until"]:
        raise Refused("objections_over", end=f"{bulletin['objections_until'].astimezone(known.zone):%Y-%m-%d %H:%M}")


def _own(session: Session, bulletin: Row, against: Against, actor: Actor) -> Row:
    """The thing in the list, of the actor's own unit."""
    joined = _member.join(_case, _case.c.id == _member.c.case_id)
    of = (_member.c.bulletin_id == bulletin["id"], _member.c.family == against.family, _case.c.no == against.case_no.strip().upper())
    wanted = select(_member).select_from(joined).where(*of, _member.c.unit_id.in_(actor.body if actor.roles & STAFF else ()))
    found = [dict(row) for row in connection_of(session).execute(wanted.order_by(_member.c.item)).mappings()]
    if against.item is not None:
        found = [row for row in found if row["item"] == against.item]
    if not found:
        raise Refused("not_in_the_list", case=against.case_no, family=against.family)
    if len(found) > 1:
        raise Refused("which_item", items=", ".join(str(row["item"]) for row in found))
    return found[0]


def decide(session: Session, month: str, no: int, correction: str | None, answer: str, actor: Actor, now: datetime) -> Row:
    """Decide an objection: counted otherwise from now on, or not; what it was before stays on record.

    Args:
        session: The unit of work.
        month: Of the bulletin.
        no: Number of the objection.
        correction: `left_out` (it does not count at all) or `met` (it counts as done in time); None: the objection is rejected.
        answer: Why.
        actor: Of the district's centre, or its duty leader; never of the unit that objects, and not who drafted the bulletin.
        now: The instant, aware UTC.

    Raises:
        Refused: `mechanism_off`, `no_such_bulletin`, `no_such_objection`, `objection_decided`, `centre_only`, `decides_own_objection`,
            `decides_own_draft`, `unknown_correction`, `ruling_reason_missing`, `text_too_long`, `text_unprintable`.
    """
    require(session, MECHANISM)
    alone(session)
    bulletin, known, run = row_of(session, month), catalogue(session), connection_of(session).execute
    only_centre(known, actor)
    own = (_objection.c.bulletin_id == bulletin["id"], _objection.c.no == no)
    found = run(select(_objection).where(*own)).mappings().first()
    if found is None:
        raise Refused("no_such_objection", no=no)
    _may_decide(dict(found), bulletin, correction, actor)
    said = legible("answer", answer, REASON_MAX)
    if not said:
        raise Refused("ruling_reason_missing")
    values = {"state": UPHELD if correction else REJECTED, "correction": correction, "answer": said}
    run(update(_objection).where(*own).values(values | {"decided_at": now, "decided_by": actor.name}))
    if correction is not None:
        same = [_member.c[name] == found[name] for name in ("bulletin_id", "family", "case_id", "item")]
        run(update(_member).where(*same).values(corrected=correction))
    name = f"{bulletin['month']}-{no}"
    alarm(session, "rhythm_decided", now, key=f"objection:{name}", unit_id=found["unit_id"], no=name, reason=said)
    return dict(found) | values


def _may_decide(objection: Row, bulletin: Row, correction: str | None, actor: Actor) -> None:
    if objection["state"] != ASKED:
        raise Refused("objection_decided", no=objection["no"])
    if objection["unit_id"] in actor.body:
        raise Refused("decides_own_objection")
    if actor.name == bulletin["made_by"]:
        raise Refused("decides_own_draft")
    unfit = correction == AS_MET and objection["family"] not in _WITH_LIMITS
    if correction is not None and (correction not in CORRECTIONS or unfit):
        raise Refused("unknown_correction", given=correction, known=", ".join(CORRECTIONS))


def objections(session: Session, month: str) -> Sequence[Row]:
    """The objections to a bulletin in order, each with the number of its `case`; of sensitive cases the number only.

    Raises:
        Refused: `mechanism_off`, `no_such_bulletin`.
    """
    require(session, MECHANISM)
    bulletin = row_of(session, month)
    joined = _objection.join(_case, _case.c.id == _objection.c.case_id)
    columns = (*_objection.c, _case.c.no.label("case"), _case.c.sensitive)
    wanted = select(*columns).select_from(joined).where(_objection.c.bulletin_id == bulletin["id"]).order_by(_objection.c.no)
    rows = [dict(row) for row in connection_of(session).execute(wanted).mappings()]
    return [row | _shown(row) for row in rows]


def _shown(row: Row) -> dict[str, str | None]:
    """What was written, without numbers of people; nothing where the case is a sensitive one."""
    hidden = row["sensitive"] is not None
    return {name: None if hidden or row[name] is None else masked(row[name]) for name in ("reason", "answer")}
