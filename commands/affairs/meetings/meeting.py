"""`bihuan meeting`: deliberation (议事): meetings, agreements with shares and terms, hearings. Standing meetings: `meeting_series`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from wording import say

if TYPE_CHECKING:
    from services.affairs import AffairSheet
    from services.deliberation import HandedOut, Share, Term

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("affairs.as_user"))]
_No = Annotated[str, typer.Argument(help=say("deliberation.no"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    from commands.affairs.meetings import series

    group = typer.Typer(help=say("deliberation.help"), no_args_is_help=True)
    app.add_typer(group, name="meeting")
    _add_call(group)
    _add_agree(group)
    _add_rest(group)
    series.add_to(group)


def _add_call(group: typer.Typer) -> None:
    @group.command(help=say("deliberation.call"))
    def call(
        title: Annotated[str, typer.Argument(help=say("deliberation.title"))],
        user: _User,
        who: Annotated[list[str], typer.Option(help=say("deliberation.who"))],
        form: Annotated[str, typer.Option(help=say("deliberation.form"))] = "bench",
        case: Annotated[list[str] | None, typer.Option(help=say("deliberation.case"))] = None,
        area: Annotated[str | None, typer.Option(help=say("deliberation.area"))] = None,
        at: Annotated[str | None, typer.Option(help=say("deliberation.at"))] = None,
        place: Annotated[str, typer.Option(help=say("deliberation.place"))] = "",
        rule: Annotated[str | None, typer.Option(help=say("deliberation.rule"))] = None,
        option: Annotated[list[str] | None, typer.Option(help=say("deliberation.option"))] = None,
        heads: Annotated[int | None, typer.Option(min=1, help=say("deliberation.heads"))] = None,
        area_total: Annotated[float | None, typer.Option(min=0.01, help=say("deliberation.area_total"))] = None,
        judged: Annotated[str | None, typer.Option(help=say("deliberation.judged"))] = None,
        month: Annotated[str | None, typer.Option(help=say("deliberation.month"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.affairs.answers import print_began
        from commands.moments import written
        from services.affairs.voices import Voice
        from services.deliberation import Called

        voices = [Voice.parse(each) for each in who]
        vote = {"rule": rule, "options": tuple(option) if option else None, "heads": heads, "area_dm2": _dm2(area_total)}
        called = Called(title, form, voices, written(at), place, judged=judged, month=month, **vote)  # type: ignore[arg-type]
        no = _called(called, user, case or [], area)
        print_began(no, "meeting", title, as_json=as_json)


def _dm2(square_metres: float | None) -> int | None:
    return None if square_metres is None else round(square_metres * 100)


def _called(called: object, user: str, cases: list[str], area: str | None) -> str:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.deliberation import call
    from services.moves import Setting

    with unit_of_work() as session:
        return call(session, called, catalogue(session).actor(user), Setting(utcnow()), cases, area).no  # type: ignore[arg-type]


def _add_agree(group: typer.Typer) -> None:
    @group.command(help=say("deliberation.agree"))
    def agree(
        no: _No,
        text: Annotated[str, typer.Argument(help=say("deliberation.text"))],
        user: _User,
        share: Annotated[list[str] | None, typer.Option(help=say("deliberation.share"))] = None,
        amount: Annotated[str | None, typer.Option(help=say("deliberation.amount"))] = None,
        term: Annotated[list[str] | None, typer.Option(help=say("deliberation.term"))] = None,
        at_table: Annotated[bool, typer.Option("--at-table", help=say("deliberation.table"))] = False,
        unsigned: Annotated[bool, typer.Option("--unsigned", help=say("deliberation.unsigned"))] = False,
        as_json: _Json = False,
    ) -> None:
        from rules.shares import fen
        from services.deliberation import Agreement

        shares, terms = [_share(each) for each in share or ()], [_term(each) for each in term or ()]
        money = fen(amount) if amount else None
        agreement = Agreement(text, shares, money, terms, () if unsigned else None, at_table)
        _agree(no, agreement, user, as_json=as_json)


def _share(text: str) -> "Share":
    """Read `2=30%`.

    Raises:
        Refused: `share_unreadable`.
    """
    from rules.facts import Refused
    from rules.shares import basis_points
    from services.deliberation import Share

    voice, equals, share = text.partition("=")
    if not equals or not voice.strip().isdecimal():
        raise Refused("share_unreadable", given=text)
    return Share(int(voice), basis_points(share))


def _term(text: str) -> "Term":
    """Read `unit:water=unblock@1wd`, `user:chenguang.clerk=…`, `2=…`.

    Raises:
        Refused: `term_incomplete`.
    """
    from commands.moments import limit
    from rules.facts import Refused
    from services.deliberation import Term

    who, equals, rest = text.partition("=")
    title, _, within = rest.partition("@")
    until = limit(within.strip() or None)
    kind, colon, name = who.strip().partition(":")
    if not equals or not title.strip() or not (kind.isdecimal() or (colon and kind in ("unit", "user"))):
        raise Refused("term_incomplete")
    if colon:
        return Term(title.strip(), unit=name if kind == "unit" else None, user=name if kind == "user" else None, limit=until)
    return Term(title.strip(), voice=int(kind), limit=until)


def _agree(no: str, agreement: object, user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.affairs import sheet
    from services.catalogue import catalogue
    from services.deliberation import agree
    from services.moves import Setting

    with unit_of_work() as session:
        done = agree(session, no, agreement, catalogue(session).actor(user), Setting(utcnow()))  # type: ignore[arg-type]
        found = sheet(session, no)
    _print_agreed(found, done, as_json=as_json)


def _print_agreed(found: "AffairSheet", done: "HandedOut", *, as_json: bool) -> None:
    """Who carries what, with the rounding told; which units have a work order now."""
    from commands.screen import print_json, word
    from rules.shares import percent, yuan

    row, split = found.affair, found.affair["data"].get("split", {"exact": True, "rounded": {}})
    shares = [{name: p[name] for name in ("no", "share_bp", "amount_fen")} for p in found.parts if p["thing"] == "voice" and p["share_bp"]]
    if as_json:
        print_json(
            {"affair": row["no"], "state": row["state"], "shares": shares, **split, "ordered": done.ordered, "waiting": done.waiting}
        )
        return
    moved = say("affairs.moved", no=row["no"], action=word("action", "agree"), state=word(f"{row['thing']}_state", row["state"]))
    typer.echo(moved)
    for share in shares:
        by = split["rounded"].get(str(share["no"]), 0)
        sign = say("deliberation.more" if by > 0 else "deliberation.less")
        told = say("deliberation.rounded", sign=sign, by=f"{abs(by) / 1000:g}") if by else ""
        typer.echo(say("deliberation.shared", voice=share["no"], share=percent(share["share_bp"]), amount=yuan(share["amount_fen"])) + told)
    _print_orders(row["no"], done, quiet=True)


def _print_orders(no: str, done: "HandedOut", *, quiet: bool = False) -> None:
    from commands.affairs.answers import people_named
    from commands.opening import unit_of_work
    from commands.screen import joined
    from services.catalogue import catalogue

    with unit_of_work() as session:
        known = catalogue(session)
    if done.ordered:
        typer.echo(say("deliberation.ordered", units=joined(people_named(done.ordered, known))))
    if done.waiting:
        typer.echo(say("deliberation.waiting", units=joined(people_named(list(done.waiting), known)), no=no))
    if not quiet and not done.ordered and not done.waiting:
        typer.echo(say("deliberation.no_orders"))


def _add_rest(group: typer.Typer) -> None:
    @group.command(help=say("deliberation.hold"))
    def hold(
        no: _No,
        minutes: Annotated[str, typer.Argument(help=say("deliberation.minutes"))],
        user: _User,
        present: Annotated[list[int] | None, typer.Option(help=say("deliberation.present"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.affairs.moves import moved

        voices = present or _voices(no)
        moved(no, "hold_meeting", user, {"minutes": minutes, "present": tuple(voices)}, as_json=as_json)

    @group.command(help=say("deliberation.publish"))
    def publish(
        no: _No, user: _User, words: Annotated[str, typer.Option(help=say("deliberation.text"))] = "", as_json: _Json = False
    ) -> None:
        from commands.affairs.moves import moved

        moved(no, "publish_hearing", user, {"words": words}, as_json=as_json)

    @group.command(help=say("deliberation.order"))
    def order(no: _No, user: _User, as_json: _Json = False) -> None:
        _order(no, user, as_json=as_json)

    @group.command(help=say("deliberation.fail"))
    def fail(
        no: _No,
        reason: Annotated[str, typer.Argument(help=say("deliberation.reason"))],
        user: _User,
        onward: Annotated[str, typer.Option(help=say("deliberation.onward"))] = "mediation",
        side: Annotated[list[int] | None, typer.Option(help=say("deliberation.side"))] = None,
        kind: Annotated[str, typer.Option(help=say("deliberation.kind_of_dispute"))] = "other",
        as_json: _Json = False,
    ) -> None:
        _fail(no, reason, user, onward, side or [], kind, as_json=as_json)


def _voices(no: str) -> list[int]:
    from commands.opening import unit_of_work
    from services.affairs import sheet

    with unit_of_work() as session:
        return [part["no"] for part in sheet(session, no).parts if part["thing"] == "voice"]


def _order(no: str, user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.deliberation import hand_out
    from services.moves import Setting

    with unit_of_work() as session:
        done = hand_out(session, no, catalogue(session).actor(user), Setting(utcnow()))
    if as_json:
        print_json({"affair": no.upper(), "ordered": done.ordered, "waiting": done.waiting})
    else:
        _print_orders(no.upper(), done)


def _fail(no: str, reason: str, user: str, onward: str, sides: Sequence[int], kind: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.deliberation import fail
    from services.moves import Setting

    with unit_of_work() as session:
        dispute = fail(session, no, onward, reason, catalogue(session).actor(user), Setting(utcnow()), sides=sides, kind=kind)
    if as_json:
        print_json({"affair": no.upper(), "onward": onward, "dispute": dispute})
        return
    typer.echo(say("deliberation.to_dispute", dispute=dispute) if dispute else say("deliberation.went_up"))
