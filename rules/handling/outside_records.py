"""约谈、不良记录: what is put on record about an organisation outside, with its basis; it may object, and another person decides.

Source: domain of the seeds, row 31. Companies only: nothing is ever put on record about a resident here.
"""

from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import Actor, Args, Facts, State, Step, Thing, Who
from rules.handling.kinds import AffairKind, Timed, Whose
from rules.needs import REASON, Need, given
from rules.table import by, moves


class RecordState(StrEnum):
    """What is true of a record."""

    IN_FORCE = "in_force"  #: it counts until its last day
    OBJECTED = "objected"  #: the organisation objects; nobody has decided
    LIFTED = "lifted"  #: it counts no more, and stays readable


#: What is put on record: 约谈, 不良记录.
FORMS: Final = ("interview", "bad_record")


def _speaks_for(facts: Facts, actor: Actor, args: Args) -> bool:
    """Somebody of the organisation; for one that has no access here, whoever keeps the record writes it down."""
    affair = facts.affair
    if affair is None:
        return False
    unit = affair.data.get("unit")
    return unit in actor.body if unit is not None else affair.unit_id in actor.body and bool(args.get("on_behalf"))


def _another(facts: Facts, actor: Actor, _: Args) -> bool:
    """Whoever decides has neither made the record nor written down the objection, and does not work in the organisation."""
    affair = facts.affair
    if affair is None or affair.data.get("unit") in actor.body:
        return False
    return actor.name not in (affair.opened_by, affair.data.get("objected_by"))


_R = RecordState
_DECIDES = by(Who.CENTRE, Who.SIGNER, Who.OWNER)
_FORM: Final = Need("record_form_missing", lambda _f, _a, args: args.get("form") in FORMS)
_BASIS: Final = Need("record_basis_missing", given("organisation", "reason", "basis"))
_SPEAKS: Final = Need("not_your_record", _speaks_for)
_ONCE: Final = Need("record_objected_already", lambda f, _a, _x: f.affair is not None and "objected_by" not in f.affair.data)
_ANOTHER: Final = Need("decides_own_record", _another)

KIND: Final = AffairKind(
    Thing.RECORD,
    "JL",
    frozenset({_R.LIFTED}),
    (
        *moves(Thing.CASE, Step.HANDLE, [
            ("record_outside", State.BESIDE, State.BESIDE, by(Who.STAFF), _FORM, _BASIS),
        ]),
        *moves(Thing.RECORD, Step.HANDLE, [
            ("object_record",  _R.IN_FORCE, _R.OBJECTED, by(Who.STAFF), _SPEAKS, REASON, _ONCE),
            ("uphold_objection", _R.OBJECTED, _R.LIFTED, _DECIDES, _ANOTHER, REASON),
            ("reject_objection", _R.OBJECTED, _R.IN_FORCE, _DECIDES, _ANOTHER, REASON),
            ("lift_record",    _R.IN_FORCE, _R.LIFTED,   by(Who.OWNER), REASON),
        ]),
    ),
    opened_by=frozenset({"record_outside"}),
    clocks={_R.OBJECTED: Timed(ClockKind.SOLVE, Whose.DESK)},
)  # fmt: skip
