"""Writing, proposing and publishing the words of notices."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rules.facts import Refused
from wording import language, say

if TYPE_CHECKING:
    from services.templates.stored import Which


def make_draft(notice: str, medium: str, file: Path, user: str, note: str, *, as_json: bool) -> None:
    """Store the words of a file as a draft."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.templates.drafting import draft
    from services.templates.stored import read_text

    which = which_of(notice, medium)
    words = read_text(medium, _read(file))
    with unit_of_work() as session:
        version = draft(session, which, words, user, utcnow(), note)
    tell("drafted", which, version, as_json=as_json, user=user)


def _read(file: Path) -> str:
    """The text of a file; `-` is standard input.

    Raises:
        Refused: `template_not_text`.
    """
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("template_not_text", file=file) from None


def propose_draft(notice: str, medium: str, version: int, user: str, case: str | None, *, as_json: bool) -> None:
    """Check a draft and hand it to a second person."""
    from clock import utcnow
    from commands.notify.preview import occasion
    from commands.opening import unit_of_work
    from services.templates.drafting import propose

    which = which_of(notice, medium)
    with unit_of_work() as session:
        propose(session, which, version, user, utcnow(), occasion(case))
    tell("proposed", which, version, as_json=as_json)


def publish_version(notice: str, medium: str, version: int, user: str, *, as_json: bool) -> None:
    """Publish proposed words, and say which public gateways have still to approve them."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.channels import configured
    from services.templates.drafting import publish
    from services.templates.using import stored_words
    from settings import get_settings

    which = which_of(notice, medium)
    with unit_of_work() as session:
        publish(session, which, version, user, utcnow())
        there, words = configured(session, get_settings()), stored_words(session)
    public = _public({code: each.url for code, each in there.items()}) if medium == "sms" else []
    waiting = [code for code in public if words.provider(code, which.notice, which.lang, version) is None]
    tell("published", which, version, as_json=as_json, not_approved_by=waiting)
    if not as_json:
        for code in waiting:
            typer.echo(say("template.not_yet", channel=code))


def _public(urls: dict[str, str]) -> list[str]:
    """Which of these channels are public gateways."""
    from services.channels.checking import traits_of
    from settings import get_settings

    found = {code: traits_of(code, url, get_settings()) for code, url in urls.items()}
    return [code for code, traits in found.items() if traits is not None and traits.public]


def refuse_version(notice: str, medium: str, version: int, user: str, note: str, *, as_json: bool) -> None:
    """Refuse proposed words."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.templates.drafting import refuse

    which = which_of(notice, medium)
    with unit_of_work() as session:
        refuse(session, which, version, user, utcnow(), note)
    tell("refused", which, version, as_json=as_json)


def retire_version(notice: str, medium: str, version: int, user: str, *, as_json: bool) -> None:
    """Take words out of use."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.templates.drafting import retire

    which = which_of(notice, medium)
    with unit_of_work() as session:
        retire(session, which, version, user, utcnow())
    tell("retired", which, version, as_json=as_json)


def which_of(notice: str, medium: str) -> "Which":
    """What words are for, in the language of this process.

    Raises:
        Refused: `unknown_notice`, `unknown_medium`.
    """
    from services.templates.stored import Which

    return Which.of(notice, medium, language())


def tell(what: str, which: "Which", version: int, *, as_json: bool, **more: Any) -> None:  # noqa: ANN401 - values of the sentence
    """Say what was done with words."""
    from commands.screen import print_json

    told = {**more, "notice": which.notice, "medium": which.medium, "version": version}
    if as_json:
        print_json({"done": what, "lang": which.lang, **told})
    else:
        typer.echo(say(f"template.{what}", None, in_lang=which.lang, **told))
