"""`bihuan meeting series|matter|file|figures`: standing meetings (例会) and what people bring to them (居民说事)."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from wording import say

if TYPE_CHECKING:
    from services.affairs.voices import Voice
    from services.deliberation import Cadence, Matter

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("affairs.as_user"))]
_No = Annotated[str, typer.Argument(help=say("deliberation.no"))]


def add_to(group: typer.Typer) -> None:
    """Add the commands to `bihuan meeting`."""
    _add_series(group)
    _add_matter(group)

    @group.command("file", help=say("deliberation.file"))
    def file_one(no: _No, part: Annotated[int, typer.Argument(help=say("deliberation.part"))], user: _User, as_json: _Json = False) -> None:
        _file(no, part, user, as_json=as_json)

    @group.command(help=say("deliberation.figures"))
    def figures(no: _No, as_json: _Json = False) -> None:
        _figures(no, as_json=as_json)


def _add_series(group: typer.Typer) -> None:
    @group.command(help=say("deliberation.series"))
    def series(
        title: Annotated[str, typer.Argument(help=say("deliberation.title"))],
        user: _User,
        day: Annotated[list[int], typer.Option(min=0, max=6, help=say("deliberation.day"))],
        time: Annotated[str, typer.Option(help=say("deliberation.time"))],
        form: Annotated[str, typer.Option(help=say("deliberation.form"))] = "council",
        workdays: Annotated[bool, typer.Option("--workdays", help=say("deliberation.workdays"))] = False,
        until: Annotated[str | None, typer.Option(help=say("deliberation.until"))] = None,
        who: Annotated[list[str] | None, typer.Option(help=say("deliberation.who"))] = None,
        place: Annotated[str, typer.Option(help=say("deliberation.place"))] = "",
        area: Annotated[str | None, typer.Option(help=say("deliberation.area"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.moments import written
        from services.affairs.voices import Voice
        from services.deliberation import Cadence

        cadence = Cadence(tuple(day), time, workdays, written(until, ends=True))
        _series(title, form, cadence, user, [Voice.parse(each) for each in who or ()], place, area, as_json=as_json)


def _series(
    title: str, form: str, cadence: "Cadence", user: str, voices: "list[Voice]", place: str, area: str | None, *, as_json: bool
) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.deliberation import found
    from services.moves import Setting

    with unit_of_work() as session:
        actor = catalogue(session).actor(user)
        founded = found(session, title, form, cadence, actor, Setting(utcnow()), voices=voices, place=place, area=area)
    if as_json:
        print_json({"affair": founded.no, "first": founded.first_no})
        return
    typer.echo(say("deliberation.founded", no=founded.no, first=founded.first_no))
    typer.echo(say("affairs.look", no=founded.no))


def _add_matter(group: typer.Typer) -> None:
    @group.command(help=say("deliberation.matter"))
    def matter(
        no: _No,
        words: Annotated[str, typer.Argument(help=say("deliberation.words"))],
        user: _User,
        kind: Annotated[str, typer.Option(help=say("deliberation.kind"))],
        phone: Annotated[str | None, typer.Option(help=say("deliberation.phone"))] = None,
        people: Annotated[int, typer.Option(min=1, help=say("deliberation.people"))] = 1,
        solved: Annotated[str, typer.Option(help=say("deliberation.solved"))] = "",
        as_json: _Json = False,
    ) -> None:
        from services.deliberation import Matter

        _matter(no, Matter(kind, words, phone, people, solved), user, as_json=as_json)


def _matter(no: str, matter: "Matter", user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.deliberation import register
    from services.moves import Setting

    with unit_of_work() as session:
        (part,) = register(session, no, [matter], catalogue(session).actor(user), Setting(utcnow()))
    if as_json:
        print_json({"affair": no.upper(), "part": part, "solved": bool(matter.solved)})
        return
    further = say("deliberation.registered_solved") if matter.solved else say("deliberation.registered_next", no=no.upper(), part=part)
    typer.echo(say("deliberation.registered", part=part, next=further))


def _file(no: str, part: int, user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.deliberation import file_matter
    from services.moves import Setting

    with unit_of_work() as session:
        case = file_matter(session, no, part, catalogue(session).actor(user), Setting(utcnow()))
    if as_json:
        print_json({"affair": no.upper(), "part": part, "case": case})
    else:
        typer.echo(say("deliberation.filed", case=case))


def _figures(no: str, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen, word
    from services.deliberation import series_figures
    from services.moves.affairs.standing import matter_kinds
    from wording import language

    with unit_of_work() as session:
        found = series_figures(session, no)
    if as_json:
        print_json({"affair": no.upper(), **asdict(found)})
        return
    plain = {name: value for name, value in asdict(found).items() if isinstance(value, int)}
    typer.echo(say("deliberation.counted", None, no=no.upper(), **plain))
    kinds = matter_kinds()
    rows = [(kinds[kind][language()] if kind in kinds else word("column", kind), n) for kind, n in found.by_kind.items()]
    print_table("", ("kind", "quantity"), rows, on=screen())
