"""`bihuan daily`: the list of the day (每日一清单), of the week with `--week` (周调度), and what is said about it (一点评)."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.rhythm.asking import Json, User, Viewer, answer, asked
from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.rhythm.lists import Seen

_Week = Annotated[bool, typer.Option("--week", help=say("rhythm.week"))]
_Day = Annotated[str | None, typer.Argument(help=say("rhythm.day"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("rhythm.daily"), no_args_is_help=True)
    app.add_typer(group, name="daily")
    _add_making(group)
    _add_list(group)
    _add_looking(group)
    _add_remark(group)
    _add_remarks(group)


def span_of(*, week: bool) -> str:
    """Which list is meant."""
    return "week" if week else "day"


def _add_making(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.daily_make"))
    def make(week: _Week = False, user: Viewer = None, as_json: Json = False) -> None:
        from services.ratings.samples import only_centre
        from services.rhythm import lists
        from services.rhythm.periods import label_of, local_day

        with asked(user) as at:
            if at.actor is not None:
                only_centre(at.known, at.actor)
            made = lists.make(at.session, span_of(week=week), at.actor.name if at.actor else "system", at.now)
            seen = lists.read_list(at.session, span_of(week=week), local_day(at.now, at.known.zone), None)
        known = "known" if made.known else "made"
        about = {"day": label_of(span_of(week=week), made.row["day"]), "first": made.row["day"], "n": len(seen.lines)}
        sentence = say(f"rhythm.week_{known}" if week else f"rhythm.list_{known}", None, **about)
        answer(sentence, {"day": made.row["day"], "span": made.row["span"], "known": made.known, **seen.counts}, as_json=as_json)


def _add_list(group: typer.Typer) -> None:
    @group.command("list", help=say("rhythm.daily_list"))
    def list_them(week: _Week = False, as_json: Json = False) -> None:
        from commands.moments import plain
        from commands.screen import local, print_json, print_table, screen
        from services.rhythm import lists
        from services.rhythm.periods import label_of

        with asked(None) as at:
            rows = lists.lists(at.session, span_of(week=week))
        if as_json:
            print_json([plain(row) for row in rows])
            return
        print_table(
            "",
            ("day", "made_at", "made_by"),
            [(label_of(r["span"], r["day"]), local(r["made_at"], at.known.zone), r["made_by"]) for r in rows],
            on=screen(),
        )
        if not rows:
            typer.echo(say("rhythm.no_lists"))


def _add_looking(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.daily_show"))
    def show(
        day: _Day = None,
        week: _Week = False,
        of: Annotated[str | None, typer.Option("--for", help=say("rhythm.of"))] = None,
        check: Annotated[bool, typer.Option("--check", help=say("rhythm.check"))] = False,
        user: Viewer = None,
        as_json: Json = False,
    ) -> None:
        from services.rhythm import lists
        from services.rhythm.periods import local_day, read_day

        with asked(user) as at:
            when = read_day(day) if day else local_day(at.now, at.known.zone)
            if not check:
                seen = lists.read_list(at.session, span_of(week=week), when, at.actor, of)
                _print(seen, at.known, as_json=as_json)
                return
            from services.rhythm.rechecking import recheck

            found = recheck(at.session, span_of(week=week), when)
        data = {"lines": found.lines, "confirmed": found.confirmed, "unknown": found.unknown}
        wrong, missing = ", ".join(f"{no} ({what})" for no, what in found.wrong), len(found.missing)
        answer(
            say("rhythm.checked", None, wrong=wrong or "0", missing=missing, **data),
            data | {"wrong": found.wrong, "missing": found.missing},
            as_json=as_json,
        )
        if found.wrong or found.missing:
            raise typer.Exit(1)


def _print(seen: "Seen", known: "Catalogue", *, as_json: bool) -> None:
    from commands.screen import local, print_json, print_table, screen, unit_name, word
    from services.reading import plain
    from services.rhythm.periods import label_of

    inner = ("list_id", "case_id", "clock_id")
    if as_json:
        rows = [plain({k: v for k, v in line.items() if k not in inner}, known) for line in seen.lines]
        print_json(plain({k: v for k, v in seen.row.items() if k != "id"}, known) | {"counts": dict(seen.counts), "lines": rows})
        return
    day = label_of(seen.row["span"], seen.row["day"])
    typer.echo(say("rhythm.list_of", day=day, at=local(seen.row["made_at"], known.zone), by=seen.row["made_by"]))
    cells = [_cells(line, known, local, unit_name, word) for line in seen.lines]
    print_table("", ("no", "list_part", "case", "urgency", "why", "due", "unit", "subject"), cells, on=screen())
    typer.echo(say("rhythm.counts", None, **seen.counts))


def _cells(line: dict[str, Any], known: "Catalogue", local: Any, unit_name: Any, word: Any) -> tuple[object, ...]:  # noqa: ANN401 - of the screen
    why = word("blocked", line["why"]) if line["part"] == "blocked" else word("clock", line["why"]) if line["part"] != "new" else ""
    subject = line["subject"] if line["subject"] is not None else say("privacy.sensitive")
    about = (line["no"], say(f"duty_part.{line['part']}"), line["case"], line["urgency"], why)
    return (*about, local(line["due_at"], known.zone), unit_name(known, line["unit_id"]), subject)


def _add_remark(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.remark"))
    def remark(
        day: Annotated[str, typer.Argument(help=say("rhythm.day"))],
        words: Annotated[str, typer.Argument(help=say("rhythm.words"))],
        user: User,
        line: Annotated[int | None, typer.Option(help=say("rhythm.line"))] = None,
        urge: Annotated[bool, typer.Option("--urge", help=say("rhythm.urge"))] = False,
        supervise: Annotated[str | None, typer.Option(help=say("rhythm.supervise"))] = None,
        limit: Annotated[str | None, typer.Option(help=say("rhythm.limit"))] = None,
        week: _Week = False,
        as_json: Json = False,
    ) -> None:
        from services.moves import Setting
        from services.reading import unit_id_of
        from services.rhythm.periods import read_day
        from services.rhythm.remarks import Said
        from services.rhythm.remarks import remark as put
        from services.supervision import Wish

        with asked(user) as at:
            order = Wish(unit_id_of(at.known, supervise), words, limit) if supervise else None
            said = Said(words, line, urge=urge, order=order)
            no = put(at.session, span_of(week=week), read_day(day), said, at.person, Setting(at.now))
        task = "supervise" if supervise else "urge" if urge else "words"
        answer(say(f"rhythm.remarked_{task}", no=no), {"no": no, "task": None if task == "words" else task}, as_json=as_json)


def _add_remarks(group: typer.Typer) -> None:
    @group.command(help=say("rhythm.remarks"))
    def remarks(day: _Day = None, week: _Week = False, user: Viewer = None, as_json: Json = False) -> None:
        from commands.moments import plain
        from commands.screen import print_json, print_table, screen, word
        from services.rhythm.periods import local_day, read_day
        from services.rhythm.remarks import remarks as said

        with asked(user) as at:
            rows = said(at.session, span_of(week=week), read_day(day) if day else local_day(at.now, at.known.zone), at.actor)
        if as_json:
            print_json([plain(row) for row in rows])
            return
        cells = [
            (r["no"], r["line_no"], r["case"], r["words"], r["by"], r["task"] and say(f"duty_task.{r['task']}"), _became(r, word))
            for r in rows
        ]
        print_table("", ("no", "line", "case", "remark", "remark_by", "task", "became"), cells, on=screen())
        if not rows:
            typer.echo(say("rhythm.no_remarks"))


def _became(row: dict[str, Any], word: Any) -> str:  # noqa: ANN401 - commands.screen.word
    return " · ".join(
        str(part)
        for part in (word("state", row["state"]) if row["state"] else None, row["number"], row["became"] and word("state", row["became"]))
        if part
    )
