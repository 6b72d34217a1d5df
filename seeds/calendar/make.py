"""Write cn.csv anew from the `holidays` package (a development dependency), when a year's holiday notice has come out.

Run `python -m seeds.calendar.make` after setting `published_until` in cn.toml; tests/house/test_seeds.py then compares every published
day with a second, independent package.
"""

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import holidays  # deptry: ignore[DEP004]

import seeds

HERE = Path(__file__).parent
COLUMNS = ("date", "working", "name", "source", "provisional")
NOTICE = "国务院办公厅节假日安排通知"
STATUTE = "全国年节及纪念日放假办法"


def _make_up_name(day: date, known: holidays.HolidayBase) -> str:
    """Say which rest day a make-up working day pays for, where the package names it."""
    paid = sorted(rest for rest, name in known.items() if re.search(rf"\b{day.isoformat()}\b", name))
    return f"调休上班（补 {paid[0].isoformat()}）" if paid else "调休上班"


def exceptions(first: date, last: date, published_until: date) -> Iterator[dict[str, str]]:
    """Tell the days that differ from Monday to Friday, from first to last day inclusive.

    Days after `published_until` are marked provisional: they follow from the statute alone, and 调休 is unknown.
    """
    known = holidays.country_holidays("CN", years=range(first.year, last.year + 1), language="zh_CN")
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        working = known.is_working_day(day)
        if working == (day.weekday() < 5):
            continue
        yield {
            "date": day.isoformat(),
            "working": str(int(working)),
            "name": _make_up_name(day, known) if working else known[day],
            "source": NOTICE if day <= published_until else STATUTE,
            "provisional": str(int(day > published_until)),
        }


def main() -> None:
    """Rewrite cn.csv for the span that cn.toml names."""
    span = seeds.read("calendar/cn.toml")
    with (HERE / "cn.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(exceptions(span["first"], span["last"], span["published_until"]))


if __name__ == "__main__":
    main()
