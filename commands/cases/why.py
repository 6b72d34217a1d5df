"""`bihuan case why`: why a limit is due when it is, recomputed before one's eyes."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from wording import language, say

if TYPE_CHECKING:
    from services.why import Which

DIFFERS: Final = 1  #: exit code when a recomputed moment is not the stored one


def add(group: typer.Typer) -> None:
    """Add the command to `bihuan case`."""

    @group.command(help=say("cli.case_why"))
    def why(
        no: Annotated[str, typer.Argument(help=say("cli.no"))],
        clock: Annotated[str | None, typer.Option(help=say("cli.why_clock"))] = None,
        order: Annotated[int | None, typer.Option(min=1, help=say("cli.why_order"))] = None,
        stopped: Annotated[bool, typer.Option("--all", help=say("cli.why_all"))] = False,
        user: Annotated[str | None, typer.Option("--as", help=say("privacy.look_as"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.why import Which

        if not _explain(no, Which(clock, order, stopped=stopped), user, as_json=as_json):
            raise typer.Exit(DIFFERS)


def _explain(no: str, which: "Which", user: str | None, *, as_json: bool) -> bool:
    """Print the explanations.

    Returns:
        Whether none of them differs from what is stored.
    """
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.privacy.opening import hidden_affairs, opened_case
    from services.why import as_json as plain
    from services.why import explain, lines

    with unit_of_work() as session:
        hidden = hidden_affairs(session, opened_case(session, no, user), user)
        found = [each for each in explain(session, no, utcnow(), which) if each.affair_seq not in hidden]
    if as_json:
        print_json(plain(found))
    elif not found:
        typer.echo(say("why.none", no=no))
    else:
        typer.echo("\n\n".join("\n".join(lines(each, language())) for each in found))
    return all(each.agrees is not False for each in found)
