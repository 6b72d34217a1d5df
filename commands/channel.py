"""`bihuan channel`: the ways out of an installation: added, checked, paused and removed by an administrator."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from notifications.outcome import Finding
    from services.channels import Configured, Wanted
    from services.channels.checking import Checked

SHOWN: Final = 8  #: of the notices without approved words, so many are named
_Code = Annotated[str, typer.Argument(help=say("channels.code"))]
_By = Annotated[str, typer.Option("--as", help=say("channels.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("cli.channel"), no_args_is_help=True)
    app.add_typer(group, name="channel")
    _add_adding(group)
    _add_looking(group)
    _add_changing(group)


def _add_adding(group: typer.Typer) -> None:
    @group.command("add", help=say("channels.add"))
    def configure(
        code: _Code,
        url: Annotated[str, typer.Argument(help=say("channels.url"))],
        user: _By,
        public: Annotated[bool, typer.Option("--public", help=say("channels.public"))] = False,
        note: Annotated[str, typer.Option(help=say("channels.note"))] = "",
        replace: Annotated[bool, typer.Option("--replace", help=say("channels.replace"))] = False,
        check: Annotated[bool, typer.Option("--check/--no-check", help=say("channels.no_check"))] = True,
        as_json: _Json = False,
    ) -> None:
        from services.channels import Wanted

        _add(Wanted(code, _given(url), public, note, replace), user, check=check, as_json=as_json)


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("channels.list"))
    def list_them(as_json: _Json = False) -> None:
        _list(as_json=as_json)

    @group.command(help=say("channels.check"))
    def check(code: Annotated[str | None, typer.Argument(help=say("channels.code"))] = None, as_json: _Json = False) -> None:
        _check(code, as_json=as_json)


def _add_changing(group: typer.Typer) -> None:
    @group.command(help=say("channels.pause"))
    def pause(code: _Code, user: _By) -> None:
        from services.channels.stored import set_enabled

        _change("paused", code, lambda session, now: set_enabled(session, code, user, now, enabled=False))

    @group.command(help=say("channels.resume"))
    def resume(code: _Code, user: _By) -> None:
        from services.channels.stored import set_enabled

        _change("resumed", code, lambda session, now: set_enabled(session, code, user, now, enabled=True))

    @group.command(help=say("channels.remove"))
    def remove(code: _Code, user: _By) -> None:
        from services.channels import stored

        _change("removed", code, lambda session, now: stored.remove(session, code, user, now))

    @group.command(help=say("channels.callback"))
    def callback(code: _Code, user: _By, as_json: _Json = False) -> None:
        _callback(code, user, as_json=as_json)


def _given(url: str) -> str:
    """The address, or what is typed or piped in where it must not stand in the history of a shell."""
    return sys.stdin.readline().strip() if url == "-" else url.strip()


def _add(wanted: "Wanted", user: str, *, check: bool, as_json: bool) -> None:
    """Write it down if it can be used, and say where its receipts are to come."""
    from clock import utcnow
    from commands.opening import database
    from commands.screen import joined, print_json
    from notifications.chains import IN_CHAINS
    from notifications.channels.secrets import masked_url
    from services.channels.setting_up import set_up
    from settings import get_settings

    with database() as opened:
        made = set_up(opened, get_settings(), wanted, user, utcnow, ask=check)
    secret = made.secret
    about = {"channel": wanted.code, "url": masked_url(wanted.address), "callback": secret and _callback_address(wanted.code, secret)}
    if as_json:
        print_json({**about, "findings": [_plain(finding) for finding in made.findings]})
        return
    for finding in made.findings:
        typer.echo(_in_words(finding))
    typer.echo(say("channels.added", channel=wanted.code, url=about["url"]))
    if made.spare:
        typer.echo(say("channels.spare", channel=wanted.code, known=joined(IN_CHAINS)))
    if made.called_back:
        _say_callback(wanted.code, secret)


def _in_words(finding: "Finding") -> str:
    return say(finding.key, None, **finding.values)


def _plain(finding: "Finding") -> dict[str, Any]:
    return {"ok": finding.ok, "finding": finding.key, "text": _in_words(finding)}


def _list(*, as_json: bool) -> None:
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.channels import configured
    from settings import get_settings

    with unit_of_work() as session:
        known, found = catalogue(session), list(configured(session, get_settings()).values())
    if as_json:
        print_json([plain(_told(each)) for each in found])
        return
    rows = []
    for each in map(_told, found):
        standing = say("channels.in_use" if each["enabled"] else "channels.is_paused")
        about = (
            each["channel"],
            word("medium", each["medium"]),
            each["url"],
            standing,
            say("channels.public_yes") if each["public"] else None,
        )
        rows.append(
            (*about, word("channel_origin", each["origin"]), _by(each["changed_by"]), local(each["changed_at"], known.zone), each["note"])
        )
    print_table("", ("channel", "medium", "url", "standing", "public", "origin", "changed_by", "changed_at", "note"), rows, on=screen())


def _by(user: str | None) -> str | None:
    """Who changed a channel; what nobody configured the demonstration did."""
    from services.channels import SYSTEM

    return say("channels.demonstration") if user == SYSTEM else user


def _told(channel: "Configured") -> dict[str, Any]:
    """A channel as it may be shown: no secrets; what its address does not say (it is a bad one) is empty."""
    from notifications.channels.secrets import masked_url
    from services.channels.checking import traits_of
    from settings import get_settings

    traits = traits_of(channel.code, channel.url, get_settings())
    return {
        "channel": channel.code,
        "url": masked_url(channel.url),
        "medium": traits and traits.medium,
        "public": channel.public if traits is None else traits.public,
        "enabled": channel.enabled,
        "origin": channel.origin,
        "receipts": channel.calls_back,
        "note": channel.note,
        "changed_by": channel.changed_by,
        "changed_at": channel.changed_at,
    }


def _check(code: str | None, *, as_json: bool) -> None:
    """Look at one channel or at all; exit code 1 when one of them cannot be used."""
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.channels import configured
    from services.channels.checking import check_channels
    from settings import get_settings

    with unit_of_work() as session:
        found = configured(session, get_settings())
    if code is not None and code not in found:
        raise Refused("unknown_channel", channel=code)
    wanted = [each for each in found.values() if code in (None, each.code)]
    results, lacking = check_channels(wanted, get_settings()), _lacking(wanted)
    if as_json:
        print_json([_checked(result, lacking) for result in results])
    else:
        _say_checked(results, lacking)
    raise typer.Exit(0 if all(r.ok for r in results) else 1)


def _checked(result: "Checked", lacking: "Mapping[str, Sequence[str]]") -> dict[str, Any]:
    code = result.channel.code
    findings = [_plain(finding) for finding in result.findings]
    return {"channel": code, "ok": result.ok, "findings": findings, "unapproved": lacking.get(code, [])}


def _lacking(wanted: "Sequence[Configured]") -> dict[str, list[str]]:
    """Of each public gateway the notices whose words it has not approved: it cannot send them."""
    from commands.opening import unit_of_work
    from services.channels.checking import public_gateways
    from services.templates.approvals import missing
    from settings import get_settings

    public = public_gateways(wanted, get_settings())
    with unit_of_work() as session:
        return {code: [each.notice for each in missing(session, code, get_settings().lang)] for code in public}


def _say_checked(results: "Sequence[Checked]", lacking: "Mapping[str, Sequence[str]]") -> None:
    from notifications.notices import NOTICES

    every = len({notice.template for notice in NOTICES.values()})
    for result in results:
        notices = lacking.get(result.channel.code, ())
        typer.echo(f"{_mark(result, notices)} {result.channel.code}")
        for finding in result.findings:
            typer.echo(f"    {_in_words(finding)}")
        if notices:
            told = say("channels.unapproved", n=len(notices), all=every, notices=_some(notices))
            typer.echo(f"    {told}")


def _mark(result: "Checked", unapproved: "Sequence[str]") -> str:
    """✗ cannot be used, ! lets some messages through only, ✓ is well."""
    return "✗" if not result.ok else "!" if unapproved else "✓"


def _some(notices: "Sequence[str]") -> str:
    from commands.screen import joined

    return joined(notices[:SHOWN]) + ("…" if len(notices) > SHOWN else "")


def _change(said: str, code: str, change: "Callable[[Session, datetime], None]") -> None:
    from clock import utcnow
    from commands.opening import unit_of_work

    with unit_of_work() as session:
        change(session, utcnow())
    typer.echo(say(f"channels.{said}", None, channel=code))


def _callback(code: str, user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.channels.stored import new_secret

    with unit_of_work() as session:
        secret = new_secret(session, code, user, utcnow())
    if as_json:
        print_json({"channel": code, "callback": _callback_address(code, secret)})
    else:
        _say_callback(code, secret)


def _say_callback(code: str, secret: str | None) -> None:
    if secret is not None:
        typer.echo(say("channels.callback_is", address=_callback_address(code, secret)))
        typer.echo(say("channels.once"))


def _callback_address(code: str, secret: str) -> str:
    from services.channels.setting_up import callback_address
    from settings import get_settings

    return callback_address(get_settings(), code, secret)
