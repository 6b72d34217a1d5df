"""How inspections are shown: checklists, a list, one with its findings."""

from typing import TYPE_CHECKING

import typer

from wording import say

if TYPE_CHECKING:
    from services.affairs import AffairSheet
    from services.catalogue import Catalogue


def checklists(*, as_json: bool) -> None:
    """The checklists that come with the program."""
    from commands.screen import joined, print_json, print_table, screen
    from services.inspections import checklists
    from wording import language

    found = checklists().values()
    if as_json:
        print_json([{"code": c.code, "zh": c.zh, "en": c.en, "items": list(c.item)} for c in found])
        return
    rows = ((c.code, getattr(c, language()), joined(f"{i['code']} {i[language()]}" for i in c.item)) for c in found)
    print_table("", ("checklist", "title", "check_item"), rows, on=screen())


def list_them(user: str, *, as_json: bool) -> None:
    """The inspections that somebody may know of."""
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, unit_name, word
    from services.catalogue import catalogue
    from services.inspections import visible
    from services.reading import plain

    with unit_of_work() as session:
        known = catalogue(session)
        found = visible(session, known.actor(user))
    if as_json:
        names = ("no", "state", "title", "unit_id", "hidden", "opened_at", "ended_at")
        print_json([plain({name: row[name] for name in names}, known) for row in found])
        return
    if not found:
        typer.echo(say("inspection.none"))
    rows = (
        (
            r["no"],
            r["data"]["name"],
            word("inspection_state", r["state"]),
            unit_name(known, r["unit_id"]),
            local(r["opened_at"], known.zone),
        )
        for r in found
    )
    print_table("", ("inspection", "title", "state", "unit", "opened"), rows, on=screen())


def show(no: str, user: str, *, as_json: bool) -> None:
    """One inspection with its findings and figures."""
    from commands.opening import unit_of_work
    from commands.screen import joined, print_json, print_table, screen
    from services.catalogue import catalogue
    from services.inspections import figures, seen
    from services.reading import plain

    with unit_of_work() as session:
        known = catalogue(session)
        found = seen(session, no, known.actor(user))
    counted = figures(found.parts)
    if as_json:
        told = {
            name: getattr(counted, name) for name in ("findings", "amounts", "handed_out", "corrected", "written_off", "late", "quantity")
        }
        print_json({**plain(found.affair, known), "findings": [plain(part, known) for part in found.parts], "figures": told})
        return
    typer.echo(f"{found.affair['no']} {found.affair['data']['name']}")
    names = ("findings", "handed_out", "corrected", "written_off", "late")
    amounts = joined(f"{amount}{measure}" for measure, amount in counted.amounts.items())
    come_to = say("inspection.come_to", amounts=amounts) if amounts else ""
    typer.echo(say("inspection.figures", None, come_to=come_to, **{name: getattr(counted, name) for name in names}))
    print_table("", ("finding", "title", "place", "quantity", "unit", "state", "handed_as", "due"), _lines(found, known), on=screen())


def _lines(found: "AffairSheet", known: "Catalogue") -> list[tuple[object, ...]]:
    from commands.screen import local, unit_name, word

    due = {clock["part_no"]: clock["due_at"] for clock in found.clocks}
    return [
        (
            *(
                part["no"],
                part["title"],
                part["data"]["place"],
                f"{part['quantity'] or ''}{part['measure']}",
                unit_name(known, part["unit_id"]),
            ),
            *(
                word("finding_state", part["state"]),
                word("how_handed", part["data"].get("how", "")),
                local(due.get(part["no"]), known.zone),
            ),
        )
        for part in found.parts
    ]
