"""`bihuan rate` and `bihuan ratings`: a resident says whether it is solved, with a one-time code; who may sees what was said."""

from typing import TYPE_CHECKING, Annotated

import typer

from wording import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.moves import Row
    from services.ratings.taking import Given


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""

    @app.command(help=say("ratings.rate"))
    def rate(
        no: Annotated[str, typer.Argument(help=say("cli.no"))],
        solved: Annotated[bool, typer.Option("--solved/--unsolved", help=say("ratings.solved"))],
        code: Annotated[str | None, typer.Argument(help=say("ratings.code"))] = None,
        score: Annotated[int | None, typer.Option(min=1, max=5, help=say("ratings.score"))] = None,
        words: Annotated[str, typer.Option(help=say("ratings.words"))] = "",
        channel: Annotated[str | None, typer.Option(help=say("ratings.channel"))] = None,
        device: Annotated[str | None, typer.Option(help=say("ratings.device"))] = None,
        user: Annotated[str | None, typer.Option("--as", help=say("ratings.rate_as"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.ratings.taking import Given

        _rate(Given(no, code, solved, score, words, channel, device), user, as_json=as_json)

    @app.command(help=say("ratings.list"))
    def ratings(
        no: Annotated[str, typer.Argument(help=say("cli.no"))],
        user: Annotated[str, typer.Option("--as", help=say("ratings.list_as"))],
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _ratings(no, user, as_json=as_json)


def _rate(given: "Given", user: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json, word
    from services.catalogue import catalogue
    from services.moves import Moved
    from services.ratings.taking import take

    with unit_of_work() as session:
        staff = catalogue(session).actor(user) if user is not None else None
        outcome = take(session, given, staff, utcnow())
    if not isinstance(outcome, Moved):
        raise outcome
    if as_json:
        print_json({"no": given.no.upper(), "state": outcome.state, "version": outcome.version})
    else:
        typer.echo(say("ratings.taken", no=given.no.upper(), state=word("state", outcome.state)))


def _ratings(no: str, user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.choices import actor_of, drafted
    from services.ratings.seeing import ratings_for
    from services.reading import case_id_of, plain

    with unit_of_work() as session:
        case_id, known = case_id_of(session, no), catalogue(session)
        found = ratings_for(session, case_id, actor_of(user, drafted(session, case_id)), utcnow())
    if as_json:
        print_json([plain(row, known) for row in found])
    else:
        _print(found)


def _print(found: "Sequence[Row]") -> None:
    from commands.screen import print_table, screen

    def row(rating: "Row") -> tuple[object, ...]:
        answer = say("cli.solved_yes" if rating["solved"] else "cli.solved_no")
        counted = say(f"ratings.counted_{'yes' if rating['counted'] else 'no'}")
        flagged = say(f"flagged.{rating['flagged']}") if rating.get("flagged") else ""
        return (rating["no"], rating["round"], answer, rating["score"], rating["words"], rating.get("reporter"), counted, flagged)

    if not found:
        typer.echo(say("ratings.none"))
    print_table("", ("rating", "round", "solved", "score", "own_words", "reporter", "counted", "flagged"), map(row, found), on=screen())
