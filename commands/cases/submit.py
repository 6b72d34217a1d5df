"""`bihuan submit`: hand in one case, or what was copied out of a chat group."""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.intake import Report, Where

_TEXT: Final = str | None
#: Option → type, default, how it is written where that is not `--name`, and the key of its help.
OPTIONS: Final[Mapping[str, tuple[Any, Any, tuple[str, ...], str]]] = {
    "body": (str, "", (), "cli.submit_body"),
    "subject": (str, "", (), "cli.submit_subject"),
    "source": (_TEXT, None, (), "cli.source"),
    "area": (_TEXT, None, (), "cli.submit_area"),
    "place": (str, "", (), "cli.submit_place"),
    "phone": (_TEXT, None, (), "cli.submit_phone"),
    "name": (_TEXT, None, (), "cli.submit_name"),
    "key": (_TEXT, None, (), "cli.submit_key"),
    "group": (_TEXT, None, (), "intake.group"),
    "due": (_TEXT, None, (), "cli.submit_due"),
    "due_note": (_TEXT, None, (), "cli.submit_due_note"),
    "photo": (list[Path] | None, None, (), "intake.photo"),
    "at": (_TEXT, None, (), "intake.at"),
    "datum": (_TEXT, None, (), "intake.datum"),
    "accuracy": (int | None, None, (), "intake.accuracy"),
    "no_contact": (bool, False, ("--no-contact",), "intake.no_contact"),
    "user": (_TEXT, None, ("--as",), "intake.as_user"),
    "upstream_no": (_TEXT, None, (), "intake.upstream_no"),
    "upstream_system": (_TEXT, None, (), "intake.upstream_system"),
    "reply_to": (_TEXT, None, (), "intake.reply_to"),
    "chat": (_TEXT, None, (), "intake.chat"),
    "dry_run": (bool, False, ("--dry-run",), "intake.dry_run"),
    "as_json": (bool, False, ("--json",), "cli.json"),
}
#: What a chat group takes along; everything else is about one report.
OF_CHAT: Final = frozenset({"chat", "group", "source", "area", "place", "user", "dry_run", "as_json"})


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed: an attribute for each option, by its name in `OPTIONS`."""

    options: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as typed
        """The value of an option."""
        return self.options[name]


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    def submit(**options: Any) -> None:  # noqa: ANN401 - as typed; the signature is set below
        given = Given(options)
        if given.chat is None:
            _one(given)
            return
        from commands.cases.submit_chat import submit_chat

        more = [f"--{n.replace('_', '-')}" for n, (_, default, *_) in OPTIONS.items() if n not in OF_CHAT and options[n] != default]
        submit_chat(given, more)

    submit.__signature__ = inspect.Signature([_option(name) for name in OPTIONS])  # type: ignore[attr-defined]
    submit.__annotations__.clear()
    app.command(help=say("cli.submit"))(submit)


def _option(name: str) -> inspect.Parameter:
    kind, default, written, key = OPTIONS[name]
    asked = typer.Option(*(written or (f"--{name.replace('_', '-')}",)), help=say(key))
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, asked])


def text_from(place: str) -> str:
    """A text from standard input (`-`) or from a file, in either encoding.

    Raises:
        Refused: `undecodable_text`.
        OSError: the file cannot be read.
    """
    from services.tables import BOM, encoding_of

    data = (sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()).removeprefix(BOM)
    try:
        return data.decode(encoding_of(data)).strip()
    except UnicodeDecodeError:
        raise Refused("undecodable_text") from None


def found_again_by(phone: str | None, name: str | None, key: str | None) -> str | None:
    """A phone says who it is; a name alone does not (many share one), so it counts for this report only."""
    if phone or not name:
        return phone or None
    from uuid import uuid4

    return f"once:{key or uuid4()}"


def _one(given: Given) -> None:
    from clock import utcnow
    from commands.cases.attach import kept
    from commands.opening import unit_of_work
    from commands.screen import errors, print_json
    from rules.facts import SYSTEM
    from services.catalogue import catalogue
    from services.intake import submit
    from services.moves import Setting

    if given.dry_run:
        raise Refused("dry_run_of_chat_only")
    report = _report(given)
    _check(report)
    files = kept(given.photo or ())
    with unit_of_work() as session:
        _known_group(report.special_group, session)
        actor = catalogue(session).actor(given.user) if given.user else SYSTEM
        (done,) = submit(session, [_with(report, files)], Setting(utcnow()), actor)
    if given.as_json:
        print_json({"no": done.no, "known": done.known})
        return
    typer.echo(done.no)
    if done.known:
        errors().print(say("cli.known"))


def _with(report: "Report", files: tuple[Any, ...]) -> "Report":
    from dataclasses import replace

    return replace(report, files=files)


def _report(given: Given) -> "Report":
    from commands.moments import typed
    from services.intake import HOTLINE, Report, dialled

    number = dialled(given.phone) if given.phone else None
    return Report(
        given.subject,
        text_from("-") if given.body == "-" else given.body,
        given.source or "resident",
        given.area,
        given.place,
        found_again_by(number, given.name, given.key),
        given.name,
        number,
        given.key,
        given.group,
        typed(given.due),
        given.due_note,
        where=_where(given),
        contact_allowed=not given.no_contact,
        upstream_system=given.upstream_system or (HOTLINE if given.upstream_no else None),
        upstream_no=given.upstream_no,
        upstream_reply_to=given.reply_to,
    )


def _where(given: Given) -> "Where | None":
    """The point that was typed.

    Raises:
        Refused: `bad_point`, `unknown_datum`, `accuracy_without_point`.
    """
    from rules.geo import datum_named, parse_point
    from services.intake import Where

    if given.at is None:
        if given.datum is not None or given.accuracy is not None:
            raise Refused("accuracy_without_point")
        return None
    return Where(parse_point(given.at), datum_named(given.datum or "WGS84"), given.accuracy)


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
    from services.intake.importing import KEY_MAX, NAME_MAX, PLACE_MAX, is_phone

    for text in (report.subject, report.body, report.place, report.name or "", report.phone or "", report.key or ""):
        if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
            raise Refused("undecodable_text")
    limits = (("--place", report.place, PLACE_MAX), ("--key", report.key or "", KEY_MAX), ("--name", report.name or "", NAME_MAX))
    for option, text, most in limits:
        if len(text) > most:
            raise Refused("too_long", option=option, most=most)
    if report.phone and not is_phone(report.phone):
        raise Refused("bad_phone")
