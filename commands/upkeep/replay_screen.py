"""How `bihuan replay` shows what it found: the tables of one policy, and of several side by side."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from commands.screen import NOTHING, joined, word
from wording import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

    from flows.rehearsal import Compared, Rehearsed
    from services.replay.comparison import CaseDifference, Difference, Number
    from services.replay.lines import Line
    from services.replay.load import Load

CASES_SHOWN: Final = 40  #: cases named on the screen; --json has them all
UNITS_SHOWN: Final = 12  #: units whose load is shown, those with the busiest day of work orders first
#: Figures that stand for a group of codes: the section that words them.
WORDS: Final = {"breaches": "clock", "rungs": "action", "channels": "channel", "notices": "notice"}


def show(done: "Rehearsed", out: "Console") -> None:
    """Print what one policy did."""
    from rich.table import Table

    found = done.results
    rate = "-" if found.on_time_rate is None else f"{found.on_time_rate:.1%}"
    out.rule(say("replay.title", cases=found.cases, closed=found.closed, rate=rate))
    for title, lines in (("by_category", found.by_category), ("by_unit", found.by_unit)):
        out.print(_lines(say(f"replay.{title}"), lines, done.names))
    steps = Table(title=say("replay.per_step"))
    for column in ("step", "median", "p90"):
        steps.add_column(say(f"replay.{column}"), justify="left" if column == "step" else "right")
    for step, spread in found.steps.items():
        steps.add_row(say(f"step.{step}"), *("-" if h is None else f"{h:.1f}" for h in spread.values()))
    out.print(steps)
    fired = {**found.fired, **found.other_rungs}
    out.print(" · ".join(f"{say(f'action.{code}')} {n}" for code, n in fired.items()))
    out.print(say("replay.violations", n=len(found.violations)))
    for late in found.violations:
        out.print("  " + say("replay.violation", id=late["id"], case=late["case"], days=late["working_days"]), markup=False)
    share = found.triage["claimed_share"]
    out.print(say("replay.triaged", **found.triage | {"share": "-" if share is None else f"{share:.0%}"}))
    out.print(say("replay.routed", **found.routing))
    what = ", ".join(f"{_scripted(name)} {n}" for name, n in found.scripted.items())
    out.print(say("replay.scripted", what=what, unclaimed=found.unclaimed))


def _scripted(name: str) -> str:
    return {"source_and_grid": say("replay.source_and_grid"), "silence": say("replay.silence")}.get(name) or say(f"action.{name}")


def _lines(title: str, lines: "dict[str, Line]", names: dict[str, str]) -> "RichTable":
    """Lines with cases, most cases first; units that only heard of others' cases are left to the JSON."""
    from rich.table import Table

    table = Table(title=title)
    table.add_column(say("replay.name"))
    for column in ("cases", "acknowledged", "handled", "lights", "escalations", "messages"):
        table.add_column(say(f"replay.{column}"), justify="right")
    for code, line in sorted(lines.items(), key=lambda pair: -pair[1].cases):
        if not line.cases:
            continue
        table.add_row(
            f"{code} {names.get(code, '')}" if code[:1].isupper() else names.get(code, code),
            str(line.cases),
            f"{line.acknowledged_on_time}/{line.acknowledged}",
            f"{line.handled_on_time}/{line.handled}",
            str(line.lights),
            str(line.escalations),
            str(line.messages),
        )
    return table


def show_side_by_side(done: "Compared", out: "Console") -> None:
    """Print several policies in columns, then the cases that differ from the first."""
    differences = done.differences()
    loads = {name: found.load for name, found in done.figures.items()}
    units = _busiest(loads)
    out.print(_side_by_side({name: found.flat() for name, found in done.figures.items()}, differences))
    for measure in next(iter(loads.values())).together:
        out.print(_loads(measure, loads, units[:UNITS_SHOWN], done.names))
    if len(units) > UNITS_SHOWN:
        out.print(say("replay.more_units", n=len(units) - UNITS_SHOWN), markup=False)
    first = next(iter(loads))
    for name, difference in differences.items():
        _cases(say("replay.appear", name=name, other=first), difference.appear, done.names, out)
        _cases(say("replay.appear", name=first, other=name), difference.vanish, done.names, out)
    out.print(say("replay.drawn_by_limit"), markup=False)


