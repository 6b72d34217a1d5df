"""认领: how an order comes into the pool, and its lines."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from rules.facts import Actor, Refused, Thing
from rules.handling.claims import ADOPT, PoolState, WantState
from services.moves.act import Act
from services.moves.affairs.base import add_part, open_affair, remark, when
from services.moves.draft import Draft, Row
from services.moves.proof import legible

#: How long paired units have an order to themselves.
HEAD_START: Final = timedelta(hours=24)
#: An adopter that leaves goes on for so long, so that somebody else can be found.
NOTICE: Final = "720h"
_MEASURE_MAX: Final = 20
_SKILL_MAX: Final = 20
_LIMITS: Final = ("claim", "deliver", "look")


def post(draft: Draft, act: Act) -> None:
    """Post an order: `title`, `lines` (title, quantity, measure, skill), where given `form`, `asker`, `paired`, `until`, limits."""
    resident = act.actor.resident_id
    _check_known(draft, act)
    adopting = act.text("form") == ADOPT
    limits = {name: act.text(name) for name in _LIMITS if act.text(name)} | ({"deliver": NOTICE} if adopting else {})
    paired = [int(i) for i in cast(tuple[int, ...], act.args.get("paired") or ())]
    until = when(act, "until")
    if until is not None and until <= act.now:
        raise Refused("pool_until_past", given=act.text("until"))
    pool = open_affair(
        draft,
        act,
        Thing.POOL,
        PoolState.ASKED if resident is not None else PoolState.OPEN,
        form=ADOPT if adopting else act.text("form")[:20],
        unit_id=_owner(draft, act.actor),
        asker_id=resident if resident is not None else cast("int | None", act.args.get("asker")),
        until=until,
        limits=limits | ({"claim": until.isoformat()} if until is not None else {}),
        data={"paired": paired, **head_start(() if resident is not None else paired, act.now)},
        **{name: act.text(name) for name in ("title", "body", "place")},
    )
    add_wants(draft, act, pool)
    remark(draft, act, pool, "affair_opened")


def head_start(paired: Sequence[int], now: datetime) -> dict[str, str | None]:
    """Until when an order that is passed on now is for the paired units alone; None: it is for everybody at once."""
    return {"first_until": (now + HEAD_START).isoformat() if paired else None}


def _check_known(draft: Draft, act: Act) -> None:
    """See to it that units and the resident are given as the numbers of what there is.

    Raises:
        Refused: `unknown_unit`, `unit_retired`, `unknown_resident`.
    """
    for unit_id in cast(tuple[int, ...], act.args.get("paired") or ()):
        draft.catalogue.check_present(unit_id)
    asker = act.args.get("asker")
    if asker is not None and (not isinstance(asker, int) or isinstance(asker, bool)):
        raise Refused("unknown_resident")


def _owner(draft: Draft, actor: Actor) -> int:
    """Whose order it is: the unit that posts it; of a grid, and of a resident, the community over it."""
    known = draft.catalogue
    if actor.unit_id is not None and known.units[actor.unit_id].kind != "GRID":
        return actor.unit_id
    line = actor.unit_line or draft.area_line
    return next((u for u in line if known.units[u].kind == "COMMUNITY"), line[-1])


def add_wants(draft: Draft, act: Act, pool: Row) -> None:
    """A line for each thing that is wanted."""
    rows = [_want_of(line) for line in cast(tuple[Mapping[str, Any], ...], act.args["lines"])]
    for row in rows:
        add_part(draft, act, pool["seq"], Thing.WANT, WantState.WANTED, done=0, **row)
    recount(draft, pool)
    wants = draft.parts_of(pool["seq"], Thing.WANT)
    pool["data"] = {**pool["data"], "skills": sorted({w["data"]["skill"] for w in wants} - {""})}


def recount(draft: Draft, pool: Row) -> None:
    """How much an order wants in all: the sum of its lines, where they are counted in the same measure."""
    wants = draft.parts_of(pool["seq"], Thing.WANT)
    same = {w["measure"] for w in wants}
    pool["quantity"] = sum(w["quantity"] for w in wants) if len(same) == 1 else None
    pool["measure"] = same.pop() if len(same) == 1 else ""


def _want_of(line: Mapping[str, Any]) -> Row:
    return {
        "title": legible("title", str(line["title"]), 120),
        "quantity": int(line["quantity"]),
        "measure": legible("measure", str(line.get("measure") or ""), _MEASURE_MAX),
        "data": {"skill": legible("skill", str(line.get("skill") or ""), _SKILL_MAX)},
    }
