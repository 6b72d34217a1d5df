"""How a supervision order is called: by its number once it is signed, before that by its case and the entry that opened it (BH-…#7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from models import Case, SupervisionOrder, connection_of, table
from rules.facts import OPEN_SUPERVISION, Refused

_case, _order = table(Case), table(SupervisionOrder)
_COLUMNS: Final = (_order.c.case_id, _order.c.seq, _order.c.number, _order.c.state, _case.c.no)
_NAMED: Final = (
    select(*_COLUMNS)
    .select_from(_order.join(_case, _case.c.id == _order.c.case_id))
    .where(or_(_order.c.number.in_(bindparam("names", expanding=True)), _case.c.no.in_(bindparam("cases", expanding=True))))
    .order_by(_order.c.case_id, _order.c.seq)
)
_OPEN: Final = frozenset(state.value for state in OPEN_SUPERVISION)


@dataclass(frozen=True, slots=True)
class Ref:
    """One supervision order: its home case, the journal entry there that opened it, and what it is called."""

    case_id: int
    seq: int
    label: str


def label_of(number: str | None, case_no: str, seq: int) -> str:
    """What people call a supervision order: its number, or before it has one the case's with the entry that opened it."""
    return number or f"{case_no}#{seq}"


def refs_of(session: Session, names: Sequence[str]) -> list[Ref | Refused]:
    """Find supervision orders by number, by case and entry (`BH-…#7`), or by a case that has one open order; one statement for all.

    Returns:
        For each name, in order, the order or why it is not found: `unknown_supervision`, `no_open_supervision`,
        `which_supervision_order`.
    """
    plain = [name.strip().upper() for name in names]
    asked = {"names": plain, "cases": sorted({name.partition("#")[0] for name in plain})}
    rows = list(connection_of(session).execute(_NAMED, asked)) if plain else []
    return [_among(rows, name) for name in plain]


def _among(rows: Sequence[Any], name: str) -> Ref | Refused:
    case, _, seq = name.partition("#")
    exact = [r for r in rows if r.number == name or (r.no == case and str(r.seq) == seq)]
    found = exact or [r for r in rows if r.no == name and r.state in _OPEN]
    if len(found) == 1:
        (row,) = found
        return Ref(row.case_id, row.seq, label_of(row.number, row.no, row.seq))
    if found:
        return Refused("which_supervision_order", orders=", ".join(label_of(r.number, r.no, r.seq) for r in found))
    return Refused("no_open_supervision" if name.startswith("BH-") and "#" not in name else "unknown_supervision", given=name)


def ref_of(session: Session, name: str) -> Ref:
    """Find one supervision order.

    Raises:
        Refused: as `refs_of` says.
    """
    (found,) = refs_of(session, [name])
    if isinstance(found, Refused):
        raise found
    return found
