"""`bihuan topic`: what comes up in the same place again and again, and who deals with it at the root (未诉先办)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.moves import Row

_No = Annotated[str, typer.Argument(help=say("topic.no"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("ratings.staff_as"))]
_Reason = Annotated[str, typer.Option(help=say("topic.reason"))]
_Result = Annotated[str, typer.Option(help=say("topic.result"))]
_COLUMNS: Final = ("topic", "category", "place", "cases", "state", "unit", "opened", "due", "month_topic")


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("topic.help"), no_args_is_help=True)
    app.add_typer(group, name="topic")
    _add_looking(group)
    _add_planning(group)
    _add_ending(group)


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("topic.list"))
    def list_them(state: Annotated[str | None, typer.Option(help=say("topic.state"))] = None, as_json: _Json = False) -> None:
        _list(state, as_json=as_json)

    @group.command(help=say("topic.show"))
    def show(topic: _No, as_json: _Json = False) -> None:
        _show(topic, as_json=as_json)


def _add_planning(group: typer.Typer) -> None:
    @group.command(help=say("topic.take"))
    def take(
        topic: _No,
        user: _User,
        unit: Annotated[str, typer.Option(help=say("topic.unit"))],
        plan: Annotated[str, typer.Option(help=say("topic.plan"))],
    ) -> None:
        _take(topic, user, unit, plan)

    @group.command(help=say("topic.approve"))
    def approve(topic: _No, user: _User) -> None:
        _act(topic, user, "approve_plan", "topic.approved")

    @group.command("return", help=say("topic.send_back"))
    def give_back(topic: _No, user: _User, reason: _Reason) -> None:
        _act(topic, user, "return_plan", "topic.returned", reason=reason)

    @group.command(help=say("topic.month_help"))
    def choose(topic: _No, user: _User, month: Annotated[str, typer.Option(help=say("topic.month"))]) -> None:
        _choose(topic, user, month)


def _add_ending(group: typer.Typer) -> None:
    @group.command(help=say("topic.confirm"))
    def confirm(topic: _No, user: _User, result: _Result) -> None:
        _act(topic, user, "confirm_solved", "topic.closed", result=result)

    @group.command(help=say("topic.doubt"))
    def doubt(topic: _No, user: _User, reason: _Reason) -> None:
        _act(topic, user, "doubt_solved", "topic.doubted", reason=reason)

    @group.command(help=say("topic.close"))
    def close(topic: _No, user: _User, result: _Result) -> None:
        _close(topic, user, result)

    @group.command(help=say("topic.reopen"))
    def reopen(topic: _No, user: _User, reason: _Reason) -> None:
        _act(topic, user, "reopen_topic", "topic.reopened", reason=reason)


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
        print_json([plain(row, known) for row in found])
        return
    if not found:
        typer.echo(say("topic.none"))
    print_table("", _COLUMNS, (_line(row, known) for row in found), on=screen())


def _line(row: "Row", known: "Catalogue") -> tuple[object, ...]:
    from commands.screen import local, name_of, unit_name, word

    category = known.categories.get(row["category"])
    place = row["place"] or unit_name(known, row["area_unit_id"])
    what = (row["no"], name_of(category.name) if category else row["category"], place, row["cases"])
    whose = (word("topic_state", row["state"]), unit_name(known, row["unit_id"]))
    return (*what, *whose, local(row["opened_at"], known.zone), local(row["due_at"], known.zone), row["month"])


def _show(topic: str, *, as_json: bool) -> None:
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
    print_table("", _COLUMNS, [_line({**row, "cases": len(cases)}, known)], on=screen())
    for name in ("plan", "result", "month"):
        if row[name]:
            typer.echo(say(f"topic.{name}_is", text=row[name]))
    rows = ((c["no"], c["subject"], word("state", c["state"]), local(c["submitted_at"], known.zone)) for c in cases)
    print_table("", ("case", "subject", "state", "submitted"), rows, on=screen())


def _done(make: Callable[[Any, Any, Any], object], user: str, key: str, words: Mapping[str, str]) -> None:
    """Make one change as somebody, and say what is next."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue

    with unit_of_work() as session:
        make(session, catalogue(session).actor(user), utcnow())
    typer.echo(say(key, None, **words))


def _act(topic: str, user: str, action: str, key: str, **args: str) -> None:
    from services.topics import act

    _done(lambda session, actor, now: act(session, topic, action, actor, now, **args), user, key, {"topic": topic})


def _take(topic: str, user: str, unit: str, plan: str) -> None:
    from services.topics import take

    _done(lambda session, actor, now: take(session, topic, unit, plan, actor, now), user, "topic.taken", {"topic": topic})


def _choose(topic: str, user: str, month: str) -> None:
    from services.topics import choose

    _done(lambda session, actor, now: choose(session, topic, month, actor, now), user, "topic.chosen", {"topic": topic, "month": month})


def _close(topic: str, user: str, result: str) -> None:
    from services.topics import close

    _done(lambda session, actor, now: close(session, topic, result, actor, now), user, "topic.closed", {"topic": topic})
