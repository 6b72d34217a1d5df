"""`bihuan replay`: real messages through the whole loop in virtual time, under one policy or several side by side."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from rich.console import Console

    from flows.rehearsal import Compared, Rehearsal
    from services.tables import Table
    from settings import Settings

SEEDED: Final = "seeded"  #: what stands for the seeded policy; a file of that name is given as ./seeded


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("replay.help"))
    def replay(
        file: Annotated[Path, typer.Argument(help=say("replay.file"))],
        policy: Annotated[list[str] | None, typer.Option(metavar="<path>", help=say("replay.policy"))] = None,
        until: Annotated[str | None, typer.Option(help=say("replay.until"))] = None,
        json_to: Annotated[str | None, typer.Option("--json", help=say("replay.json"))] = None,
        rejects: Annotated[Path | None, typer.Option(help=say("replay.rejects"))] = None,
        prefect: Annotated[str, typer.Option(help=say("replay.prefect"))] = "off",
        keep: Annotated[bool, typer.Option("--keep", help=say("replay.keep"))] = False,
    ) -> None:
        from flows.rehearsal import Rehearsal

        given = policy or [SEEDED]
        what = Rehearsal(file, _file(given[0]), _moment(until), prefect == "on", keep)
        if len(given) == 1:
            _replay(what, json_to, rejects)
        else:
            _compare(what, given, json_to, rejects)


def _file(policy: str) -> Path | None:
    return None if policy == SEEDED else Path(policy)


def named(given: Sequence[str]) -> dict[str, Path | None]:
    """A name for each policy: that of its file; of different files with one name the path as given, of one given again a number."""
    names = {policy: SEEDED if (file := _file(policy)) is None else file.name for policy in given}
    alike = Counter(names.values())
    found: dict[str, Path | None] = {}
    for policy in given:
        called = name = names[policy] if alike[names[policy]] == 1 else policy
        number = 1
        while name in found:
            number += 1
            name = f"{called} #{number}"
        found[name] = _file(policy)
    return found


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    from flows.rehearsal import ZONE

    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Refused("bad_until", given=text) from None
    return given if given.tzinfo else given.replace(tzinfo=ZONE)


def _replay(what: "Rehearsal", json_to: str | None, rejects: Path | None) -> None:
    from rich.console import Console

    from commands.progress import bar
    from commands.upkeep.replay_screen import show
    from flows.rehearsal import rehearse

    screen = Console(stderr=True)
    settings = _settings(on=what.prefect)
    with bar(say("replay.running"), screen) as progress:
        done = rehearse(what, settings, progress)
    _complain(done.table, rejects, screen)
    if done.home is not None:
        screen.print(say("replay.kept", path=done.home), markup=False)
    if what.until is not None and not done.results.cases:
        raise Refused("nothing_until", until=f"{what.until:%Y-%m-%d %H:%M}")
    _hand_out(done.results.as_json(), json_to)
    if json_to != "-":
        show(done, Console())


def _compare(what: "Rehearsal", given: Sequence[str], json_to: str | None, rejects: Path | None) -> None:
    from rich.console import Console

    from commands.progress import bar
    from commands.screen import screen
    from commands.upkeep.replay_screen import show_side_by_side
    from flows.rehearsal import compare

    aside = Console(stderr=True)
    settings = _settings(on=what.prefect)
    done = compare(what, named(given), settings, lambda name: bar(say("replay.running_policy", name=name), aside))
    _complain(done.table, rejects, aside)
    for name, home in done.homes.items():
        aside.print(f"{name}: {say('replay.kept', path=home)}", markup=False)
    if not done.figures and what.until is not None:
        raise Refused("nothing_until", until=f"{what.until:%Y-%m-%d %H:%M}")
    if not done.figures:
        raise Refused("nothing_to_compare", file=what.file.name)
    _hand_out(_compared(done), json_to)
    if json_to != "-":
        show_side_by_side(done, screen())


def _settings(*, on: bool) -> "Settings":
    from commands.upkeep.engine import meet_prefect
    from settings import get_settings

    settings = get_settings()
    if on:
        meet_prefect(settings.model_copy(update={"prefect": "on"}))
    return settings


def _compared(done: "Compared") -> dict[str, Any]:
    """The comparison as plain data with stable keys: every further policy against the first."""
    first = next(iter(done.figures))
    return {
        "policies": [{"name": name, **found.as_json()} for name, found in done.figures.items()],
        "difference": {
            "base": first,
            "against": [{"name": name, **found.as_json()} for name, found in done.differences().items()],
        },
    }


def _hand_out(found: dict[str, Any], json_to: str | None) -> None:
    """Results for programs, to standard output ("-"), to a file, or nowhere."""
    if json_to == "-":
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    elif json_to is not None:
        Path(json_to).write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _complain(table: "Table", rejects: Path | None, screen: "Console") -> None:
    from services.tables import write_rejects

    if rejects is not None:
        write_rejects(rejects, table.header, table.rejects)
    if table.rejects:
        screen.print(say("replay.rejected", n=len(table.rejects)))
    for reject in table.rejects:
        said = say("replay.line", line=reject.line, reason=say(f"reject.{reject.code}", detail=reject.detail))
        screen.print("  " + said, markup=False)
