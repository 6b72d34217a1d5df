"""`bihuan campaign`: plan, projects, lists, progress, money (专项行动); task forces are in task_force.py."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.screen import joined
from wording import say

if TYPE_CHECKING:
    from services.campaigns import Done

_User = Annotated[str, typer.Option("--as", help=say("campaign.as_user"))]
_No = Annotated[str, typer.Argument(help=say("campaign.no"))]
_Part = Annotated[int, typer.Argument(help=say("campaign.part"))]
_Result = Annotated[str, typer.Option(help=say("campaign.result"))]
_Reason = Annotated[str, typer.Option(help=say("campaign.reason"))]
_File = Annotated[Path, typer.Argument(help=say("campaign.file"))]
_Before = Annotated[list[str] | None, typer.Option(help=say("campaign.before"))]
_After = Annotated[list[str] | None, typer.Option(help=say("campaign.after"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    from commands.affairs.campaigns import drafting, screen, task_force

    group = typer.Typer(help=say("campaign.help"), no_args_is_help=True)
    app.add_typer(group, name="campaign")
    screen.add(group)
    drafting.add(group)
    _add_running(group)
    _add_lines(group)
    _add_checking(group)
    _add_money(group)
    task_force.add(group)


def as_somebody(user: str, make: Callable[[Any, Any, Any], Any]) -> Any:  # noqa: ANN401 - what the function gives back
    """Make one change as somebody, now."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.moves import Setting

    with unit_of_work() as session:
        return make(session, catalogue(session).actor(user), Setting(utcnow()))


def _move(no: str, user: str, action: str, part: int | None = None, **args: object) -> None:
    from commands.affairs.answers import say_moved
    from services.campaigns import move

    as_somebody(user, lambda session, actor, setting: move(session, no, action, actor, setting, part, **args))
    say_moved(no, action, user, part)


def _add_running(group: typer.Typer) -> None:
    @group.command(help=say("campaign.start"))
    def start(no: _No, user: _User) -> None:
        _move(no, user, "start_campaign")

    @group.command(help=say("campaign.retarget"))
    def retarget(no: _No, user: _User, target: Annotated[str, typer.Option(help=say("campaign.target"))], reason: _Reason) -> None:
        _retarget(no, user, target, reason)

    @group.command("sign-convention", help=say("campaign.sign"))
    def sign(no: _No, user: _User) -> None:
        _move(no, user, "sign_convention")

    @group.command(help=say("campaign.finish"))
    def finish(no: _No, user: _User, result: _Result) -> None:
        _finish(no, user, result)

    @group.command(help=say("campaign.cancel"))
    def cancel(no: _No, user: _User, reason: _Reason) -> None:
        _move(no, user, "cancel_campaign", reason=reason)


def _retarget(no: str, user: str, target: str, reason: str) -> None:
    from commands.affairs.campaigns.drafting import read_target

    _move(no, user, "set_target", target=read_target(target), reason=reason)


def _finish(no: str, user: str, result: str) -> None:
    from commands.affairs.answers import say_moved
    from services.campaigns import finish

    as_somebody(user, lambda session, actor, setting: finish(session, no, result, actor, setting))
    say_moved(no, "finish_campaign", user)


def _add_lines(group: typer.Typer) -> None:
    @group.command(help=say("campaign.record"))
    def record(
        no: _No,
        user: _User,
        done: Annotated[list[str] | None, typer.Argument(help=say("campaign.done_of"))] = None,
        file: Annotated[Path | None, typer.Option(help=say("campaign.record_file"))] = None,
    ) -> None:
        _record(no, user, done or [], file)

    @group.command(help=say("campaign.task"))
    def task(no: _No, part: _Part, user: _User, result: _Result, before: _Before = None, after: _After = None) -> None:
        _move(no, user, "finish_task", part, result=result, before=tuple(before or ()), after=tuple(after or ()))

    @group.command(help=say("campaign.share"))
    def share(no: _No, user: _User, part: Annotated[list[int], typer.Argument(help=say("campaign.part"))]) -> None:
        _move(no, user, "share_lines", rows=[{"no": each} for each in part])

    @group.command(help=say("campaign.drop"))
    def drop(no: _No, part: _Part, user: _User, reason: _Reason) -> None:
        _move(no, user, "drop_task", part, reason=reason)

    @group.command(help=say("campaign.case"))
    def case(no: _No, part: _Part, user: _User) -> None:
        _case(no, part, user)


