"""`bihuan topic`: what comes up in the same place again and again, and who deals with it at the root (未诉先办)."""

from typing import TYPE_CHECKING, Annotated

import typer

from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.moves import Row

_Id = Annotated[int, typer.Argument(help=say("topic.id"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("ratings.staff_as"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("topic.help"), no_args_is_help=True)
    app.add_typer(group, name="topic")

    @group.command("list", help=say("topic.list"))
    def list_them(state: Annotated[str | None, typer.Option(help=say("topic.state"))] = None, as_json: _Json = False) -> None:
        _list(state, as_json=as_json)

    @group.command(help=say("topic.show"))
    def show(topic: _Id, as_json: _Json = False) -> None:
        _show(topic, as_json=as_json)

    @group.command(help=say("topic.take"))
    def take(
        topic: _Id,
        user: _User,
        unit: Annotated[str, typer.Option(help=say("topic.unit"))],
        plan: Annotated[str, typer.Option(help=say("topic.plan"))],
    ) -> None:
        _take(topic, user, unit, plan)

    @group.command(help=say("topic.close"))
    def close(topic: _Id, user: _User, result: Annotated[str, typer.Option(help=say("topic.result"))]) -> None:
        _close(topic, user, result)


def _list(state: str | None, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from services.catalogue import catalogue
    from services.reading import plain
    from services.topics import topics

    with unit_of_work() as session:
        known = catalogue(session)
        found = topics(session, state)
    if as_json:
        print_json([{"id": row["id"], **plain(row, known)} for row in found])
        return
    if not found:
        typer.echo(say("topic.none"))
    columns = ("topic", "category", "place", "cases", "state", "unit", "opened")
    print_table("", columns, (_line(row, known) for row in found), on=screen())


def _line(row: "Row", known: "Catalogue") -> tuple[object, ...]:
    from commands.screen import local, name_of, unit_name, word

    category = known.categories.get(row["category"])
    place = row["place"] or unit_name(known, row["area_unit_id"])
    what = (row["id"], name_of(category.name) if category else row["category"], place, row["cases"])
    return (*what, word("topic_state", row["state"]), unit_name(known, row["unit_id"]), local(row["opened_at"], known.zone))


def _show(topic: int, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.reading import plain
    from services.topics import topic_of

    with unit_of_work() as session:
        known = catalogue(session)
        row, cases = topic_of(session, topic)
    if as_json:
        print_json({**plain(row, known), "cases": [plain(case, known) for case in cases]})
        return
    line = _line({**row, "cases": len(cases)}, known)
    print_table("", ("topic", "category", "place", "cases", "state", "unit", "opened"), [line], on=screen())
    for name in ("plan", "result"):
        if row[name]:
            typer.echo(say(f"topic.{name}_is", text=row[name]))
    rows = ((c["no"], c["subject"], word("state", c["state"]), local(c["submitted_at"], known.zone)) for c in cases)
    print_table("", ("case", "subject", "state", "submitted"), rows, on=screen())


def _take(topic: int, user: str, unit: str, plan: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.topics import take

    with unit_of_work() as session:
        take(session, topic, unit, plan, catalogue(session).actor(user), utcnow())
    typer.echo(say("topic.taken", topic=topic))


def _close(topic: int, user: str, result: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.topics import close

    with unit_of_work() as session:
        close(session, topic, result, catalogue(session).actor(user), utcnow())
    typer.echo(say("topic.closed", topic=topic))
