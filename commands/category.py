"""`bihuan category`: the categories of matters: looked at by everybody, made, changed, retired and restored by an administrator."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from services.catalogue import Catalogue
    from services.categories import Written
    from services.category_uses import Uses

_LISTS: Final = ("co", "closing")
_Made = TypeVar("_Made")
_Code = Annotated[str, typer.Argument(help=say("category.code"))]
_By = Annotated[str, typer.Option("--as", help=say("category.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_Authority = Annotated[str | None, typer.Option(help=say("category.authority"))]
_Co = Annotated[str | None, typer.Option(help=say("category.co"))]
_Closing = Annotated[str | None, typer.Option(help=say("category.closing"))]
_Verify = Annotated[bool | None, typer.Option("--verify/--no-verify", help=say("category.verify"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("category.help"), no_args_is_help=True)
    app.add_typer(group, name="category")
    _add_looking(group)
    _add_adding(group)
    _add_changing(group)
    _add_offering(group)


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("category.list"))
    def list_them(as_json: _Json = False) -> None:
        _list(as_json=as_json)

    @group.command(help=say("category.show"))
    def show(code: _Code, as_json: _Json = False) -> None:
        _show(code.strip().upper(), as_json=as_json)


def _add_adding(group: typer.Typer) -> None:
    @group.command("add", help=say("category.add"))
    def make(
        code: _Code,
        zh: Annotated[str, typer.Option(help=say("category.zh"))],
        en: Annotated[str, typer.Option(help=say("category.en"))],
        kind: Annotated[str, typer.Option(help=say("category.kind"))],
        urgency: Annotated[str, typer.Option(help=say("category.urgency"))],
        lead: Annotated[str, typer.Option(help=say("category.lead"))],
        user: _By,
        co: _Co = None,
        authority: _Authority = None,
        closing: _Closing = None,
        verify: _Verify = None,
        as_json: _Json = False,
    ) -> None:
        from services.categories import Written, add

        plain = Written(code.strip().upper(), zh.strip(), en.strip(), kind, urgency.upper(), lead.upper())
        wanted = _with(plain, authority=authority, verify=verify, co=co, closing=closing)
        _do(lambda session, now: add(session, wanted, user, now))
        _tell("added", wanted, as_json=as_json)


def _add_changing(group: typer.Typer) -> None:
    @group.command(help=say("category.change"))
    def change(
        code: _Code,
        user: _By,
        zh: Annotated[str | None, typer.Option(help=say("category.zh"))] = None,
        en: Annotated[str | None, typer.Option(help=say("category.en"))] = None,
        kind: Annotated[str | None, typer.Option(help=say("category.kind"))] = None,
        urgency: Annotated[str | None, typer.Option(help=say("category.urgency"))] = None,
        lead: Annotated[str | None, typer.Option(help=say("category.lead"))] = None,
        co: _Co = None,
        authority: _Authority = None,
        closing: _Closing = None,
        verify: _Verify = None,
        as_json: _Json = False,
    ) -> None:
        plain = {"zh": zh, "en": en, "kind": kind, "urgency": urgency and urgency.upper(), "lead": lead and lead.upper()}
        _change(code.strip().upper(), user, as_json=as_json, authority=authority, verify=verify, co=co, closing=closing, **plain)


def _add_offering(group: typer.Typer) -> None:
    @group.command(help=say("category.retire"))
    def retire(code: _Code, user: _By, reason: Annotated[str, typer.Option(help=say("category.reason"))]) -> None:
        from services.categories import retire as retired

        wanted = code.strip().upper()
        turned = _do(lambda session, now: retired(session, wanted, reason, user, now))
        typer.echo(say("category.retired" if turned else "category.retired_already", category=wanted))

    @group.command(help=say("category.restore"))
    def restore(code: _Code, user: _By) -> None:
        from services.categories import restore as restored

        wanted = code.strip().upper()
        turned = _do(lambda session, now: restored(session, wanted, user, now))
        typer.echo(say("category.restored" if turned else "category.restored_already", category=wanted))


def _with(known: "Written", **given: Any) -> "Written":  # noqa: ANN401 - options of all sorts
    """A category with what was given; what is None stays."""
    values: dict[str, Any] = {name: _split(value) if name in _LISTS else value for name, value in given.items() if value is not None}
    return replace(known, **values)


def _split(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in text.replace("，", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _do(make: "Callable[[Session, datetime], _Made]") -> _Made:
    from clock import utcnow
    from commands.opening import unit_of_work

    try:
        with unit_of_work() as session:
            return make(session, utcnow())
    except Refused as refusal:
        if "field" in refusal.details:  # a field of the page is an option here
            raise Refused(refusal.code, **refusal.details | {"field": f"--{refusal.details['field']}"}) from refusal
        raise


def _change(code: str, user: str, *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - options of all sorts
    from services.categories import change, written

    if all(value is None for value in given.values()):
        raise Refused("category_nothing_to_change")

    def make(session: "Session", now: "datetime") -> "tuple[Written, Written]":
        wanted = _with(written(session, code), **given)
        return change(session, wanted, user, now), wanted

    was, wanted = _do(make)
    _tell("changed" if was != wanted else "same", wanted, as_json=as_json)


def _tell(said: str, row: "Written", *, as_json: bool) -> None:
    from commands.screen import print_json

    if as_json:
        print_json(row.plain())
    else:
        typer.echo(say(f"category.{said}", category=f"{row.code} {row.zh}" if said != "added" else row.code))


def _list(*, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import name_of, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.categories import written

    with unit_of_work() as session:
        known = catalogue(session)
        rows = [(written(session, code).plain(), known.categories[code]) for code in sorted(known.categories)]
    if as_json:
        print_json([{**row, "retired": facts.retired} for row, facts in rows])
        return
    lines = [
        (
            facts.code,
            name_of(facts.name),
            facts.kind,
            word("urgency", facts.urgency),
            _kind(facts.lead, known),
            "✓" if facts.retired else None,
        )
        for _, facts in rows
    ]
    print_table("", ("code", "name", "category_kind", "urgency", "lead_kind", "category_retired"), lines, on=screen())


def _kind(code: str, known: "Catalogue") -> str:
    from commands.screen import name_of

    return name_of(known.kind_names.get(code)) or code


def _show(code: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.categories import written
    from services.category_uses import uses

    with unit_of_work() as session:
        row, known, found = written(session, code), catalogue(session), uses(session, code, utcnow())
    if as_json:
        print_json(plain({**row.plain(), **_told(found, known)}))
    else:
        _print_written(row, known)
        for line in _lines(found, row, known):
            typer.echo(line)


def _told(found: "Uses", known: "Catalogue") -> dict[str, Any]:
    """What applies to a category, for programs."""
    from dataclasses import asdict

    return {
        "retired": asdict(found.retired) if found.retired else None,
        "open_cases": found.cases,
        "rules": [rule.plain() for rule in found.rules],
        "limits": dict(found.limits),
        "own_limits": sorted(found.own),
        "routes": [{"line": row.line, "area": row.area, "owner": row.owner, "lead": row.lead, "co": list(row.co)} for row in found.routes],
        "leads": [known.units[unit].code for unit in found.leads],
        "off_duty_list": [known.units[unit].code for unit in found.off],
    }


def _print_written(row: "Written", known: "Catalogue") -> None:
    from commands.screen import joined, print_table, screen, word

    co = joined(_kind(code, known) for code in row.co)
    rights = (word("urgency", row.urgency), _kind(row.lead, known), co, word("level", row.authority))
    cells = (row.zh, row.en, row.kind, *rights)
    columns = ("category_zh", "category_en", "category_kind", "urgency", "lead_kind", "co_kinds", "authority")
    print_table(say("category.facts", category=row.code), columns, [cells], on=screen())


def _lines(found: "Uses", row: "Written", known: "Catalogue") -> "Iterator[str]":
    """What applies to a category, a sentence a line."""
    from commands.screen import joined, limit_word, local, unit_name, word

    if found.retired is not None:
        gone = found.retired
        yield say("category.retired_since", at=local(gone.at, known.zone), by=gone.by, reason=gone.reason)
    yield say("category.open_cases", n=found.cases, rules=len(found.rules))
    given = {kind: limit for kind, limit in found.limits.items() if limit is not None}
    said = (
        say("category.limit_own" if kind in found.own else "category.limit_default", kind=word("clock", kind), limit=limit_word(limit))
        for kind, limit in given.items()
    )
    yield say("category.limits", limits=joined(said)) if given else say("category.no_limit")
    for each in found.routes:
        yield say("category.route", line=each.line, area=_named(each.area, known), lead=_named(each.lead, known))
    if not any(each.area is None for each in found.routes):
        other = "elsewhere" if found.routes else "to_kind"
        yield say(f"category.{other if found.leads else 'to_nobody'}", lead=_kind(row.lead, known))
    if found.off:
        yield say("category.off_list", units=joined(unit_name(known, unit) for unit in found.off))


def _named(code: str | None, known: "Catalogue") -> str:
    """A unit or a kind of unit by its name; nothing named: everywhere."""
    from commands.screen import unit_name

    if code is None:
        return say("route.everywhere")
    unit = known.unit_ids.get(code)
    return _kind(code, known) if unit is None else unit_name(known, unit) or code
