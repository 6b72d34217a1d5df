"""`bihuan dispute`: disputes (矛盾纠纷): put on record, diverted, police and grid on one record, and who waits for whom."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from wording import say

if TYPE_CHECKING:
    from services.disputes import Raised

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("affairs.as_user"))]
_No = Annotated[str, typer.Argument(help=say("disputes.no"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("disputes.help"), no_args_is_help=True)
    app.add_typer(group, name="dispute")
    _add_open(group)
    _add_moves(group)

    @group.command(help=say("disputes.stand"))
    def stand(
        no: _No, user: Annotated[str | None, typer.Option("--as", help=say("affairs.reader"))] = None, as_json: _Json = False
    ) -> None:
        _stand(no, user, as_json=as_json)


def _add_open(group: typer.Typer) -> None:
    @group.command("open", help=say("disputes.open"))
    def open_one(
        title: Annotated[str, typer.Argument(help=say("disputes.title"))],
        user: _User,
        kind: Annotated[str, typer.Option(help=say("disputes.kind"))],
        who: Annotated[list[str] | None, typer.Option(help=say("disputes.who"))] = None,
        unit: Annotated[str | None, typer.Option(help=say("disputes.unit"))] = None,
        source: Annotated[str | None, typer.Option("--from", help=say("disputes.source"))] = None,
        reference: Annotated[str | None, typer.Option(help=say("disputes.reference"))] = None,
        pending: Annotated[str | None, typer.Option(help=say("disputes.pending"))] = None,
        body: Annotated[str, typer.Option(help=say("disputes.body"))] = "",
        case: Annotated[list[str] | None, typer.Option(help=say("disputes.case"))] = None,
        area: Annotated[str | None, typer.Option(help=say("disputes.area"))] = None,
        as_json: _Json = False,
    ) -> None:
        from services.affairs.voices import Voice
        from services.disputes import Raised

        voices = [Voice.parse(each) for each in who or ()]
        raised = Raised(title, kind, voices, body, unit=unit, source=source, reference=reference, pending=pending)
        _open(raised, user, case or [], area, as_json=as_json)


def _open(raised: "Raised", user: str, cases: list[str], area: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_began
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.disputes import raise_dispute
    from services.moves import Setting

    with unit_of_work() as session:
        began = raise_dispute(session, raised, catalogue(session).actor(user), Setting(utcnow()), cases, area)
    print_began(began.no, "dispute", raised.title, as_json=as_json)


def _add_moves(group: typer.Typer) -> None:
    @group.command(help=say("disputes.divert"))
    def divert(
        no: _No,
        to: Annotated[str, typer.Argument(help=say("disputes.to"))],
        reason: Annotated[str, typer.Argument(help=say("disputes.reason"))],
        user: _User,
        unit: Annotated[str | None, typer.Option(help=say("disputes.divert_unit"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.affairs.moves import moved

        moved(no, "divert_dispute", user, {"to": to, "reason": reason, "unit": _unit(unit)}, as_json=as_json)

    @group.command(help=say("disputes.joint"))
    def joint(
        no: _No,
        way: Annotated[str, typer.Argument(help=say("disputes.way"))],
        words: Annotated[str, typer.Argument(help=say("disputes.words"))],
        user: _User,
        other: Annotated[str, typer.Option("--with", help=say("disputes.other"))],
        as_json: _Json = False,
    ) -> None:
        from commands.affairs.moves import moved

        moved(no, "act_jointly", user, {"way": way, "words": words, "unit": _unit(other)}, as_json=as_json)


def _unit(code: str | None) -> int | None:
    """Id of a unit by its code.

    Raises:
        Refused: `unknown_unit`.
    """
    from commands.opening import unit_of_work
    from rules.facts import Refused
    from services.catalogue import catalogue

    if code is None:
        return None
    with unit_of_work() as session:
        ids = catalogue(session).unit_ids
    if code not in ids:
        raise Refused("unknown_unit", unit=code)
    return ids[code]


def _stand(no: str, user: str | None, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import joined, local, print_json, word
    from services.affairs.people import actor_of
    from services.catalogue import catalogue
    from services.disputes import standing
    from services.moves.affairs.elsewhere import bodies
    from wording import language

    with unit_of_work() as session:
        known = catalogue(session)
        found = standing(session, no, actor_of(session, user) if user else None)
    if as_json:
        print_json(asdict(found) | {"due": found.due.isoformat() if found.due else None})
        return

    def name(code: str) -> str:
        return str(bodies()[code][language()])

    with_whom = name(found.with_body) if found.with_body else say("disputes.us")
    waits = joined(name(body) for body in found.waits_for_us) or say("disputes.nobody")
    state = word("dispute_state", found.state)
    typer.echo(
        say("disputes.stands", no=found.no, state=state, body=with_whom, waits=waits, checked=found.checked, one_sided=found.one_sided)
    )
    if found.due:
        typer.echo(say("affairs.fact", name=word("column", "due"), value=local(found.due, known.zone)))
