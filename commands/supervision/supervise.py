"""`bihuan supervise`: supervision orders (督办单) from the first proposal to the write-off."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.supervision import Spot, Wanted

#: Moves that ask for nothing but a reason, or for nothing at all: command → action, help.
_REASONED: Final[Mapping[str, tuple[str, str]]] = {
    "dismiss": ("dismiss", "dismiss"),
    "withdraw": ("withdraw", "withdraw"),
    "list-up": ("list", "list_up"),
    "take-down": ("unlist", "take_down"),
    "fail": ("fail_check", "fail"),
}
_PLAIN: Final[Mapping[str, tuple[str, str]]] = {"pass": ("pass_check", "passed"), "write-off": ("write_off", "write_off")}


def _option(words: str, *names: str) -> Any:  # noqa: ANN401 - Typer says Any itself
    """An option, with its help in the language of this process."""
    return typer.Option(*names, help=say(f"supervise.{words}"))


def _argument(words: str) -> Any:  # noqa: ANN401 - Typer says Any itself
    return typer.Argument(help=say(f"supervise.{words}"))


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("supervise.help"), no_args_is_help=True)
    app.add_typer(group, name="supervise")
    _add_looking(group)
    _add_opening(group)
    _add_table(group)
    _add_moves(group)
    for name, (action, words) in _REASONED.items():
        group.command(name, help=say(f"supervise.{words}"))(_reasoned(action))
    for name, (action, words) in _PLAIN.items():
        group.command(name, help=say(f"supervise.{words}"))(_plain(action))


# looking --------------------------------------------------------------------------------------------------------------


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("supervise.list"))
    def list_them(
        state: Annotated[str | None, _option("only_state")] = None,
        unit: Annotated[str | None, _option("only_unit")] = None,
        listed: Annotated[bool | None, _option("only_listed", "--listed/--not-listed")] = None,
        due: Annotated[str | None, _option("only_due")] = None,
        limit: Annotated[int, typer.Option(min=1, max=100_000, help=say("supervise.most"))] = 50,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.supervision import Wanted

        _list(lambda zone, now: Wanted(state, unit, listed, _moment(due, zone, now)), limit, as_json=as_json)

    @group.command(help=say("supervise.show"))
    def show(
        name: Annotated[str, _argument("name")], as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False
    ) -> None:
        _show(name, as_json=as_json)


def _moment(due: str | None, zone: tzinfo, now: datetime) -> datetime | None:
    """The end of a local day, or now.

    Raises:
        Refused: `bad_day_or_now`.
    """
    if due is None or due == "now":
        return now if due else None
    try:
        return datetime.combine(datetime.fromisoformat(due).date(), time.max, zone)
    except ValueError:
        raise Refused("bad_day_or_now", given=due) from None


def _list(wanted: Callable[[tzinfo, datetime], "Wanted"], limit: int, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from commands.supervision.screen import print_orders
    from services.catalogue import catalogue
    from services.supervision import list_orders, order_json

    now = utcnow()
    with unit_of_work() as session:
        known = catalogue(session)
        found = list_orders(session, wanted(known.zone, now), limit)
    if as_json:
        print_json([order_json(row, known, now) for row in found])
    else:
        print_orders(found, known, now)


def _show(name: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.cases.attach import folder
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from commands.supervision.screen import print_story
    from services.supervision import read_order, story_json

    now = utcnow()
    with unit_of_work() as session:
        story = read_order(session, name)
    if as_json:
        print_json(story_json(story, now))
    else:
        print_story(story, folder(), now)


# opening --------------------------------------------------------------------------------------------------------------


def _add_opening(group: typer.Typer) -> None:
    @group.command("open", help=say("supervise.open"))
    def open_one(
        cases: Annotated[list[str], _argument("cases")],
        unit: Annotated[str, _option("unit")],
        demand: Annotated[str, _option("demand")],
        user: Annotated[str, _option("as_user", "--as")],
        limit: Annotated[str | None, _option("limit")] = None,
        form: Annotated[str, _option("form")] = "order",
        listed: Annotated[bool, _option("listed", "--listed")] = False,
        before: Annotated[list[str] | None, _option("before")] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        wish = {"unit": unit, "demand": demand, "limit": limit, "form": form, "rank": "listed" if listed else "daily"}
        _open(cases, None, wish, before or [], user, as_json=as_json)

    @group.command("note", help=say("supervise.note"))
    def note_one(
        area: Annotated[str, _option("area")],
        place: Annotated[str, _option("place")],
        problem: Annotated[str, _option("problem")],
        unit: Annotated[str, _option("unit")],
        demand: Annotated[str, _option("demand")],
        user: Annotated[str, _option("as_user", "--as")],
        limit: Annotated[str | None, _option("limit")] = None,
        form: Annotated[str, _option("form")] = "order",
        listed: Annotated[bool, _option("listed", "--listed")] = False,
        before: Annotated[list[str] | None, _option("before")] = None,
        source: Annotated[str, _option("source")] = "inspection",
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.supervision import Spot

        wish = {"unit": unit, "demand": demand, "limit": limit, "form": form, "rank": "listed" if listed else "daily"}
        _open([], Spot(area, place, problem, source), wish, before or [], user, as_json=as_json)


def _open(cases: Sequence[str], spot: "Spot | None", given: Mapping[str, Any], before: Sequence[str], user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.supervision.screen import say_opened
    from services.catalogue import catalogue
    from services.moves import Setting
    from services.reading import unit_id_of
    from services.supervision import Wish, note, open_on, read_order

    pieces, setting = _pieces(before), Setting(utcnow())
    with unit_of_work() as session:
        known = catalogue(session)
        actor, wish = known.actor(user), Wish(**{**given, "unit": unit_id_of(known, given["unit"])}, before=pieces)
        opened = note(session, spot, wish, actor, setting) if spot else open_on(session, cases, wish, actor, setting)
    with unit_of_work() as session:
        say_opened(read_order(session, opened.label), opened.case_no if spot else None, as_json=as_json)


def _pieces(texts: Sequence[str]) -> tuple[str | Mapping[str, Any], ...]:
    """Evidence as it was typed: sentences, and files after an @; files are kept before anything is written that speaks of them."""
    from commands.cases.attach import kept

    return tuple(kept([Path(text[1:])])[0].as_evidence() if text.startswith("@") else text for text in texts)


def _add_table(group: typer.Typer) -> None:
    @group.command(help=say("supervise.issue"))
    def issue(
        file: Annotated[Path, _argument("file")],
        user: Annotated[str, _option("as_user", "--as")],
        dry_run: Annotated[bool, _option("dry_run", "--dry-run")] = False,
        rejects: Annotated[Path | None, _option("rejects")] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from commands.supervision.table import Wanted, issue_table

        issue_table(Wanted(file, user, dry_run, rejects), as_json=as_json)


# moves ----------------------------------------------------------------------------------------------------------------


def _add_moves(group: typer.Typer) -> None:
    @group.command(help=say("supervise.sign"))
    def sign(
        user: Annotated[str, _option("as_user", "--as")],
        names: Annotated[list[str] | None, _argument("name")] = None,
        every: Annotated[bool, _option("all", "--all")] = False,
        limit: Annotated[str | None, _option("limit")] = None,
        demand: Annotated[str | None, _option("demand")] = None,
        listed: Annotated[bool, _option("listed", "--listed")] = False,
        with_closed: Annotated[bool, _option("with_closed", "--with-closed")] = False,
        dry_run: Annotated[bool, _option("sign_dry_run", "--dry-run")] = False,
        sure: Annotated[bool, _option("sign_yes", "--yes")] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from commands.supervision.sign import SignAll, to_sign

        if bool(names) == every:
            raise Refused("names_or_all")
        if not names:
            names = to_sign(SignAll(user, with_closed, dry_run, sure), as_json=as_json)
        elif dry_run or with_closed:
            raise Refused("only_with_all")
        args = {"limit": limit, "demand": demand, "rank": "listed" if listed else None}
        if names is not None:
            _ask(names, "sign", user, {name: value for name, value in args.items() if value}, as_json=as_json)

    @group.command(help=say("supervise.reply"))
    def reply(
        names: Annotated[list[str], _argument("name")],
        user: Annotated[str, _option("as_user", "--as")],
        result: Annotated[str, _option("result")],
        after: Annotated[list[str] | None, _option("after")] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _ask(names, "reply", user, {"result": result, "after": _pieces(after or [])}, as_json=as_json)


def _reasoned(action: str) -> Callable[..., None]:
    def move(
        names: Annotated[list[str], _argument("name")],
        user: Annotated[str, _option("as_user", "--as")],
        reason: Annotated[str, _option("reason")],
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _ask(names, action, user, {"reason": reason}, as_json=as_json)

    return move


def _plain(action: str) -> Callable[..., None]:
    def move(
        names: Annotated[list[str], _argument("name")],
        user: Annotated[str, _option("as_user", "--as")],
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _ask(names, action, user, {}, as_json=as_json)

    return move


def _ask(names: Sequence[str], action: str, user: str, args: Mapping[str, object], *, as_json: bool) -> None:
    """Make the move of each."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.supervision.screen import say_done
    from services.catalogue import catalogue
    from services.moves import Setting
    from services.supervision import ask

    with unit_of_work() as session:
        actor = catalogue(session).actor(user)
        results = ask(session, names, action, actor, Setting(utcnow()), args)
    if not say_done(action, results, as_json=as_json):
        raise typer.Exit(1)
