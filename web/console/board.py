"""今日调度: what to ask about today, and charts of the last days, of one person's area; rates with counts, grouped, never ranked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from rules.facts import Refused
from rules.indicators import Figure
from services import board, board_places
from services.listing import Light
from services.moves import Row
from services.rhythm.figures import CLASS
from services.rhythm.lines import BLOCKED
from services.rhythm.paper import names_of, percent
from web.access.visitor import Signed
from web.charts import STEPS, Bar, Chart, Data, Dot, Group, Tile, bars, days, dots, tiles
from web.console.nav import leads, staff
from web.console.page import page
from web.site import Here, Lang, Now
from web.spoken import day_time, how_long, today
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
ON_TIME, RESOLVED, CONTENT = "on_time_rate", "resolution_rate", "satisfaction_rate"
_HOUR: Final = 3600
#: What each span is called, and what is counted in it.
_SPANS: Final[Mapping[str, tuple[str, str, str]]] = {
    board.TODAY: ("今天", "今天新收", "今天结案"),
    board.WEEK: ("本周", "本周新收", "本周结案"),
    board.MONTH: ("本月", "本月新收", "本月结案"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """In which words, and when."""

    words: Words
    now: datetime

    def tell(self, text: str, **values: object) -> str:
        """A sentence of the page."""
        return translated(text, self.words.lang, **values)


@router.get("/board")
def daily(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The board of the area that the person works for."""
    if not leads(who.actor):
        raise Refused("board_for_leads")
    said, asked = Said(Words(who.known, lang), now), request.query_params.get("span", "")
    span = asked if asked in board.SPANS else board.TODAY
    with site.database.unit_of_work() as session:
        area = board.area_of(session, who.actor)
        values = _values(session, area, span, said)
    spans = [(code, said.tell(names[0])) for code, names in _SPANS.items()]
    named: dict[str, Any] = {"span": span, "spans": spans, "names": [said.tell(name) for name in _SPANS[span]], "least": board.LEAST}
    named["has_list"] = staff(who.actor)  # the list of the day is for staff
    return page(request, who, "board.html", "board", updated=today(now, who.known.zone, lang), **named, **values)


def _values(session: Session, area: frozenset[int], span: str, said: Said) -> dict[str, Any]:
    parts, by_day = board.today(session, area, said.now, span), board.by_day(session, area, said.now, span)
    cases, found = board.open_cases(session, area, said.now), board.figures(session, area, (ON_TIME, RESOLVED, CONTENT), said.now)
    lights, since = Counter(light for _, light in cases), board.bounds(span, by_day[-1].day)[0]
    spanned = [day for day in by_day if day.day >= since]
    kinds = names_of(session, said.words.lang)
    steps = board.durations(session, area, said.now)
    return {
        "parts": [(part.name, part.cases, [_line(line, part.name, said) for line in part.lines]) for part in parts],
        "received": sum(day.received for day in spanned),
        "ended": sum(day.ended for day in spanned),
        "whole": {code: _told(found[board.ALL, ""][code]) for code in (ON_TIME, RESOLVED, CONTENT)},
        "lights": [(light.value, said.words.word("light", light), lights[light]) for light in Light],
        "open": sum(lights.values()),
        "load": _load(by_day, said),
        "steps": _steps(steps, said) if steps else None,
        "units": _rates(list(_by_class(found, kinds, said)), said.tell("近30天各单位按期办结，按类别分组，不排名"), said),
        "categories": _rates(list(_by_category(found, said)), said.tell("近30天各类别按期办结"), said),
        "answers": _answers(found, said),
        **_heat(board_places.streets(said.words.known, area, cases), said),
    }


def _heat(streets: Sequence[board_places.Street], said: Said) -> dict[str, Any]:
    """Where cases pile up: the tiles, their shades, and the sums of the streets."""

    def name(unit: int) -> str:
        return said.words.unit(unit)[1] or ""

    groups = [Group(name(street.unit_id), [Tile(_short(name(part.unit_id)), part.hot) for part in street.parts]) for street in streets]
    rows = [(name(part.unit_id), name(street.unit_id), str(part.hot), str(part.open)) for street in streets for part in street.parts]
    heads = (said.tell("社区"), said.tell("街道"), said.tell("临期与超期"), said.tell("在办"))
    worst = max(((part.hot, name(part.unit_id)) for street in streets for part in street.parts), default=(0, ""))
    sentence = said.tell("没有社区有临期或超期的案件")
    if worst[0]:
        sentence = said.tell("临期与超期最多的是%(name)s，%(n)d件", name=worst[1], n=worst[0])
    ranges = [*(str(a) if b == a + 1 else f"{a}–{b - 1}" for a, b in pairwise(STEPS)), said.tell("%(n)d以上", n=STEPS[-1])]
    sums = [(name(street.unit_id), street.hot) for street in streets]
    return {"heat": tiles(groups, sentence, Data(heads, rows)) if streets else None, "shades": list(enumerate(ranges)), "streets": sums}


def _short(name: str) -> str:
    """A name as a tile has room for it."""
    return name.removesuffix("社区").removesuffix(" Community")