def _record(no: str, user: str, done: list[str], file: Path | None) -> None:
    from commands.affairs.answers import say_moved
    from services.campaigns import done_of, done_of_table, record

    lines: list[Done] = [*(done_of(each) for each in done), *(done_of_table(file) if file else ())]
    as_somebody(user, lambda session, actor, setting: record(session, no, lines, actor, setting))
    typer.echo(say("campaign.recorded", lines=len(lines)))
    say_moved(no, "record_progress", user)


def _case(no: str, part: int, user: str) -> None:
    from commands.affairs.answers import print_after
    from services.campaigns import open_case

    case = as_somebody(user, lambda session, actor, setting: open_case(session, no, part, actor, setting))
    typer.echo(say("campaign.case_made", affair=no.upper(), part=part, case=case))
    print_after(no)


def _add_checking(group: typer.Typer) -> None:
    @group.command(help=say("campaign.check"))
    def check(
        no: _No,
        user: _User,
        part: Annotated[list[int], typer.Argument(help=say("campaign.part"))],
        words: Annotated[str, typer.Option(help=say("campaign.words"))] = "",
    ) -> None:
        _check(no, user, part, words)

    @group.command("send-back", help=say("campaign.back"))
    def send_back(no: _No, part: _Part, user: _User, reason: _Reason) -> None:
        _move(no, user, "send_back_task", part, reason=reason)


def _check(no: str, user: str, part: list[int], words: str) -> None:
    from commands.affairs.answers import say_moved
    from services.campaigns import check

    as_somebody(user, lambda session, actor, setting: check(session, no, part, actor, setting, words))
    typer.echo(say("campaign.lines_checked", lines=joined(part)))
    say_moved(no, "check_tasks", user)


def _add_money(group: typer.Typer) -> None:
    @group.command(help=say("campaign.claim"))
    def claim(
        no: _No,
        user: _User,
        quantity: Annotated[int, typer.Option(help=say("campaign.quantity"))],
        amount: Annotated[str, typer.Option(help=say("campaign.amount"))],
        words: Annotated[str, typer.Option(help=say("campaign.words"))] = "",
        after: _After = None,
    ) -> None:
        _claim(no, user, quantity, amount, words, after or [])

    @group.command("claim-check", help=say("campaign.claim_check"))
    def claim_check(no: _No, part: _Part, user: _User, result: _Result) -> None:
        _move(no, user, "check_subsidy", part, result=result)

    @group.command("claim-pay", help=say("campaign.claim_pay"))
    def claim_pay(no: _No, part: _Part, user: _User, result: _Result) -> None:
        _move(no, user, "pay_subsidy", part, result=result)

    @group.command("claim-refuse", help=say("campaign.claim_refuse"))
    def claim_refuse(no: _No, part: _Part, user: _User, reason: _Reason) -> None:
        _move(no, user, "refuse_subsidy", part, reason=reason)


def _claim(no: str, user: str, quantity: int, amount: str, words: str, after: list[str]) -> None:
    from commands.affairs.answers import print_after
    from services.campaigns import Claim, claim
    from services.campaigns.money import fen

    wanted = Claim(quantity, fen(amount), words, tuple(after))
    part = as_somebody(user, lambda session, actor, setting: claim(session, no, wanted, actor, setting))
    typer.echo(say("campaign.claimed", affair=no.upper(), part=part))
    print_after(no)


def moment_of(text: str) -> datetime:
    """A moment as people write an end: `now`, a day (its end), or a moment with its zone.

    Raises:
        Refused: `limit_unreadable`.
    """
    from clock import utcnow
    from commands.affairs.campaigns.drafting import read_target
    from rules.facts import Refused

    if text == "now":
        return utcnow()
    found = read_target(text)
    if "T" not in found:
        raise Refused("limit_unreadable", given=text)
    return datetime.fromisoformat(found)
