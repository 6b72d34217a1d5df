"""`bihuan bulletin`: the bulletin of a month (每月一通报), from the draft to the day on which two people publish it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from commands.rhythm.asking import Asked, Json, User, Viewer, answer, asked
from rules.facts import Refused
from wording import say

_Month = Annotated[str, typer.Argument(help=say("bulletin.month"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("bulletin.help"), no_args_is_help=True)
    app.add_typer(group, name="bulletin")
    _add_making(group)
    _add_list(group)
    _add_looking(group)
    _add_object(group)
    _add_ruling(group)
    _add_objections(group)
    _add_publishing(group)
    _add_ranking(group)


def _add_making(group: typer.Typer) -> None:
    @group.command(help=say("bulletin.draft"))
    def draft(month: _Month, user: Viewer = None, as_json: Json = False) -> None:
        from services.ratings.samples import only_centre
        from services.rhythm import bulletins

        with asked(user) as at:
            if at.actor is not None:
                only_centre(at.known, at.actor)
            row = bulletins.draft(at.session, month, at.actor.name if at.actor else "system", at.now)
        answer(say("bulletin.drafted", month=row["month"]), {"month": row["month"], "state": row["state"]}, as_json=as_json)

    @group.command("open", help=say("bulletin.open"))
    def open_it(month: _Month, user: User, as_json: Json = False) -> None:
        from commands.screen import local
        from services.rhythm.bulletins import open_to_objections

        with asked(user) as at:
            row = open_to_objections(at.session, month, at.person, at.now)
        said = say("bulletin.opened", month=month, until=local(row["objections_until"], at.known.zone))
        answer(said, {"month": month, "state": row["state"], "objections_until": row["objections_until"]}, as_json=as_json)


def _add_list(group: typer.Typer) -> None:
    @group.command("list", help=say("bulletin.list"))
    def list_them(as_json: Json = False) -> None:
        from commands.screen import local, print_json, print_table, screen
        from services.reading import plain
        from services.rhythm.bulletins import bulletins

        with asked(None) as at:
            rows = bulletins(at.session)
        if as_json:
            print_json([plain({k: v for k, v in row.items() if k != "id"}, at.known) for row in rows])
            return
        cells = [
            (r["month"], say(f"bulletin_state.{r['state']}"), local(r["made_at"], at.known.zone), local(r["published_at"], at.known.zone))
            for r in rows
        ]
        print_table("", ("month", "state", "made_at", "published_at"), cells, on=screen())
        if not rows:
            typer.echo(say("bulletin.none"))


def _add_looking(group: typer.Typer) -> None:
    @group.command(help=say("bulletin.show"))
    def show(month: _Month, user: Viewer = None, as_json: Json = False) -> None:
        from commands.screen import print_json
        from services.rhythm import paper
        from services.rhythm.bulletins import read_bulletin

        with asked(user) as at:
            row = read_bulletin(at.session, month, at.actor)
            if as_json:
                print_json(paper.as_json(at.session, row))
            else:
                typer.echo(paper.as_text(at.session, row).rstrip())

    @group.command(help=say("bulletin.write"))
    def write(month: _Month, file: Annotated[Path, typer.Argument(help=say("bulletin.file"))], user: Viewer = None) -> None:
        with asked(user) as at:
            data = _written(at, month, file.suffix.lower())
        file.write_bytes(data)
        typer.echo(say("bulletin.written", file=file.name))

    @group.command(help=say("bulletin.check"))
    def check(month: _Month, as_json: Json = False) -> None:
        from services.rhythm.bulletins import recheck

        with asked(None) as at:
            found = recheck(at.session, month)
        about = {"things": found.things, "same": found.same, "gone": len(found.gone), "come": len(found.come)}
        answer(say("bulletin.checked", None, **about), about | {"gone": found.gone, "come": found.come}, as_json=as_json)


def _written(at: Asked, month: str, suffix: str) -> bytes:
    """The bulletin as the file's name asks for it.

    Raises:
        Refused: `bulletin_file_kind`.
    """
    import json

    from services.rhythm import monthly, paper
    from services.rhythm.bulletins import read_bulletin
    from services.rhythm.pdf import as_pdf
    from wording import language

    row = read_bulletin(at.session, month, at.actor)
    if suffix == ".pdf":
        return as_pdf(monthly.document(at.session, row, language()), row["made_at"])
    if suffix == ".xlsx":
        return paper.as_workbook(at.session, row)
    if suffix == ".txt":
        return paper.as_text(at.session, row).encode()
    if suffix == ".json":
        return json.dumps(paper.as_json(at.session, row), ensure_ascii=False, indent=2).encode()
    raise Refused("bulletin_file_kind", given=suffix)


def _add_object(group: typer.Typer) -> None:
    @group.command("object", help=say("bulletin.object"))
    def ask(
        month: _Month,
        family: Annotated[str, typer.Argument(help=say("bulletin.family"))],
        case: Annotated[str, typer.Argument(help=say("cli.no"))],
        reason: Annotated[str, typer.Argument(help=say("rhythm.reason"))],
        user: User,
        item: Annotated[int | None, typer.Option(help=say("bulletin.item"))] = None,
        as_json: Json = False,
    ) -> None:
        from services.rhythm import objections

        with asked(user) as at:
            no = objections.ask(at.session, month, objections.Against(family, case, reason, item), at.person, at.now)
        answer(say("bulletin.objected", month=month, no=no), {"month": month, "no": no}, as_json=as_json)


def _add_ruling(group: typer.Typer) -> None:
    @group.command(help=say("bulletin.decide"))
    def decide(
        month: _Month,
        no: Annotated[int, typer.Argument(help=say("bulletin.no"))],
        reason: Annotated[str, typer.Argument(help=say("rhythm.answer"))],
        user: User,
        correction: Annotated[str | None, typer.Option(help=say("bulletin.correction"))] = None,
        as_json: Json = False,
    ) -> None:
        from services.rhythm import objections

        with asked(user) as at:
            row = objections.decide(at.session, month, no, correction, reason, at.person, at.now)
        answer(say(f"bulletin.{row['state']}", month=month, no=no), {"month": month, "no": no, "state": row["state"]}, as_json=as_json)


def _add_objections(group: typer.Typer) -> None:
    @group.command("objections", help=say("bulletin.objections"))
    def list_them(month: _Month, user: Viewer = None, as_json: Json = False) -> None:
        from commands.screen import print_json, print_table, screen, unit_name
        from services.reading import plain
        from services.rhythm.bulletins import read_bulletin
        from services.rhythm.objections import objections

        with asked(user) as at:
            read_bulletin(at.session, month, at.actor)
            rows = objections(at.session, month)
        if as_json:
            print_json(
                [plain({k: v for k, v in row.items() if k not in ("bulletin_id", "case_id", "sensitive")}, at.known) for row in rows]
            )
            return
        cells = [
            (
                r["no"],
                r["case"],
                say(f"family.{r['family']}"),
                unit_name(at.known, r["unit_id"]),
                r["reason"],
                say(f"objection_state.{r['correction'] or r['state']}"),
            )
            for r in rows
        ]
        print_table("", ("no", "case", "list_of_figures", "unit", "reason", "state"), cells, on=screen())
        if not rows:
            typer.echo(say("bulletin.no_objections"))


def _add_publishing(group: typer.Typer) -> None:
    @group.command(help=say("bulletin.approve"))
    def approve(month: _Month, user: User, as_json: Json = False) -> None:
        from services.rhythm import bulletins

        with asked(user) as at:
            row = bulletins.approve(at.session, month, at.person, at.now)
        answer(say("bulletin.approved", month=month), {"month": month, "state": row["state"]}, as_json=as_json)

    @group.command(help=say("bulletin.publish"))
    def publish(month: _Month, user: User, as_json: Json = False) -> None:
        from services.rhythm import bulletins

        with asked(user) as at:
            row = bulletins.publish(at.session, month, at.person, at.now)
        answer(say("bulletin.published", month=month), {"month": month, "state": row["state"]}, as_json=as_json)


def _add_ranking(group: typer.Typer) -> None:
    @group.command(help=say("bulletin.ranking"))
    def ranking(
        month: _Month, code: Annotated[str, typer.Argument(help=say("bulletin.code"))] = "on_time_rate", as_json: Json = False
    ) -> None:
        from commands.screen import print_json, print_table, screen, unit_name
        from services.rhythm.figures import ranking as found
        from services.rhythm.paper import percent

        with asked(None) as at:
            classes = found(at.session, month, code)
        rows = [(kind, each) for kind, units in classes.items() for each in units]
        if as_json:
            print_json([_ranked_json(kind, each, at) for kind, each in rows])
            return
        cells = [
            (
                k,
                e.place,
                unit_name(at.known, e.unit_id),
                f"{e.figure.hits}/{e.figure.n}",
                "" if e.figure.small else percent(e.figure.rate),
                _note(e),
            )
            for k, e in rows
        ]
        print_table("", ("unit_kind", "place_in_class", "unit", "counted", "rate", "note"), cells, on=screen())
        if not rows:
            typer.echo(say("bulletin.nothing_to_rank"))


def _ranked_json(kind: str, each: Any, at: Asked) -> dict[str, Any]:  # noqa: ANN401 - rules.indicators.Ranked
    about = {"class": kind, "place": each.place, "unit": at.known.units[each.unit_id].code}
    return about | {"n": each.figure.n, "hits": each.figure.hits, "rate": each.figure.rate, "small": each.figure.small}


def _note(each: Any) -> str:  # noqa: ANN401 - rules.indicators.Ranked
    return say("bulletin.small") if each.figure.small else ""