def _line(line: Row, part: str, said: Said) -> dict[str, Any]:
    due = line["due_at"]
    section = "blocked" if part == BLOCKED else "clock"
    over = int((said.now - due).total_seconds()) if due is not None else 0
    return {
        "no": line["case"],
        "subject": line["subject"],
        "unit": said.words.unit(line["unit_id"])[1] or "",
        "why": said.words.word(section, line["why"]),
        "others": line["others"],
        "due": day_time(due, said.now, said.words.known.zone, said.words.lang) if due is not None else "—",
        "over": how_long(over, said.words.lang) if over > 0 else "",
    }


def _told(figure: Figure) -> dict[str, Any]:
    """A rate with its counts; of too few cases only the counts."""
    return {"rate": "" if figure.small else percent(figure.rate), "of": f"{figure.hits}/{figure.n}", "n": figure.n}


def _load(by_day: Sequence[board.Day], said: Said) -> Chart:
    weekdays = said.tell("周一 周二 周三 周四 周五 周六 周日").split()
    names = [(f"{each.day:%m-%d}", weekdays[each.day.weekday()]) for each in by_day]
    heads = (said.tell("日期"), said.tell("新收"), said.tell("结案"))
    data = Data(heads, [(f"{each.day:%m-%d}", str(each.received), str(each.ended)) for each in by_day])
    came, ended = [each.received for each in by_day], [each.ended for each in by_day]
    sentence = said.tell("近%(days)d天新收%(came)d件，结案%(ended)d件", days=len(by_day), came=sum(came), ended=sum(ended))
    return days(names, came, ended, sentence, data)


def _steps(found: Sequence[board.Duration], said: Said) -> Chart:
    rows = []
    for each in found:
        middle, high = each.median / _HOUR, each.high / _HOUR
        rows.append(Bar(said.words.word("step", each.step), middle, high, f"{middle:.1f} / {high:.1f} · {each.cases}"))
    heads = (said.tell("步骤"), said.tell("中位数（小时）"), said.tell("九成以内（小时）"), said.tell("件数"))
    table = [(row.name, f"{row.middle:.1f}", f"{row.high:.1f}", str(each.cases)) for row, each in zip(rows, found, strict=True)]
    longest = max(rows, key=lambda row: row.middle)
    sentence = said.tell("各步骤用时，中位数最长的是%(step)s，%(hours)s小时", step=longest.name, hours=f"{longest.middle:.1f}")
    return bars(rows, said.tell("时"), sentence, Data(heads, table))


def _by_class(found: board.Figures, kinds: Mapping[tuple[str, str], str], said: Said) -> Iterator[Dot]:
    """Units below their class, both by code: the order says nothing about how they do."""
    known = said.words.known
    units = sorted((known.units[int(key)].kind, known.units[int(key)].code, int(key)) for by, key in found if by == board.UNIT)
    last = ""
    for kind, _, unit in units:
        each = found[board.UNIT, unit].get(ON_TIME)
        if each is None:
            continue
        if kind != last:
            last = kind
            yield Dot(kinds.get((CLASS, kind), kind))
        yield _dot(said.words.unit(unit)[1] or "", each, said)


def _by_category(found: board.Figures, said: Said) -> Iterator[Dot]:
    for code in sorted(str(key) for by, key in found if by == board.CATEGORY):
        each = found[board.CATEGORY, code].get(ON_TIME)
        facts = said.words.known.categories.get(code)
        if each is not None:
            yield _dot(f"{code} {said.words.named(facts.name) if facts else ''}".strip(), each, said)


def _dot(name: str, each: Figure, said: Said) -> Dot:
    of = f"{each.hits}/{each.n}"
    if each.small:
        return Dot(name, told=said.tell("少于%(n)d件", n=board.LEAST), of=of)
    return Dot(name, each.rate, each.low, each.high, percent(each.rate), of)


def _rates(rows: Sequence[Dot], sentence: str, said: Said) -> Chart | None:
    """The chart of some rates; None where there is nothing to show."""
    if not rows:
        return None
    low = min((row.low for row in rows if row.low is not None), default=0)
    heads = (said.tell("名称"), said.tell("按期率"), said.tell("95%区间"), said.tell("按期/应办"))
    table = [(row.name, row.told, _interval(row), row.of) for row in rows]
    return dots(rows, min(900, low // 100 * 100), sentence, Data(heads, table))


def _interval(row: Dot) -> str:
    return f"{percent(row.low)}–{percent(row.high)}" if row.low is not None else ""


def _answers(found: board.Figures, said: Said) -> list[tuple[str, list[dict[str, Any]]]]:
    """Whether it is solved, and how content residents are: two questions, told apart, by unit."""
    known = said.words.known
    units = sorted((known.units[int(key)].kind, known.units[int(key)].code, int(key)) for by, key in found if by == board.UNIT)
    rows = []
    for _, _, unit in units:
        of_unit = found[board.UNIT, unit]
        if RESOLVED in of_unit or CONTENT in of_unit:
            empty = Figure(RESOLVED, 0, 0, small=True)
            rows.append((said.words.unit(unit)[1] or "", [_told(of_unit.get(code, empty)) for code in (RESOLVED, CONTENT)]))
    return rows
