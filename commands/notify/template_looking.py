"""Looking at the words of notices, and at what gateways have approved."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rules.facts import Refused
from wording import language, say

if TYPE_CHECKING:
    from notifications.rendering import TemplateText
    from services.templates.stored import Which


def list_changed(*, as_json: bool) -> None:
    """List versions that people have written, and what gateways said of them, or what they withhold of the program's own words."""
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.templates.approvals import Approval, rulings
    from services.templates.stored import BUILT_IN, versions

    with unit_of_work() as session:
        zone, rows, said = catalogue(session).zone, versions(session), rulings(session)
    if as_json:
        print_json(plain({"versions": [dict(r._mapping) for r in rows], "provider": [dict(r._mapping) for r in said]}))
        return
    if not rows and not said:
        typer.echo(say("template.nothing"))
    columns = ("notice", "medium", "lang", "version", "state", "written_by", "decided_by", "changed_at")
    lines = [
        (*r[1:5], word("template_state", r.state), r.written_by, r.decided_by, local(r.decided_at or r.written_at, zone)) for r in rows
    ]
    print_table(say("template.title"), columns, lines, on=screen())
    columns = ("channel", "notice", "lang", "version", "provider_code", "state", "reason", "changed_at")
    shown = [r for r in said if r.version != BUILT_IN or r.state != Approval.APPROVED]
    lines = [(word("channel", r.channel), *r[1:5], word("template_state", r.state), r.reason, local(r.changed_at, zone)) for r in shown]
    print_table(say("template.rulings"), columns, lines, on=screen())
    if len(shown) < len(said):
        typer.echo(say("template.routine", n=len(said) - len(shown)))


def list_notices(*, as_json: bool) -> None:
    """List every notice with the length of its short message."""
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from notifications.notices import NOTICES
    from notifications.sms_text import longest, worst_case
    from services.templates.using import stored_words

    lang = language()
    with unit_of_work() as session:
        words = stored_words(session)
    found = []
    for code, notice in NOTICES.items():
        version, said = words.of(code, "sms", lang)
        one = {"notice": code, "template": notice.template, "version": version}
        found.append(one | {"longest": longest(said.body, lang), "worst_case": worst_case(said.body, lang), "sms": said.body})
    if as_json:
        print_json(found)
        return
    columns = ("notice", "version", "longest", "worst_case", "sms")
    print_table(say("template.notices"), columns, [tuple(str(each[c]) for c in columns) for each in found], on=screen())


def show_words(notice: str, medium: str, version: int | None, channel: str | None, *, as_json: bool) -> None:
    """Show words, or how they are handed in to a gateway."""
    from commands.notify.preview import occasion
    from commands.screen import print_json
    from notifications.sms_text import longest, worst_case

    which, number, words = _words(notice, medium, version)
    fixed = {"sign": occasion(None).setup.voice.sign}
    lengths = (longest(words.body, which.lang, fixed), worst_case(words.body, which.lang, fixed)) if medium == "sms" else None
    written = None if channel is None else _handed_in(which, words, channel)
    if as_json:
        told = {"notice": which.notice, "medium": medium, "lang": which.lang, "version": number, **asdict(words), "handed_in": written}
        print_json(told | ({"longest": lengths[0], "worst_case": lengths[1]} if lengths else {}))
        return
    typer.echo(say("template.head", notice=which.notice, medium=medium, in_lang=which.lang, version=number))
    typer.echo(f"\n{written or _as_file(words)}\n")
    if lengths:
        typer.echo(say("template.length", units=lengths[0], n=lengths[1]))


def write_words(notice: str, medium: str, version: int | None, to: Path) -> None:
    """Write words to a file, to be changed and drafted; a file that is there is not overwritten."""
    _, _, words = _words(notice, medium, version)
    if to.exists():
        raise Refused("file_there", file=to)
    to.write_text(_as_file(words) + "\n", encoding="utf-8")
    typer.echo(say("template.written", file=to))


def _words(notice: str, medium: str, version: int | None) -> "tuple[Which, int, TemplateText]":
    from commands.opening import unit_of_work
    from services.templates.previewing import words_of
    from services.templates.stored import Which

    which = Which.of(notice, medium, language())
    with unit_of_work() as session:
        return which, *words_of(session, which, version)


def _as_file(words: "TemplateText") -> str:
    from services.templates.stored import written_text

    return written_text(words)


def _handed_in(which: "Which", words: "TemplateText", channel: str) -> str:
    """The words as this channel's gateway wants them.

    Raises:
        Refused: `unknown_channel`; `template_for_sms`, gateways approve short messages only.
    """
    from commands.notify.preview import occasion
    from commands.opening import unit_of_work
    from notifications.variables import site_of
    from services.channels import configured
    from services.templates.approvals import handed_in
    from settings import get_settings

    if which.medium != "sms":
        raise Refused("template_for_sms")
    with unit_of_work() as session:
        found = configured(session, get_settings()).get(channel)
    if found is None:
        raise Refused("unknown_channel", channel=channel)
    fixed = {"site": site_of(occasion(None).setup.base_url, which.lang)}
    return handed_in(words.body, found.url.partition("://")[0], fixed)
