"""What people in the field find: put right at once (自处理) in one go with its report, and what they could put right around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, WorkOrder, connection_of, table
from rules.facts import SYSTEM, Actor, State
from services.attachments import Belongs, Kept, attach
from services.catalogue import catalogue
from services.choices import drafted
from services.handed_in import looked_up
from services.intake import Report, Submitted, submit
from services.moves import Intent, Setting, make_moves, one
from services.privacy.masking import masked
from services.visibility import places_of, units_of, visible_cases

SOURCE: Final = "grid_worker"
_case, _order = table(Case), table(WorkOrder)
_OPEN: Final = tuple(state.value for state in (State.ACCEPTED, State.FILED, State.REPORTING))  #: in which somebody near may put it right
_SHOWN: Final = ("no", "state", "urgency", "subject", "place", "category", "area_unit_id", "submitted_at")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done on the spot.

    Attributes:
        category: Code of the category.
        result: What was done, as residents read it.
        quantity: How much of it.
        measure: In what it is counted: 处, 袋, 米.
        before, after: Photos, kept already.
    """

    category: str
    result: str
    quantity: int | None = None
    measure: str = ""
    before: tuple[Kept, ...] = field(default=(), repr=False)
    after: tuple[Kept, ...] = field(default=(), repr=False)

    def typed(self) -> dict[str, Any]:
        """As it is handed in with the move; what was left out is left out."""
        given = {"category": self.category, "result": self.result, "quantity": self.quantity, "measure": self.measure}
        return {name: value for name, value in given.items() if value not in (None, "")}


def put_right(session: Session, found: Report, done: Done, actor: Actor, setting: Setting) -> Submitted:
    """Report something and put on record that it was put right at once: one case, handled by the unit of whoever did it.

    It is accepted as the engine would accept it on its next turn. With a key the same thing handed in again gives back its case.

    Args:
        session: The unit of work; photos lie on disk already.
        found: What was found; its source is that of people in the field.
        done: What was done.
        actor: Who found it and did it.
        setting: The instant.

    Raises:
        Refused: as `services.intake.submit`, `services.attachments.attach` and the move `self_handle` say; nothing is then written.
    """
    (case,) = submit(session, [replace(found, source=SOURCE)], setting, actor)
    if case.known:
        return case
    for stage, pieces in (("before", done.before), ("after", done.after)):
        if pieces:
            attach(session, case.case_id, pieces, Belongs(stage), actor, setting)
    one(make_moves(session, [Intent(case.case_id, "accept", SYSTEM)], setting))
    args = looked_up(session, "self_handle", done.typed(), drafted(session, case.case_id))
    one(make_moves(session, [Intent(case.case_id, "self_handle", actor, args=args)], setting))
    return case


def around(session: Session, viewer: Actor, most: int = 10) -> list[Row]:
    """Open cases in the viewer's own places that nobody works on yet, so that whoever is on the spot may put them right; newest first.

    Args:
        session: The unit of work; nothing is changed.
        viewer: Somebody of the staff of a place; others find nothing.
        most: How many.
    """
    return _in_places(session, viewer, [_case.c.state.in_(_OPEN)], most)


def to_check(session: Session, viewer: Actor, most: int = 10) -> list[Row]:
    """Handled cases in the viewer's own places at which his or her unit had no part: whoever is on the spot may look; newest first.

    Args:
        session: The unit of work; nothing is changed.
        viewer: Somebody of the staff of a place; others find nothing.
        most: How many.
    """
    own = select(_order.c.case_id).where(_order.c.unit_id.in_(sorted(units_of(viewer, catalogue(session)))))
    return _in_places(session, viewer, [_case.c.state == State.HANDLED.value, _case.c.id.not_in(own)], most)


def _in_places(session: Session, viewer: Actor, conditions: Sequence[Any], most: int) -> list[Row]:
    places = places_of(viewer, catalogue(session))
    wanted = (*conditions, _case.c.sensitive.is_(None), _case.c.area_unit_id.in_(sorted(places)))
    return _read(session, viewer, wanted, most) if places else []


def reported_by(session: Session, viewer: Actor, most: int = 10) -> list[Row]:
    """What the viewer has written down, newest first, and how it stands.

    Args:
        session: The unit of work; nothing is changed.
        viewer: Somebody of the staff.
        most: How many.
    """
    return _read(session, viewer, (_case.c.entered_by == viewer.name, _case.c.state != State.BESIDE.value), most)


def _read(session: Session, viewer: Actor, conditions: Sequence[Any], most: int) -> list[Row]:
    wanted = select(*(_case.c[name] for name in _SHOWN)).where(*conditions, visible_cases(session, viewer))
    rows = connection_of(session).execute(wanted.order_by(_case.c.id.desc()).limit(most)).mappings()
    return [dict(row) | {"subject": masked(row["subject"]), "place": masked(row["place"])} for row in rows]
