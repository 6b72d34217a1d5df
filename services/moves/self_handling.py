"""Self-handling (自处理): whoever is on the spot puts it right, and the case goes straight to feeding back.

A third of what inspectors find is put right at once (湛江 2023-02: 6,980 of 20,580); it counts as handled by their unit, in a work order
that is done when it begins, so that who did what can be asked of every case in the same way.
"""

from collections.abc import Mapping
from typing import Final

from rules.facts import OrderState, Refused, Thing
from services.moves.act import Act, Effect
from services.moves.draft import Draft
from services.moves.filing import file_as
from services.moves.proof import legible

MOST: Final = 2_000_000_000  #: of anything that is counted
MEASURE_MAX: Final = 10  #: characters of what it is counted in


def _self_handle(draft: Draft, act: Act) -> None:
    """File the case where nobody has yet, and put on record what the actor's unit has done.

    Raises:
        Refused: `unit_cannot_handle`, `unknown_category`, `unknown_urgency`, `quantity_wrong`, `text_too_long`.
    """
    unit = act.actor.unit_id
    if unit is None or unit == draft.catalogue.district_id:
        raise Refused("unit_cannot_handle", unit=unit)  # everybody is below the district, so nobody could look at its work
    if draft.case["category"] is None:
        file_as(draft, act)
    result = _counted(act)
    draft.case.update(level=None, holder_unit_id=None, result=result)
    done = {"unit_id": unit, "lead": True, "state": OrderState.DONE.value, "result": result}
    draft.add_order({**done, "sent_at": act.now, "acknowledged_at": act.now, "finished_at": act.now})


def _counted(act: Act) -> str:
    """What was done, with how much of it where that was counted; the journal has the number by itself."""
    quantity, measure = act.args.get("quantity"), legible("measure", act.text("measure"), MEASURE_MAX)
    if quantity is None:
        return act.text("result")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= MOST:
        raise Refused("quantity_wrong", given=quantity)
    return f"{act.text('result')}（{quantity}{measure}）"


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {(Thing.CASE, "self_handle"): _self_handle}
#: The reporters hear of it as of every result, when it is fed back.
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {}
