"""`bihuan submit`: hand in one case."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.intake import Report


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("cli.submit"))
    def submit(
        body: Annotated[str, typer.Option(help=say("cli.submit_body"))] = "",
        subject: Annotated[str, typer.Option(help=say("cli.submit_subject"))] = "",
        source: Annotated[str, typer.Option(help=say("cli.source"))] = "resident",
        area: Annotated[str | None, typer.Option(help=say("cli.submit_area"))] = None,
        place: Annotated[str, typer.Option(help=say("cli.submit_place"))] = "",
        phone: Annotated[str | None, typer.Option(help=say("cli.submit_phone"))] = None,
        name: Annotated[str | None, typer.Option(help=say("cli.submit_name"))] = None,
        key: Annotated[str | None, typer.Option(help=say("cli.submit_key"))] = None,
        group: Annotated[str | None, typer.Option(help=say("cli.submit_group"))] = None,
        due: Annotated[str | None, typer.Option(help=say("cli.submit_due"))] = None,
        due_note: Annotated[str | None, typer.Option(help=say("cli.submit_due_note"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.intake import Report, dialled

        text, number = _from_stdin() if body == "-" else body, dialled(phone) if phone else None
        who = (_found_again_by(number, name, key), name, number)
        report = Report(subject, text, source, area, place, *who, key, group, _moment(due), due_note)
        _submit(report, as_json=as_json)


def _from_stdin() -> str:
    """The body as it comes in, in either encoding.

    Raises:
        Refused: `undecodable_text`.
    """
    from services.tables import BOM, encoding_of

    data = sys.stdin.buffer.read().removeprefix(BOM)
    try:
        return data.decode(encoding_of(data)).strip()
    except UnicodeDecodeError:
        raise Refused("undecodable_text") from None


def _moment(text: str | None) -> datetime | None:
    """A moment with its zone: a limit that others have set is not guessed at.

    Raises:
        Refused: `bad_moment`.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("bad_moment", given=text) from None
    if found.tzinfo is None:
        raise Refused("bad_moment", given=text)
    return found


def _found_again_by(phone: str | None, name: str | None, key: str | None) -> str | None:
    """A phone says who it is; a name alone does not (many share one), so it counts for this report only."""
    if phone or not name:
        return phone or None
    from uuid import uuid4

    return f"once:{key or uuid4()}"


def _submit(report: "Report", *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import errors, print_json
    from services.intake import submit
    from services.moves import Setting

    _check(report)
    with unit_of_work() as session:
        _known_group(report.special_group, session)
        (done,) = submit(session, [report], Setting(utcnow()))
    if as_json:
        print_json({"no": done.no, "known": done.known})
        return
    typer.echo(done.no)
    if done.known:
        errors().print(say("cli.known"))


def _known_group(code: str | None, session: "Session") -> None:
    """Refuse a special group that there is none of, and say which there are.

    Raises:
        Refused: `no_such_group`.
    """
    from commands.screen import joined, name_of
    from services.catalogue import catalogue

    groups = catalogue(session).groups
    if code and code not in groups:
        raise Refused("no_such_group", given=code, known=joined(f"{each} {name_of(name)}" for each, name in groups.items()))


def _check(report: "Report") -> None:
    """Refuse what no database can keep, and what is no phone number.

    Raises:
        Refused: `undecodable_text`, `too_long`, `bad_phone`.
    """
    from services.importing import KEY_MAX, NAME_MAX, PLACE_MAX, is_phone

    for text in (report.subject, report.body, report.place, report.name or "", report.phone or "", report.key or ""):
        if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
            raise Refused("undecodable_text")
    limits = (("--place", report.place, PLACE_MAX), ("--key", report.key or "", KEY_MAX), ("--name", report.name or "", NAME_MAX))
    for option, text, most in limits:
        if len(text) > most:
            raise Refused("too_long", option=option, most=most)
    if report.phone and not is_phone(report.phone):
        raise Refused("bad_phone")
