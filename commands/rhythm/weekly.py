"""`bihuan weekly`: score sheets filled in on the spot (每周一测评), from the first item to the published week."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.rhythm import looking
from commands.rhythm.asking import Json, User, answer, asked, number_of
from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.rhythm.sheets import Taken

_Sheet = Annotated[str, typer.Argument(help=say("rhythm.sheet"))]
_Items = Annotated[list[str] | None, typer.Option("--item", help=say("rhythm.items"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program; those that only look are in `looking`."""
    group = typer.Typer(help=say("rhythm.weekly"), no_args_is_help=True)
    app.add_typer(group, name="weekly")
    _add_score(group)
    _add_signing(group)
    _add_appeal(group)
    _add_ruling(group)
    _add_publishing(group)
    _add_rules(group)
    looking.add_weekly(group)


def _add_score(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.score"))
    def score(
        topic: Annotated[str, typer.Argument(help=say("rhythm.topic"))],
        unit: Annotated[str, typer.Argument(help=say("rhythm.scored_unit"))],
        area: Annotated[str, typer.Option(help=say("rhythm.area"))],
        place: Annotated[str, typer.Option(help=say("rhythm.place"))],
        user: User,
        off: Annotated[list[str] | None, typer.Option(help=say("rhythm.off"))] = None,
        photo: Annotated[list[str] | None, typer.Option(help=say("rhythm.photo"))] = None,
        case: Annotated[list[str] | None, typer.Option(help=say("rhythm.case"))] = None,
        as_json: Json = False,
    ) -> None:
        from services.moves import Setting
        from services.rhythm.sheets import Filled, label, open_sheet

        taken = _taken(off or [], photo or [], set(case or []))
        with asked(user) as at:
            done = open_sheet(at.session, Filled(topic, area, place, unit, taken), at.person, Setting(at.now))
        said = say("rhythm.scored", sheet=label(done.sheet_id), cases=", ".join(done.cases) or "0")
        answer(said, {"sheet": done.sheet_id, "label": label(done.sheet_id), "cases": done.cases}, as_json=as_json)


def _taken(off: Sequence[str], photos: Sequence[str], cases: set[str]) -> "list[Taken]":
    """What is taken off, as it was typed: `garbage:5:why`; photos as `garbage=file`.

    Raises:
        Refused: `bad_off`, `bad_photo`, and what is wrong with a file.
    """
    from commands.cases.attach import kept
    from services.rhythm.sheets import Taken

    pictures: dict[str, list[Any]] = {}
    for each in photos:
        item, equals, file = each.partition("=")
        if not equals:
            raise Refused("bad_photo", given=each)
        pictures.setdefault(item, []).append(kept([Path(file)])[0].as_evidence())
    found = []
    for each in off:
        item, points, reason = [*each.split(":", 2), "", ""][:3]
        found.append(Taken(item, _tenths(points, each), reason, tuple(pictures.pop(item, ())), item in cases))
    unused = sorted({*pictures, *(cases - {each.item for each in found})})
    if unused:
        raise Refused("item_without_points", items=", ".join(unused))
    return found


def _tenths(points: str, given: str) -> int:
    try:
        return round(float(points) * 10)
    except (ValueError, OverflowError):
        raise Refused("bad_off", given=given) from None


def _add_signing(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.sign"))
    def sign(sheet: _Sheet, user: User, as_json: Json = False) -> None:
        from commands.screen import local
        from services.rhythm.sheets import label
        from services.rhythm.sheets import sign as put

        with asked(user) as at:
            row = put(at.session, number_of(sheet, "CP-"), at.person, at.now)
        said = say("rhythm.signed", sheet=label(row["id"]), until=local(row["appeal_until"], at.known.zone))
        answer(said, {"sheet": row["id"], "state": row["state"], "appeal_until": row["appeal_until"]}, as_json=as_json)

    @group.command(help=say("rhythm.drop"))
    def drop(sheet: _Sheet, user: User, as_json: Json = False) -> None:
        from services.rhythm.sheets import drop as put
        from services.rhythm.sheets import label

        with asked(user) as at:
            row = put(at.session, number_of(sheet, "CP-"), at.person)
        answer(say("rhythm.dropped", sheet=label(row["id"])), {"sheet": row["id"], "state": row["state"]}, as_json=as_json)


def _add_appeal(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.appeal"))
    def appeal(
        sheet: _Sheet,
        reason: Annotated[str, typer.Argument(help=say("rhythm.reason"))],
        user: User,
        item: _Items = None,
        as_json: Json = False,
    ) -> None:
        from services.rhythm.sheets import label
        from services.rhythm.weeks import appeal as ask

        with asked(user) as at:
            row = ask(at.session, number_of(sheet, "CP-"), item or [], reason, at.person, at.now)
        answer(say("rhythm.appealed", sheet=label(row["id"])), {"sheet": row["id"], "state": row["state"]}, as_json=as_json)


def _add_ruling(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.decide"))
    def decide(
        sheet: _Sheet,
        reason: Annotated[str, typer.Argument(help=say("rhythm.answer"))],
        user: User,
        give_back: Annotated[list[str] | None, typer.Option(help=say("rhythm.give_back"))] = None,
        as_json: Json = False,
    ) -> None:
        from services.rhythm.sheets import label
        from services.rhythm.weeks import decide as rule

        with asked(user) as at:
            row = rule(at.session, number_of(sheet, "CP-"), give_back or [], reason, at.person, at.now)
        said = say("rhythm.upheld" if row["upheld"] else "rhythm.rejected", sheet=label(row["id"]))
        answer(said, {"sheet": row["id"], "state": row["state"], "upheld": row["upheld"]}, as_json=as_json)


def _add_publishing(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.week_publish"))
    def publish(week: Annotated[str, typer.Argument(help=say("rhythm.week_day"))], user: User, as_json: Json = False) -> None:
        from services.rhythm.periods import read_day
        from services.rhythm.weeks import publish as put

        with asked(user) as at:
            scores = put(at.session, read_day(week), at.person, at.now)
            looking.print_result(at, scores, as_json=as_json)

    @group.command(help=say("rhythm.remind"))
    def remind(as_json: Json = False) -> None:
        from services.rhythm.weeks import remind as tell

        with asked(None) as at:
            found = [monday.isoformat() for monday in tell(at.session, at.now)]
        answer(say("rhythm.reminded", weeks=", ".join(found) or "0"), {"weeks": found}, as_json=as_json)


def _add_rules(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.rules"))
    def rules(
        put: Annotated[Path | None, typer.Option("--set", help=say("rhythm.rules_set"))] = None,
        user: Annotated[str | None, typer.Option("--as", help=say("rhythm.as_admin"))] = None,
        as_json: Json = False,
    ) -> None:
        from services.rhythm import settled

        with asked(user) as at:
            found = settled.in_force(at.session)
            if put is not None:
                found = settled.put(at.session, put.read_text(encoding="utf-8"), at.person.name, at.now)
        about = {"at": f"{found.at:%H:%M}", "appeal": found.appeal, "objections": found.objections, "small": found.small}
        answer(
            say("rhythm.rules_are", None, version=found.version, **about),
            about | {"version": found.version, "topics": list(found.topics)},
            as_json=as_json,
        )
