"""`bihuan callback`: paper slips for people without a phone, and samples of closed cases whose residents are asked again."""

import secrets
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.ratings.callbacks import Heard
    from services.ratings.samples import Drawn, Wish
    from services.ratings.slips import Slip

WIDTH: Final = 60  #: of a slip, in half-width characters
STRETCH: Final = timedelta(days=30)  #: cases closed within this time are drawn from, unless said otherwise
SEED_BITS: Final = 48
_No = Annotated[str, typer.Argument(help=say("cli.no"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("ratings.staff_as"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("callback.help"), no_args_is_help=True)
    app.add_typer(group, name="callback")
    _add_drawing(group)
    _add_asking(group)


def _add_drawing(group: typer.Typer) -> None:
    @group.command(help=say("callback.draw"))
    def draw(
        user: _User,
        share: Annotated[str, typer.Option(help=say("callback.share"))] = "5%",
        by: Annotated[str, typer.Option(help=say("callback.by"))] = "unit,category",
        since: Annotated[str | None, typer.Option("--from", help=say("callback.from"))] = None,
        until: Annotated[str | None, typer.Option("--to", help=say("callback.to"))] = None,
        seed: Annotated[int | None, typer.Option(min=0, help=say("callback.seed"))] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help=say("callback.dry_run"))] = False,
        as_json: _Json = False,
    ) -> None:
        strata = tuple(part.strip() for part in by.split(",") if part.strip())
        _draw(user, (share, strata, since, until, seed), dry_run=dry_run, as_json=as_json)

    @group.command(help=say("callback.prove"))
    def prove(name: Annotated[str, typer.Argument(help=say("callback.name"))], as_json: _Json = False) -> None:
        _prove(name, as_json=as_json)


def _add_asking(group: typer.Typer) -> None:
    @group.command(help=say("callback.paper"))
    def paper(no: _No, user: _User) -> None:
        _paper(no, user)

    @group.command("list", help=say("callback.list"))
    def list_them(
        user: _User,
        draw: Annotated[str | None, typer.Option(help=say("callback.name"))] = None,
        open_only: Annotated[bool, typer.Option("--open", help=say("callback.open"))] = False,
        as_json: _Json = False,
    ) -> None:
        _list(user, draw, open_only=open_only, as_json=as_json)

    @group.command(help=say("callback.record"))
    def record(
        no: _No,
        user: _User,
        reached: Annotated[bool, typer.Option("--reached/--missed", help=say("callback.reached"))],
        solved: Annotated[bool | None, typer.Option("--solved/--unsolved", help=say("ratings.solved"))] = None,
        score: Annotated[int | None, typer.Option(min=1, max=5, help=say("ratings.score"))] = None,
        note: Annotated[str, typer.Option(help=say("callback.note"))] = "",
    ) -> None:
        from services.ratings.callbacks import Heard

        _record(no, user, Heard(reached, solved, score, note))


# samples --------------------------------------------------------------------------------------------------------------


def _draw(user: str, asked: tuple[str, tuple[str, ...], str | None, str | None, int | None], *, dry_run: bool, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import read
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.ratings.samples import Wish, draw

    share, strata, since, until, seed = asked
    now = utcnow()
    with unit_of_work() as session:
        known = catalogue(session)
        ends = read(until, known.zone, ends=True) if until else now
        begins = read(since, known.zone) if since else ends - STRETCH
        wish = Wish(begins, ends, _permille(share), strata, secrets.randbits(SEED_BITS) if seed is None else seed)
        found = draw(session, wish, known.actor(user), now, dry_run=dry_run)
    _show(found, wish, as_json=as_json)


def _permille(share: str) -> int:
    """5% is 50 thousandths.

    Raises:
        Refused: `bad_share`.
    """
    try:
        return round(float(share.strip().rstrip("%")) * 10)
    except (ValueError, OverflowError):
        raise Refused("bad_share") from None


def _show(found: "Drawn", wish: "Wish", *, as_json: bool) -> None:
    from commands.screen import print_json, print_table, screen

    if as_json:
        taken = [{"no": each.no, "stratum": each.stratum} for each in found.taken]
        print_json({"draw": found.name or None, "seed": wish.seed, "pool": found.pool, "taken": taken})
        return
    count = {stratum: sum(each.stratum == stratum for each in found.taken) for stratum in found.pool}
    title = say("callback.drawn" if found.name else "callback.would_draw", name=found.name, n=len(found.taken), seed=wish.seed)
    print_table(title, ("stratum", "pool", "taken"), ((s, n, count[s]) for s, n in found.pool.items()), on=screen())
    for each in found.taken:
        typer.echo(each.no)


def _prove(name: str, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import joined, print_json
    from services.ratings.samples import proved

    with unit_of_work() as session:
        again, differ = proved(session, name)
    if as_json:
        print_json({"draw": name, "same": not differ, "differ": sorted(differ), "taken": sorted(each.no for each in again.taken)})
    elif differ:
        raise Refused("draw_differs", name=name, cases=joined(sorted(differ)))
    else:
        typer.echo(say("callback.proved", name=name, n=len(again.taken)))


# asking ---------------------------------------------------------------------------------------------------------------


def _list(user: str, draw: str | None, *, open_only: bool, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen
    from services.catalogue import catalogue
    from services.ratings.callbacks import call_backs
    from services.reading import plain

    with unit_of_work() as session:
        known = catalogue(session)
        found = call_backs(session, known.actor(user), draw, open_only=open_only)
    if as_json:
        print_json([plain(row, known) for row in found])
        return
    if not found:
        typer.echo(say("callback.none"))
    shown = ("no", "subject", "draw", "stratum", "done_by")
    rows = ([*(row[name] for name in shown), local(row["done_at"], known.zone), row["score"]] for row in found)
    print_table("", ("case", "subject", "draw", "stratum", "asked_by", "asked", "score"), rows, on=screen())


def _record(no: str, user: str, heard: "Heard") -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.ratings.callbacks import record

    with unit_of_work() as session:
        record(session, no, heard, catalogue(session).actor(user), utcnow())
    typer.echo(say("callback.recorded", no=no.upper()))


def _paper(no: str, user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import local
    from services.catalogue import catalogue
    from services.ratings.slips import slips_of

    with unit_of_work() as session:
        known = catalogue(session)
        found = slips_of(session, no, known.actor(user), utcnow())
    typer.echo("\f\n".join(_slip(slip, local(slip.until, known.zone)) for slip in found))


def _slip(slip: "Slip", until: str | None) -> str:
    """One page, the number and the code in wide letters, that can be read without glasses."""
    from commands.screen import NOTHING

    rule = "═" * WIDTH
    boxes = "    ".join(f"□ {say(f'paper.score_{n}')}" for n in range(5, 0, -1))
    lines = [
        *(rule, _middle(say("paper.title")), rule, "", _middle(_wide(slip.no)), ""),
        *(say("paper.subject", subject=slip.subject[:40]), "", say("paper.result", result=slip.result[:200] or NOTHING), "", rule, ""),
        *(say("paper.solved"), "", f"      □ {say('paper.yes')}          □ {say('paper.no')}", ""),
        *(say("paper.satisfied"), "", f"  {boxes}", "", say("paper.words"), "", *["＿" * (WIDTH // 2), ""] * 3, rule, ""),
        *((say("paper.code"), "", _middle(_wide(slip.code)), "") if slip.code else ()),
        *(say("paper.until", until=until or NOTHING), say("paper.how" if slip.code else "paper.how_plain"), rule),
    ]
    return "\n".join(lines)


def _wide(text: str) -> str:
    """Letters and figures twice as wide."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _middle(text: str) -> str:
    wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return " " * max(0, (WIDTH - wide) // 2) + text
