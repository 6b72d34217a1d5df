"""`bihuan poll`: polls with split funding (线上征集 + 线下座谈): opened, answered, recorded, decided, shown."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wording import say

if TYPE_CHECKING:
    from services.polls import Poll, PollResult

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("affairs.as_user"))]
_No = Annotated[str, typer.Argument(help=say("polls.no"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("polls.help"), no_args_is_help=True)
    app.add_typer(group, name="poll")
    _add_open(group)
    _add_answers(group)
    _add_decide(group)

    @group.command(help=say("polls.show"))
    def show(no: _No, as_json: _Json = False) -> None:
        _show(no, as_json=as_json)


def _add_open(group: typer.Typer) -> None:
    @group.command("open", help=say("polls.open"))
    def open_one(
        title: Annotated[str, typer.Argument(help=say("polls.title"))],
        user: _User,
        option: Annotated[list[str], typer.Option(help=say("polls.option"))],
        closes: Annotated[str, typer.Option(help=say("polls.closes"))],
        households: Annotated[int, typer.Option(min=1, help=say("polls.households"))],
        body: Annotated[str, typer.Option(help=say("polls.body"))] = "",
        place: Annotated[str, typer.Option(help=say("polls.place"))] = "",
        case: Annotated[list[str] | None, typer.Option(help=say("polls.case"))] = None,
        area: Annotated[str | None, typer.Option(help=say("polls.area"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.moments import written
        from services.polls import Poll

        until = written(closes, ends=True) or ""
        _open(Poll(title, tuple(option), until, households, body, place), user, case or [], area, as_json=as_json)


def _open(poll: "Poll", user: str, cases: list[str], area: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_began
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.moves import Setting
    from services.polls import open_poll

    with unit_of_work() as session:
        began = open_poll(session, poll, catalogue(session).actor(user), Setting(utcnow()), cases, area)
    print_began(began.no, "poll", poll.title, as_json=as_json)


def _add_answers(group: typer.Typer) -> None:
    @group.command(help=say("polls.answer"))
    def answer(
        no: _No,
        choice: Annotated[str, typer.Argument(help=say("polls.choice"))],
        phone: Annotated[str, typer.Option(help=say("polls.phone"))],
        household: Annotated[str, typer.Option(help=say("polls.household"))] = "",
        words: Annotated[str, typer.Option(help=say("polls.words"))] = "",
    ) -> None:
        _answer(no, choice, phone, household, words)

    @group.command(help=say("polls.record"))
    def record(
        no: _No,
        user: _User,
        answers: Annotated[list[str], typer.Option("--answer", help=say("polls.answers"))],
        how: Annotated[str, typer.Option(help=say("polls.how"))] = "talk",
        words: Annotated[str, typer.Option(help=say("polls.words"))] = "",
        as_json: _Json = False,
    ) -> None:
        from commands.affairs.moves import moved

        args = {"how": how, "answers": tuple(_recorded(each) for each in answers), "words": words}
        moved(no, "record_answers", user, args, as_json=as_json)


def _recorded(text: str) -> dict[str, Any]:
    """Read `OPTION=12` or `OPTION@3-502`.

    Raises:
        Refused: `talk_incomplete`.
    """
    from rules.facts import Refused

    choice, equals, number = text.rpartition("=")
    if equals and number.strip().isdecimal():
        return {"choice": choice.strip(), "households": int(number)}
    choice, at, household = text.rpartition("@")
    if not at or not household.strip():
        raise Refused("talk_incomplete")
    return {"choice": choice.strip(), "household": household.strip()}


def _answer(no: str, choice: str, phone: str, household: str, words: str) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_after
    from commands.opening import unit_of_work
    from services.moves import Setting
    from services.polls import answer

    with unit_of_work() as session:
        answer(session, no, phone, choice, Setting(utcnow()), household=household, words=words)
    typer.echo(say("polls.answered", no=no.upper(), choice=choice))
    print_after(no)


def _add_decide(group: typer.Typer) -> None:
    @group.command(help=say("polls.decide"))
    def decide(
        no: _No,
        user: _User,
        result: Annotated[str, typer.Option(help=say("polls.result"))],
        amount: Annotated[str | None, typer.Option(help=say("polls.amount"))] = None,
        fund: Annotated[list[str] | None, typer.Option(help=say("polls.fund"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.affairs.moves import moved
        from rules.shares import fen

        funding = tuple(_funded(each) for each in fund or ())
        args = {"result": result, "amount_fen": fen(amount) if amount else None, "funding": funding}
        moved(no, "decide_poll", user, args, as_json=as_json)
        if not as_json:
            _show(no, as_json=False)


def _funded(text: str) -> dict[str, Any]:
    """Read `residents=30%`.

    Raises:
        Refused: `share_unreadable`.
    """
    from rules.facts import Refused
    from rules.shares import basis_points

    source, equals, share = text.partition("=")
    if not equals:
        raise Refused("share_unreadable", given=text)
    return {"source": source.strip(), "bp": basis_points(share)}


def _show(no: str, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.polls import poll_result

    with unit_of_work() as session:
        found = poll_result(session, no)
    if as_json:
        print_json(asdict(found))
        return
    _print(found)


def _print(found: "PollResult") -> None:
    from commands.screen import word
    from rules.shares import percent, yuan

    numbers = {"n": found.n, "households": found.households, "part": percent(found.part_bp)}
    typer.echo(say("polls.counted", None, no=found.no, state=word("poll_state", found.state), **numbers))
    for option, n in found.options.items():
        typer.echo(say("polls.of_option", option=option, n=n))
    for fund in found.funding:
        by = found.rounded.get(fund["source"], 0)
        sign = say("deliberation.more" if by > 0 else "deliberation.less")
        told = say("deliberation.rounded", sign=sign, by=f"{abs(by) / 1000:g}") if by else ""
        about = {"source": word("fund_source", fund["source"]), "share": percent(fund["share_bp"]), "amount": yuan(fund["amount_fen"])}
        typer.echo(say("polls.of_fund", None, **about, paid=say("polls.paid" if fund["paid"] else "polls.unpaid")) + told)
    if not found.funding and found.state in ("open", "counted"):
        typer.echo(say("polls.next", no=found.no))
