"""`bihuan campaign list|show|templates`: how campaigns stand, counted from their lines."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from wording import say

if TYPE_CHECKING:
    from services.affairs import AffairSheet
    from services.campaigns import Progress
    from services.catalogue import Catalogue

_No = Annotated[str, typer.Argument(help=say("campaign.no"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add(group: typer.Typer) -> None:
    """Add the commands to the group."""

    @group.command("list", help=say("campaign.list"))
    def list_them(as_json: _Json = False) -> None:
        _list(as_json=as_json)

    @group.command(help=say("campaign.show"))
    def show(no: _No, everything: Annotated[bool, typer.Option("--all", help=say("campaign.all"))] = False, as_json: _Json = False) -> None:
        _show(no, everything=everything, as_json=as_json)

    @group.command(help=say("campaign.templates"))
    def templates(as_json: _Json = False) -> None:
        _templates(as_json=as_json)


def _list(*, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, unit_name, word
    from rules.facts import Thing
    from services.affairs import affairs
    from services.catalogue import catalogue

    with unit_of_work() as session:
        known = catalogue(session)
        found = affairs(session, [Thing.CAMPAIGN], limit=200)
    if as_json:
        names = ("no", "form", "state", "title", "case_no")
        print_json([{name: getattr(line, name) for name in names} | {"unit": unit_name(known, line.unit_id)} for line in found])
        return
    if not found:
        typer.echo(say("campaign.none"))
    rows = (
        (
            a.no,
            a.title,
            word("campaign_state", a.state),
            unit_name(known, a.unit_id),
            local(a.opened_at, known.zone),
            local(a.due, known.zone),
        )
        for a in found
    )
    print_table("", ("campaign", "title", "state", "unit", "opened", "due"), rows, on=screen())


def _show(no: str, *, everything: bool, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen, unit_name, word
    from services.affairs import sheet
    from services.campaigns import progress, projects
    from services.catalogue import catalogue
    from services.reading import plain

    with unit_of_work() as session:
        known = catalogue(session)
        found, stands, below = sheet(session, no), progress(session, no, utcnow()), projects(session, no)
    if as_json:
        lines = {"lines": [plain(part, known) for part in found.parts]} if everything else {}
        print_json({**plain(found.affair, known), "projects": [row["no"] for row in below], "progress": _plain(stands), **lines})
        return
    typer.echo(f"{found.affair['no']} {found.affair['title']}")
    for sentence in _sentences(stands):
        typer.echo(sentence)
    rows = ((row["no"], row["title"], word("campaign_state", row["state"]), unit_name(known, row["unit_id"])) for row in below)
    print_table("", ("campaign", "title", "state", "unit"), rows, on=screen())
    if everything:
        print_table("", ("list_line", "title", "unit", "quantity_done", "state", "due", "both_sides"), _lines(found, known), on=screen())


def _plain(stands: "Progress") -> dict[str, object]:
    names = ("tasks", "states", "done_bp", "projects", "projects_done", "late", "money_fen")
    found: dict[str, object] = {name: getattr(stands, name) for name in names}
    return found | {"quantities": {m: list(amount) for m, amount in stands.quantities.items()}, "pairs_open": list(stands.pairs_open)}


def _sentences(stands: "Progress") -> Iterator[str]:
    from commands.screen import joined

    states = {name: stands.states.get(name, 0) for name in ("open", "done", "checked", "dropped")}
    about = {"percent": f"{stands.done_bp / 100:.1f}", "tasks": stands.tasks, "late": stands.late}
    yield say("campaign.figures", None, **about, **states, projects=stands.projects, projects_done=stands.projects_done)
    for measure, (done, wanted) in stands.quantities.items():
        yield say("campaign.amounts", done=done, wanted=wanted, measure=measure)
    if any(stands.money_fen.values()):
        yield say("campaign.money", None, **{state: f"{amount / 100:.2f}" for state, amount in stands.money_fen.items()})
    if stands.pairs_open:
        yield say("campaign.pairs", pairs=joined(_in_words(pair) for pair in stands.pairs_open))


def _in_words(pair: str) -> str:
    """A pair as `Progress.pairs_open` names it, in words."""
    no, _, code = pair.partition(" ")
    return f"{no} {_pair(code)}"


def _pair(code: str) -> str:
    """What a pair of a work plan is called; as it was written where a plan has one of its own."""
    from commands.screen import name_of
    from services.campaigns.templates import pairs

    return name_of(pairs().get(code)) or code


def _lines(found: "AffairSheet", known: "Catalogue") -> Iterator[tuple[object, ...]]:
    from commands.screen import local, unit_name, word

    due = {clock["part_no"]: clock["due_at"] for clock in found.clocks}
    for part in found.parts:
        amount = f"{part['done'] or 0}/{part['quantity']}{part['measure']}" if part["quantity"] else ""
        state = word(f"{part['thing']}_state", part["state"])
        when = local(due.get(part["no"]), known.zone)
        yield part["no"], part["title"], unit_name(known, part["unit_id"]), amount, state, when, _pair(part["data"].get("pair") or "")


def _templates(*, as_json: bool) -> None:
    from commands.screen import joined, print_json, print_table, screen
    from services.campaigns import templates
    from wording import language

    found = templates().values()
    if as_json:
        print_json([{"code": t.code, "zh": t.zh, "en": t.en, "actions": [dict(a) for a in t.action]} for t in found])
        return
    rows = ((t.code, getattr(t, language()), joined(f"{a['code']} {a[language()]}" for a in t.action)) for t in found)
    print_table("", ("campaign", "title", "list_line"), rows, on=screen())