def _side_by_side(flat: "Mapping[str, Mapping[str, Number]]", differences: "Mapping[str, Difference]") -> "RichTable":
    """Every figure in a row, every policy in a column; behind a figure how far it is from the first policy's."""
    table = _columns(say("replay.side_by_side"), say("replay.figure"), flat)
    keys = dict.fromkeys(key for found in flat.values() for key in found)
    for members in _grouped(keys).values():
        for key in members:
            changes = {name: found.figures.get(key, 0) for name, found in differences.items()}
            table.add_row(_label(key), *(_cell(key, found.get(key, 0), changes.get(name, 0)) for name, found in flat.items()))
        if len(members) > 1:
            table.add_section()
    return table


def _grouped(keys: Iterable[str]) -> dict[str, list[str]]:
    """Figures of one group together, groups in the order of their first figure: the second policy may have kinds that the first lacks."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(key.partition(".")[0], []).append(key)
    return groups


def _label(key: str) -> str:
    group, _, code = key.partition(".")
    if group in WORDS and code:
        return f"{say(f'figure.{group}')} · {word(WORDS[group], code)}"
    return say(f"figure.{key.replace('.', '_')}")


def _cell(key: str, value: "Number", change: "Number") -> str:
    if value is None:
        return NOTHING
    shape = "%" if key == "on_time_rate" else ""
    said = f"{value:.1%}" if shape else f"{value:g}"
    return said if not change else f"{said} ({change:+.1%})" if shape else f"{said} ({change:+g})"


def _columns(title: str, first: str, names: Iterable[str]) -> "RichTable":
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title)
    table.add_column(first)
    for name in names:
        table.add_column(Text(name), justify="right", overflow="fold")
    return table


def _busiest(loads: "Mapping[str, Load]") -> list[str]:
    """Units by their busiest day of open work orders under any policy."""
    most: dict[str, int] = {}
    for load in loads.values():
        for code, amounts in load.by_unit.items():
            most[code] = max(most.get(code, 0), amounts["open_orders"].most)
    return sorted((code for code, n in most.items() if n), key=lambda code: (-most[code], code))


def _loads(measure: str, loads: "Mapping[str, Load]", units: Sequence[str], names: Mapping[str, str]) -> "RichTable":
    table = _columns(say(f"replay.load_{measure}"), say("replay.name"), loads)
    for code in units:
        amounts = [load.by_unit[code][measure] if code in load.by_unit else None for load in loads.values()]
        said = [NOTHING if a is None or a.on is None else say("replay.amount", mean=f"{a.mean:g}", most=a.most, on=a.on) for a in amounts]
        table.add_row(f"{code} {names.get(code, '')}", *said)
    return table


def _cases(heading: str, cases: "Sequence[CaseDifference]", names: Mapping[str, str], out: "Console") -> None:
    """The cases with breaches under one policy only, each with the limits and the units."""
    many = sum(len(case.breaches) for case in cases)
    new = sum(not case.otherwise for case in cases)
    out.print(heading + say("replay.in_cases", breaches=many, cases=len(cases), new=new), markup=False)
    for case in cases[:CASES_SHOWN]:
        broken = joined(say("replay.broken", clock=word("clock", b.kind), unit=names.get(b.unit, b.unit)) for b in case.breaches)
        out.print("  " + say("replay.case", id=case.id, case=case.case, broken=broken), markup=False)
    if len(cases) > CASES_SHOWN:
        out.print("  " + say("replay.more_cases", n=len(cases) - CASES_SHOWN), markup=False)
