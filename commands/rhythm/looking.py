"""Looking at score sheets, results of weeks and bulletins."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.rhythm.asking import Asked, Json, Viewer, asked, number_of
from wording import language, say

if TYPE_CHECKING:
    from services.rhythm.weeks import Score

_Week = Annotated[str | None, typer.Argument(help=say("rhythm.week_day"))]


def add_weekly(group: typer.Typer) -> None:
    """Add what `bihuan weekly` shows."""
    _add_topics(group)
    _add_sheets(group)
    _add_sheet(group)

    @group.command(help=say("rhythm.result"))
    def result(week: _Week = None, as_json: Json = False) -> None:
        from services.rhythm.periods import local_day, read_day
        from services.rhythm.weeks import result as found

        with asked(None) as at:
            scores = found(at.session, read_day(week) if week else local_day(at.now, at.known.zone))
            print_result(at, scores, as_json=as_json)


def print_result(at: Asked, scores: "Sequence[Score]", *, as_json: bool) -> None:
    """The result of a week: topic, street, sheets, mean, and whether that is few."""
    from commands.screen import print_json, print_table, screen, unit_name
    from services.rhythm.weeks import topic_names

    if as_json:
        areas = {s.area_unit_id: at.known.units[s.area_unit_id].code for s in scores if s.area_unit_id is not None}
        rows = [
            {"topic": s.topic, "area": areas.get(s.area_unit_id or 0), "sheets": s.sheets, "mean": s.mean / 100, "small": s.small}
            for s in scores
        ]
        print_json(rows)
        return
    topics = topic_names(at.session)
    cells = [
        (
            _topic(topics, s.topic),
            unit_name(at.known, s.area_unit_id) or say("rhythm.everywhere"),
            s.sheets,
            f"{s.mean / 100:.2f}",
            say("bulletin.small") if s.small else "",
        )
        for s in scores
    ]
    print_table("", ("topic_of_sheets", "area", "sheets", "mean", "note"), cells, on=screen())
    if not scores:
        typer.echo(say("rhythm.no_result"))


def _topic(topics: Mapping[str, Any], code: str) -> str:
    """What a topic of sheets is called; the code of one that the rules name no more."""
    return str(getattr(topics[code], language())) if code in topics else code


def _add_topics(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.topics"))
    def topics(as_json: Json = False) -> None:
        from commands.screen import print_json, print_table, screen
        from services.rhythm.weeks import topic_names

        with asked(None) as at:
            found = topic_names(at.session)
        items = [(t, i) for t in found.values() for i in t.items]
        if as_json:
            print_json(
                [{"topic": t.code, "item": i.code, "zh": i.zh, "en": i.en, "points": i.points / 10, "photo": i.photo} for t, i in items]
            )
            return
        photo = {True: say("rhythm.photo_needed"), False: ""}
        cells = [(t.code, getattr(t, language()), i.code, getattr(i, language()), f"{i.points / 10:g}", photo[i.photo]) for t, i in items]
        print_table("", ("topic_of_sheets", "topic_name", "item_code", "item_name", "points", "note"), cells, on=screen())


def _add_sheets(group: typer.Typer) -> None:
    @group.command("list", help=say("rhythm.sheets"))
    def list_them(week: _Week = None, user: Viewer = None, as_json: Json = False) -> None:
        from commands.screen import print_json, print_table, screen, unit_name
        from services.reading import plain
        from services.rhythm.periods import local_day, read_day
        from services.rhythm.sheets import label
        from services.rhythm.weeks import may_read, sheets_of, topic_names

        with asked(user) as at:
            topics = topic_names(at.session)
            rows = sheets_of(at.session, read_day(week) if week else local_day(at.now, at.known.zone))
            rows = [row for row in rows if may_read(row, at.actor, at.known)]
        if as_json:
            print_json([plain(row, at.known) for row in rows])
            return
        cells = [
            (
                label(r["id"]),
                _topic(topics, r["topic"]),
                unit_name(at.known, r["unit_id"]),
                r["place"],
                say(f"sheet_state.{r['state']}"),
                r["scorer"],
            )
            for r in rows
        ]
        print_table("", ("sheet", "topic_of_sheets", "unit", "place", "state", "scorer"), cells, on=screen())
        if not rows:
            typer.echo(say("rhythm.no_sheets"))


def _add_sheet(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.sheet_show"))
    def show(sheet: Annotated[str, typer.Argument(help=say("rhythm.sheet"))], user: Viewer = None, as_json: Json = False) -> None:
        from commands.screen import print_json
        from services.reading import plain
        from services.rhythm.weeks import read_sheet

        with asked(user) as at:
            row = read_sheet(at.session, number_of(sheet, "CP-"), at.actor)
        items = [{k: v for k, v in item.items() if k not in ("sheet_id", "case_id")} for item in row["items"]]
        if as_json:
            print_json(plain(row | {"items": items}, at.known))
            return
        _print_sheet(row, items, at)


def _print_sheet(row: dict[str, Any], items: list[dict[str, Any]], at: Asked) -> None:
    from commands.screen import local, print_table, screen, unit_name
    from services.rhythm.sheets import label

    about = {"sheet": label(row["id"]), "unit": unit_name(at.known, row["unit_id"]), "place": row["place"], "scorer": row["scorer"]}
    state = say(f"sheet_state.{row['state']}")
    typer.echo(say("rhythm.sheet_heading", score=f"{row['score'] / 10:g}", state=state, at=local(row["scored_at"], at.known.zone), **about))
    cells = [
        (
            *(
                i["code"],
                i[language()],
                f"{i['points'] / 10:g}",
                f"{-i['taken'] / 10:g}" if i["taken"] else "",
                i["reason"],
                len(i["photos"]) or "",
            ),
            *(i["case"], say("rhythm.given_back") if i["given_back"] else ""),
        )
        for i in items
    ]
    print_table("", ("item_code", "item_name", "points", "taken_off", "reason", "photos", "case", "note"), cells, on=screen())
    for said in (row["appeal"], row["answer"]):
        if said:
            typer.echo(said)
