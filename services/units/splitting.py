"""How a unit is split: a table that says which categories, areas and people go to which part."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rules.facts import Refused
from services.catalogue import Catalogue
from services.moves import Draft
from services.tables import Table

REQUIRED: Final = ("unit",)
COLUMNS: Final = ("category", "area", "user")  #: what a row may name
ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Part:
    """A unit that a split makes."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Share:
    """One row: what goes to which part. The first row that fits a case decides; what no row names stays.

    Attributes:
        category: Code of a category; None: any.
        area: Code of a unit in whose area the case lies, or of a unit below the one that is split: that goes along; None: anywhere.
        user: User name of a person who goes along; then the row names nothing else.
        unit: Code of the part, or of the unit itself.
    """

    category: str | None
    area: str | None
    user: str | None
    unit: str

    def plain(self) -> dict[str, str | None]:
        """As it is kept."""
        return asdict(self)


def read_shares(rows: Table, known: Catalogue, unit_id: int, parts: Collection[str]) -> list[Share]:
    """Read the table of a split.

    Args:
        rows: The table: `unit`, and any of `category`, `area`, `user`.
        known: The reference data.
        unit_id: The unit that is split.
        parts: Codes of the parts that it makes.

    Raises:
        Refused: `split_row_wrong`, with line, column and what stands there; `split_part_empty`, nothing to do, or nobody to do it.
    """
    if rows.rejects:
        raise Refused("split_row_wrong", line=rows.rejects[0].line, field="*", given=rows.rejects[0].raw)
    shares = []
    for row in rows.rows:
        given = {name: row.values.get(name, "").strip() for name in (*COLUMNS, *REQUIRED)}
        wrong = next(_wrong(given, known, unit_id, parts), None)
        if wrong is not None:
            raise Refused("split_row_wrong", line=row.line, field=wrong, given=given[wrong] or "—")
        category, area, user = (None if given[name] in ("", ANY) else given[name] for name in COLUMNS)
        shares.append(Share(category, area, user, given["unit"]))
    for code in parts:
        own = [share for share in shares if share.unit == code]
        if all(share.user is None for share in own) or all(share.user is not None for share in own):
            raise Refused("split_part_empty", unit=code)
    return shares


def _wrong(given: Mapping[str, str], known: Catalogue, unit_id: int, parts: Collection[str]) -> Iterator[str]:
    """Columns in which something stands that cannot be used, the first first."""
    unit, category, area, user = (given[name] for name in ("unit", "category", "area", "user"))
    if unit not in parts and unit != known.units[unit_id].code:
        yield "unit"
    if category not in ("", ANY) and category not in known.categories:
        yield "category"
    if area not in ("", ANY) and area not in known.unit_ids:
        yield "area"
    if user and (user not in {p.name for p in known.by_unit.get(unit_id, ())} or category or area):
        yield "user"
    if not (user or category or area):
        yield "category"


def heir_by(shares: Sequence[Mapping[str, Any]], ids: Mapping[str, int], own: int) -> Callable[[Draft], int | None]:
    """Which part goes on with a case: the first row that names its category and a unit on its line; None: it stays.

    Args:
        shares: The rows, as they are kept.
        ids: Ids of the parts by code.
        own: The unit that is split.
    """
    about = [share for share in shares if share["user"] is None]

    def heir(draft: Draft) -> int | None:
        codes = {draft.catalogue.units[i].code for i in draft.area_line}
        for share in about:
            if share["category"] in (None, draft.case["category"]) and (share["area"] is None or share["area"] in codes):
                found = ids.get(share["unit"], own)
                return None if found == own else found
        return None

    return heir
