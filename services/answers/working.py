"""Working on one order by its link: which moves whoever said who he is may make there, and making them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from models import begin_write
from rules.facts import Actor, Refused, Thing
from services.answers.opening import Matter
from services.attachments import Belongs, Kept, attach
from services.choices import Choice, choices, drafted
from services.moves import Conflict, Draft, Intent, Moved, Setting, make_moves, one, read_drafts
from services.moves.about import looked_up

#: What can be done by a link; everything else is done in the console.
BY_LINK: Final = ("acknowledge", "contact", "try_contact", "ask_return", "ask_extension", "finish")


@dataclass(frozen=True, slots=True)
class Work:
    """The work order behind a link, as one person stands to it.

    Attributes:
        draft: The case as it stands; its version guards what is sent in.
        actor: Who would act.
        order_no: The work order.
        choices: What this person could do by the link, by action.
        missing: Stages of the photos that finishing still asks for.
    """

    draft: Draft
    actor: Actor
    order_no: int
    choices: Mapping[str, Choice]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One move that was sent in.

    Attributes:
        version: Of the case, as the person saw it.
        args: What the move needs.
        photos: Kept files by stage (`before`, `after`): put with the work order in the same commit.
    """

    action: str
    version: int
    args: Mapping[str, object] = field(default_factory=dict)
    photos: Mapping[str, Sequence[Kept]] = field(default_factory=dict)


def work_of(session: Session, matter: Matter, actor: Actor, now: datetime) -> Work | None:
    """The work order of this matter on which somebody could act by the link; None: there is none for him. Changes nothing."""
    draft = drafted(session, matter.case_id)
    found = [each for each in choices(draft, actor, now) if each.thing is Thing.ORDER and each.action in BY_LINK]
    numbers = {each.no for each in found if each.no is not None}
    if not numbers:
        return None
    order_no = matter.order_no if matter.order_no in numbers else max(numbers)
    own = {each.action: each for each in found if each.no == order_no}
    return Work(draft, actor, order_no, own, _missing(draft, actor, order_no, now))


def _missing(draft: Draft, actor: Actor, order_no: int, now: datetime) -> tuple[str, ...]:
    """Stages of photos that the category asks of whoever leads and that are not there."""
    intent = Intent(draft.case["id"], "finish", actor, Thing.ORDER, order_no)
    facts = looked_up(draft, draft.facts(order_no), intent, now)
    if not draft.orders[order_no]["lead"]:
        return ()
    return tuple(sorted(facts.wanted_photos - (facts.photos or frozenset()), reverse=True))


def do(session: Session, matter: Matter, actor: Actor, task: Task, now: datetime) -> Moved:
    """Make one move by the link, as this person, through the one door; photos come along in the same commit.

    Args:
        session: The unit of work; committed by the caller, or given up when this raises.
        matter: What the link opened.
        actor: Who acts, and has shown who he is.
        task: What he sent in.
        now: The instant, aware UTC.

    Raises:
        Refused: `link_not_yours`, `link_not_here`, `link_photo_missing`; what the table of moves and `services.attachments.attach` say.
        Conflict: the case has changed since he looked.
    """
    begin_write(session)
    work = work_of(session, matter, actor, now)
    if work is None:
        raise Refused("link_not_yours")
    if task.action not in work.choices:
        raise Refused("link_not_here")
    version = read_drafts(session, [matter.case_id])[matter.case_id].case["version"]
    if version != task.version:
        raise Conflict(matter.case_id, version)
    if task.action == "finish" and set(work.missing) - task.photos.keys():
        raise Refused("link_photo_missing")
    setting = Setting(now)
    for stage, pieces in task.photos.items():
        attach(session, matter.case_id, pieces, Belongs(stage, work.order_no), actor, setting)
    intent = Intent(matter.case_id, task.action, actor, Thing.ORDER, work.order_no, task.args)
    return one(make_moves(session, [intent], setting))
