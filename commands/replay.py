"""`bihuan replay`: real messages through the whole loop in virtual time."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from rich.console import Console

    from flows.rehearsal import Rehearsed
    from services.replay.lines import Line


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("replay.help"))
    def replay(
        file: Annotated[Path, typer.Argument(help=say("replay.file"))],
        policy: Annotated[Path | None, typer.Option(help=say("replay.policy"))] = None,
        until: Annotated[str | None, typer.Option(help=say("replay.until"))] = None,
        json_to: Annotated[str | None, typer.Option("--json", help=say("replay.json"))] = None,
        rejects: Annotated[Path | None, typer.Option(help=say("replay.rejects"))] = None,
        prefect: Annotated[str, typer.Option(help=say("replay.prefect"))] = "off",
        keep: Annotated[bool, typer.Option("--keep", help=say("replay.keep"))] = False,
    ) -> None:
        _replay(file, policy, _moment(until), json_to, rejects, on=prefect == "on", keep=keep)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    from flows.rehearsal import ZONE

    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Refused("bad_until", given=text) from None
    return given if given.tzinfo else given.replace(tzinfo=ZONE)


def _replay(
    file: Path, policy: Path | None, until: datetime | None, json_to: str | None, rejects: Path | None, *, on: bool, keep: bool
) -> None:
    from rich.console import Console

    from commands.engine import meet_prefect
    from commands.progress import bar
    from flows.rehearsal import Rehearsal, rehearse
    from services.tables import write_rejects
    from settings import get_settings

    screen = Console(stderr=True)
    settings = get_settings()
    if on:
        meet_prefect(settings.model_copy(update={"prefect": "on"}))
    with bar(say("replay.running"), screen) as progress:
        done = rehearse(Rehearsal(file, policy, until, on, keep), settings, progress)
    if rejects is not None:
        write_rejects(rejects, done.table.header, done.table.rejects)
    _complain(done, screen)
    if until is not None and not done.results.cases:
        raise Refused("nothing_until", until=f"{until:%Y-%m-%d %H:%M}")
    if json_to == "-":
        sys.stdout.write(json.dumps(done.results.as_json(), ensure_ascii=False) + "\n")
        return
    if json_to is not None:
        Path(json_to).write_text(json.dumps(done.results.as_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    _show(done, Console())


def _complain(done: "Rehearsed", screen: "Console") -> None:
    if done.table.rejects:
        screen.print(say("replay.rejected", n=len(done.table.rejects)))
        for reject in done.table.rejects:
            screen.print(
                "  " + say("replay.line", line=reject.line, reason=say(f"reject.{reject.code}", detail=reject.detail)), markup=False
            )
    if done.home is not None:
        screen.print(say("replay.kept", path=done.home), markup=False)


def _show(done: "Rehearsed", out: "Console") -> None:
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
    what = ", ".join(f"{_scripted(name)} {n}" for name, n in found.scripted.items())
    out.print(say("replay.scripted", what=what, unclaimed=found.unclaimed))


def _scripted(name: str) -> str:
    return {"source_and_grid": say("replay.source_and_grid"), "silence": say("replay.silence")}.get(name) or say(f"action.{name}")


def _lines(title: str, lines: "dict[str, Line]", names: dict[str, str]) -> Any:  # noqa: ANN401 - a rich Table
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
