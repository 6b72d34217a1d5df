"""`bihuan` on the command line: the commands of commands/ under one roof, and one sentence for whatever goes wrong."""

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from wording import LANGUAGES, language, say, sentences

if TYPE_CHECKING:
    import typer

REFUSED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130


def main() -> None:
    """Entry point of `bihuan` and of `python -m cli`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns:
        The exit code: 0 done, 1 refused or not possible now, 2 wrong usage or settings, 130 Ctrl-C.
    """
    rest, wanted = _language_taken(arguments)
    if wanted not in (None, *LANGUAGES):
        _complain(say("usage.language", given=wanted))
        return USAGE
    if wanted is not None:
        os.environ["BIHUAN_LANG"] = wanted
    try:
        code = _typer(rest)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as problem:
        from commands.trouble import explained

        sentence, code = explained(problem)
        if sentence is None:
            raise
        _complain(sentence)
    if code == INTERRUPTED:
        _complain(say("cli.interrupted"))
    return code


def _complain(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _language_taken(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """Take `--lang` out, wherever it stands: help is worded while the commands are put together, so it must be known before.

    Returns:
        The other arguments, and the language that was asked for.
    """
    rest: list[str] = []
    wanted, given = None, iter(arguments)
    for argument in given:
        name, equals, value = argument.partition("=")
        if name == "--lang":
            wanted = value if equals else next(given, "")
        elif argument == "--":
            return [*rest, argument, *given], wanted
        else:
            rest.append(argument)
    return rest, wanted


def _typer(arguments: Sequence[str]) -> int:
    import typer

    from commands.usage import is_usage, worded

    command = _together(language())
    _speak()
    try:
        return int(command.main(args=list(arguments), prog_name="bihuan", standalone_mode=False) or 0)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else REFUSED
    except typer.Abort:
        _complain(say("usage.aborted"))
        return REFUSED
    except Exception as problem:
        if not is_usage(problem):
            raise
        if sentence := worded(problem):
            _complain(sentence)
        return USAGE


@cache
def _together(lang: str) -> Any:  # noqa: ANN401 - Typer's own command
    """The commands as Typer runs them: put together once for each language, however many are run in one process."""
    import typer
    from typer.main import get_command

    command = get_command(program())
    waiting: list[Any] = [command]
    while waiting:
        each = waiting.pop()
        each.get_help_option(typer.Context(each)).help = say("cli.help", lang)
        waiting += getattr(each, "commands", {}).values()
    return command


def program() -> "typer.Typer":
    """Put the commands together, worded in the language of this process."""
    import typer

    from commands import act, category, channel, notify, policy, rhythm, route, start, triage, web
    from commands.affairs import affair, dispute, errand, inspection, poll, pool, whistle
    from commands.affairs.campaigns import campaign
    from commands.affairs.meetings import meeting
    from commands.calendars import calendar
    from commands.cases import attach, callback, case, rate, requests, show, submit, tables, upstream, visit
    from commands.ledgers import outside, patrol, place, points, responsibility, sensor, subject, topic
    from commands.people import account, duty, handover, staff, unit, unmask
    from commands.supervision import supervise
    from commands.triage import duplicates
    from commands.upkeep import db, demo, doctor, engine, keys, mechanism, replay, retention, seeds, sim

    app = typer.Typer(help=say("cli.program"), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @app.callback()
    def everywhere(
        lang: Annotated[str | None, typer.Option(help=say("cli.lang"))] = None,  # taken out before; named here for the help
        version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, help=say("cli.version"))] = False,
    ) -> None:
        """What holds for every command."""

    for module in (
        start,
        db,
        submit,
        tables,
        visit,
        whistle,
        meeting,
        dispute,
        poll,
        pool,
        errand,
        subject,
        attach,
        upstream,
        demo,
        case,
        act,
        affair,
        requests,
        supervise,
        rate,
        callback,
        topic,
        patrol,
        place,
        points,
        sensor,
        show,
        seeds,
        policy,
        route,
        triage,
        duplicates,
        calendar,
        campaign,
        duty,
        unit,
        staff,
        account,
        handover,
        inspection,
        responsibility,
        unmask,
        rhythm,
        retention,
        keys,
        mechanism,
        category,
        channel,
        notify,
        outside,
        web,
        engine,
        replay,
        sim,
        doctor,
    ):
        module.add(app)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        import typer

        typer.echo(f"bihuan {_version()}")
        raise typer.Exit


def _version() -> str:
    """The version that is installed, or that of the checkout this file lies in."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("bihuan")
    except PackageNotFoundError:
        import tomllib

        project = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])


def _speak() -> None:
    """Headings are Typer's own words; say them in the language of this process too."""
    from typer import rich_utils

    from commands.usage import Folded

    for name, words in (*sentences(language()).get("typer", {}).items(), ("Table", Folded)):
        setattr(rich_utils, name, words)


if __name__ == "__main__":
    main()
