"""The work orders of a case with their clocks, its lights and its six steps."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rules.facts import FINAL, STEP_OF, OrderState, Step
from rules.ladder import FULL
from services.listing import Light
from services.reading import CaseStory, steps_of
from web.spoken import Standing, day_time, how_long, standing
from web.views import Words
from web.words import translated

Row = Mapping[str, Any]
_WIDEST: Final = 2 * FULL  #: the rail shows the limit twice over, in thousandths
_MAIN: Final = ("handle", "acknowledge")  #: the clock that a work order is shown with, the first that is open
_TIMES: Final = (("acknowledge", "acknowledged_at", "签收"), ("contact", "contacted_at", "先行联系"), ("control", "controlled_at", "控制"))
_STAND: Final = {OrderState.DONE: Light.OK, OrderState.RECALLED: Light.HOLD}


@dataclass(frozen=True, slots=True)
class Mark:
    """A rung on the rail: where it stands in percent of its width, and what it says."""

    x: float
    text: str
    anchor: str
    due: bool = False


@dataclass(frozen=True, slots=True)
class OrderShown:
    """One work order.

    Attributes:
        standing: Of the clock that it is shown with; None: none is open.
        x: Where the bar ends, in percent of the rail's width.
        facts: What happened, each with its class.
    """

    no: int
    lead: bool
    unit: str
    section: str
    light: Light
    word: str
    clock: str
    standing: Standing | None
    x: float
    marks: tuple[Mark, ...]
    facts: tuple[tuple[str, str], ...]
    result: str


@dataclass(frozen=True, slots=True)
class StepShown:
    """One of the six steps."""

    name: str
    kind: str
    lines: tuple[str, ...]


def orders_of(story: CaseStory, words: Words, now: datetime) -> list[OrderShown]:
    """The work orders, the lead's first; recalled ones last."""
    gone = OrderState.RECALLED
    rows = sorted(story.orders, key=lambda o: (o["state"] == gone, not o["lead"], o["no"]))
    return [_order(row, story, words, now) for row in rows]


def _order(row: Row, story: CaseStory, words: Words, now: datetime) -> OrderShown:
    clocks = {c["kind"]: c for c in story.clocks if c["order_no"] == row["no"] and c["stage"] is None and c["affair_seq"] is None}
    shown = next((clocks[kind] for kind in _MAIN if kind in clocks and clocks[kind]["stopped_at"] is None), None)
    stands = standing(shown, words.known, now, words.lang) if shown is not None else None
    state = OrderState(row["state"])
    light = stands.light if stands is not None else _STAND.get(state, Light.OK)
    return OrderShown(
        no=row["no"],
        lead=row["lead"],
        unit=words.unit(row["unit_id"])[1] or "",
        section=words.unit(row["assigned_unit_id"])[1] or "",
        light=light,
        word=stands.left if stands is not None else words.word("state", state),
        clock=words.word("clock", shown["kind"]) if shown is not None else "",
        standing=stands,
        x=min(stands.percent, 200) / 2 if stands is not None else 0,
        marks=tuple(_marks(shown, words)) if shown is not None else (),
        facts=tuple(_facts(row, clocks, words, now)),
        result=row["result"] or "",
    )


def _marks(clock: Row, words: Words) -> Iterator[Mark]:
    """The rungs of the clock's ladder by their share of the limit, and its end."""
    ladder = words.known.ladders[clock["ladder"], clock["ladder_version"]]
    said = {rung.permille: words.word("action", rung.code).split("，")[0].split(",")[0] for rung in ladder.rungs if rung.permille}
    said |= {FULL: translated("到期", words.lang)}
    for permille, text in sorted(said.items()):
        if permille < _WIDEST:
            yield Mark(permille * 100 / _WIDEST, f"{permille // 10}% {text}", "middle", permille == FULL)
    yield Mark(100, "200%", "end")


