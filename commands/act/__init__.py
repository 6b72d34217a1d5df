"""`bihuan act`: make one move of a case as somebody, and say what can be done next."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.act.options import Asked, with_options
from rules.facts import Actor, Refused
from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.moves import Draft, Intent


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    def act(
        no: Annotated[str, typer.Argument(help=say("cli.no"))],
        action: Annotated[str, typer.Argument(help=say("cli.act_action"))],
        user: Annotated[str, typer.Option("--as", help=say("cli.act_as"))],
        order: Annotated[int | None, typer.Option(help=say("cli.act_order"))] = None,
        extension: Annotated[int | None, typer.Option(help=say("cli.act_extension"))] = None,
        request: Annotated[int | None, typer.Option(help=say("cli.act_request"))] = None,
        supervision: Annotated[int | None, typer.Option(help=say("cli.act_supervision"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
        **handed_in: Any,  # noqa: ANN401 - as commands/act/options.py says
    ) -> None:
        _act(Asked(no, action.replace("-", "_"), user, order, extension, request, supervision, handed_in), as_json=as_json)

    app.command(help=say("cli.act"))(with_options(act))


def _act(asked: Asked, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.act.answer import Done, report
    from commands.opening import unit_of_work
    from services.choices import actor_of, drafted
    from services.engine.engines import any_alive
    from services.moves import Setting, make_moves, one
    from services.reading import case_id_of

    now = utcnow()
    with unit_of_work() as session:
        draft = drafted(session, case_id_of(session, asked.no))
        actor = actor_of(asked.user, draft)
        with _where_to_look(asked):
            intent = _intent(session, asked, draft, actor)
            moved = one(make_moves(session, [intent], Setting(now)))
    with unit_of_work() as session:
        done = Done(moved, intent.thing, intent.no, now, any_alive(session, now))
        report(drafted(session, intent.case_id), done, actor, as_json=as_json)


@contextmanager
def _where_to_look(asked: Asked) -> Iterator[None]:
    """A refusal knows of which case and to whom, so that its sentence can say where to look what may be done."""
    try:
        yield
    except Refused as refusal:
        refusal.details = {"no": asked.no, "user": asked.user} | refusal.details
        raise


def _intent(session: "Session", asked: Asked, draft: "Draft", actor: Actor) -> "Intent":
    from commands.act.about import about
    from services.handed_in import looked_up
    from services.moves import Intent

    thing, number = about(asked, draft, actor)
    return Intent(draft.case["id"], asked.action, actor, thing, number, looked_up(session, asked.action, asked.args, draft))
