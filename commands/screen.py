"""How commands speak: tables for people, JSON for programs, instants in the district's local time."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final

from wording import language, say, sentences

if TYPE_CHECKING:
    from rich.console import Console

    from services.catalogue import Catalogue, Named

WIDTH_WITHOUT_TERMINAL: Final = 160
NOTHING: Final = "—"


def screen() -> "Console":
    """Where results are printed; without a terminal wide enough for a table."""
    from rich.console import Console

    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)


def errors() -> "Console":
    """Where complaints and progress are shown."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print for programs: UTF-8, keys as they are documented."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, on: "Console") -> None:
    """Print a table; with no rows nothing at all.

    Args:
        title: Heading.
        columns: Names under `[column]`.
        rows: Cells; None is shown as a dash.
        on: Where to.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    lines = [[Text(NOTHING if cell is None or cell == "" else str(cell)) for cell in row] for row in rows]
    if not lines:
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(say(f"column.{column}"), overflow="fold")
    for line in lines:
        table.add_row(*line)
    on.print(table)


def word(section: str, key: object) -> str:
    """A word of the locale, or the key itself where none is given (an action of a later release)."""
    return str(sentences(language()).get(section, {}).get(str(key), key))


def name_of(named: "Named | None") -> str | None:
    """A name in the language of this process."""
    return None if named is None else str(getattr(named, language()))


def unit_name(known: "Catalogue", unit_id: int | None, at: datetime | None = None) -> str | None:
    """The name of a unit, as it is or as it was at a moment; None for none."""
    from services.units.names import name_at

    if unit_id is None:
        return None
    return name_of(known.names.get(unit_id) if at is None else name_at(known, unit_id, at))


def local(moment: datetime | None, zone: tzinfo) -> str | None:
    """An instant in the district's local time."""
    return None if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def to_the_second(moment: datetime | None, zone: tzinfo) -> str | None:
    """An instant in the district's local time where minutes are too coarse: a channel may rest for seconds."""
    return None if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def lasting(spent: timedelta) -> str:
    """A stretch of time as people say it: 3d 4h, 2h 05m."""
    minutes = max(0, int(spent.total_seconds() // 60))
    days, rest = divmod(minutes, 24 * 60)
    key = "days" if days else "hours"
    return say(f"lasting.{key}", days=days, hours=rest // 60, minutes=f"{rest % 60:02d}")


def limit_word(limit: str) -> str:
    """A limit in words: `3wd` is 3 working days."""
    number = limit.rstrip("mhwd")
    return say(f"limit.{limit.removeprefix(number)}", n=number)


def joined(parts: Iterable[Any]) -> str:
    """Words in a row."""
    return ("、" if language() == "zh" else ", ").join(str(part) for part in parts if part)