def _facts(row: Row, clocks: Mapping[str, Row], words: Words, now: datetime) -> Iterator[tuple[str, str]]:
    lang, zone = words.lang, words.known.zone
    for kind, column, label in _TIMES:
        at, clock = row[column], clocks.get(kind)
        limit = day_time(clock["due_at"], now, zone, lang) if clock is not None else ""
        named = translated(label, lang)
        if at is not None and kind == "acknowledge" and row["deemed"]:
            yield "is-late", translated("未签收，%(at)s视同签收", lang, at=day_time(at, now, zone, lang))
        elif at is not None:
            late = clock is not None and at > clock["due_at"]
            said = f"{named} {day_time(at, now, zone, lang)}"
            yield "is-late" if late else "is-ok", said + (translated("（限%(limit)s）", lang, limit=limit) if limit else "")
        elif clock is not None and clock["stopped_at"] is None:
            late = now > clock["due_at"]
            yield "is-late" if late else "", translated("%(what)s限%(limit)s", lang, what=named, limit=limit)
    if row["finished_at"] is not None:
        spent = how_long(int((row["finished_at"] - row["sent_at"]).total_seconds()), lang)
        yield "is-ok", translated("%(at)s办结，用时%(spent)s", lang, at=day_time(row["finished_at"], now, zone, lang), spent=spent)


def held_by(story: CaseStory, orders: Iterable[OrderShown], words: Words, now: datetime) -> str:
    """Who has the case, with which clock and how much of it is left: the lead; before there is one, whose clock ends first."""
    lead = next((o for o in orders if o.lead and o.standing is not None), None)
    if lead is not None and lead.standing is not None:
        return " · ".join((lead.unit, lead.clock, lead.standing.left))
    own = [c for c in story.clocks if c["stopped_at"] is None and c["affair_seq"] is None]
    if not own:
        return ""
    first = min(own, key=lambda c: c["due_at"])
    unit = words.unit(first["unit_id"])[1]
    return " · ".join(filter(None, (unit, words.word("clock", first["kind"]), standing(first, words.known, now, words.lang).left)))


def lights_of(story: CaseStory, orders: Iterable[OrderShown], words: Words, now: datetime) -> list[tuple[Light, str]]:
    """How the case stands in one line: its lead, its co-handlers; before there are any, the clock that runs."""
    lang = words.lang
    at_work = [o for o in orders if o.standing is not None]
    found = [(o.light, translated("主办%(word)s", lang, word=o.standing.word)) for o in at_work if o.lead and o.standing is not None]
    for light, text in ((Light.LATE, "%(n)d个协办超期"), (Light.WARN, "%(n)d个协办临期")):
        many = sum(o.light is light for o in at_work if not o.lead)
        found += [(light, translated(text, lang, n=many))] if many else []
    if found or at_work:
        return found
    own = [c for c in story.clocks if c["stopped_at"] is None and c["affair_seq"] is None]
    stands = [(standing(c, words.known, now, lang), words.word("clock", c["kind"])) for c in own]
    return [(each.light, f"{name} {each.left}") for each, name in stands]


def steps_shown(story: CaseStory, words: Words, now: datetime) -> list[StepShown]:
    """The six steps: when each was reached, and how long the present one has lasted."""
    lang, present, over = words.lang, STEP_OF[story.state], story.state in FINAL
    found, order = [], list(Step)
    for span in steps_of(story, now):
        is_now = span.step is present and not over
        reached = span.since is not None and order.index(span.step) <= order.index(present)
        lines = [day_time(span.since, now, words.known.zone, lang)] if span.since is not None and reached else []
        if is_now:
            lines.append(translated("已%(time)s", lang, time=how_long(int(span.spent.total_seconds()), lang)))
            lines += [name for name in [words.unit(story.journal[-1]["ball_unit_id"])[1]] if name]
        found.append(StepShown(words.word("step", span.step), "is-now" if is_now else "is-done" if reached else "", tuple(lines)))
    return found
