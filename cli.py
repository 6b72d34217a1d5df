"""`bihuan` on the command line: the commands of commands/*.py under one roof, and one sentence for whatever goes wrong."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

from wording import LANGUAGES, say, sentences

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
    _take_language(arguments)
    try:
        code = _typer(arguments)
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


def _take_language(arguments: Sequence[str]) -> None:
    """Help is worded while the commands are put together, so the language must be known before."""
    for i, argument in enumerate(arguments):
        name, _, given = argument.partition("=")
        if not argument.startswith("-"):
            return
        if name == "--lang":
            wanted = given or "".join(arguments[i + 1 : i + 2])
            if wanted in LANGUAGES:
                os.environ["BIHUAN_LANG"] = wanted
            return


def _typer(arguments: Sequence[str]) -> int:
    from typer.main import get_command

    command = get_command(program())
    _speak(command)
    try:
        command.main(args=list(arguments), prog_name="bihuan")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else REFUSED
    return 0


def program() -> "typer.Typer":
    """Put the commands together, worded in the language of this process."""
    import typer

    from commands import act, case, db, demo, doctor, engine, replay, start, submit, tables

    app = typer.Typer(help=say("cli.program"), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @app.callback()
    def everywhere(lang: Annotated[str | None, typer.Option(help=say("cli.lang"))] = None) -> None:
        if lang is not None and lang not in LANGUAGES:
            raise typer.BadParameter(say("cli.lang"), param_hint="--lang")

    for module in (start, db, submit, tables, demo, case, act, engine, replay, doctor):
        module.add(app)
    return app


def _speak(command: Any) -> None:  # noqa: ANN401 - Typer's own command
    """Headings and the `--help` option are Typer's own words; say them in the language of this process too."""
    import typer
    from typer import rich_utils

    for name, words in sentences(os.environ.get("BIHUAN_LANG", "zh")[:2]).get("typer", {}).items():
        setattr(rich_utils, name, words)
    waiting = [command]
    while waiting:
        each = waiting.pop()
        each.get_help_option(typer.Context(each)).help = say("cli.help")
        waiting += getattr(each, "commands", {}).values()


if __name__ == "__main__":
    main()
