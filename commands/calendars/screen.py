"""How `bihuan calendar` speaks: a month as a grid in words, and the clocks that a change moves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from commands.screen import joined, limit_word, local, name_of, print_json, print_table, screen, word
from wording import language, say

if TYPE_CHECKING:
    from services.calendars import Done, Move
    from services.calendars.listing import Day, Listed
    from services.catalogue import Catalogue

SHOWN: Final = 50  #: clocks named on the screen; `--json` names all


def print_calendars(found: "Sequence[Listed]") -> None:
    """Print the calendars, a line each."""
    columns = ("calendar", "name", "layer", "above", "version", "known_until", "awaiting", "units")
    rows = (
        (c.code, getattr(c, language()), word("calendar_layer", c.layer), c.above, c.version, c.last, joined(c.awaiting), c.units)
        for c in found
    )
    print_table("", columns, rows, on=screen())


def print_month(listed: "Listed", month: str, days: "Sequence[Day]") -> None:
    """Print a calendar: its hours, and one month as a grid; every mark is a word, so that nothing depends on colour."""
    out = screen()
    about = {"code": listed.code, "name": getattr(listed, language()), "layer": word("calendar_layer", listed.layer)}
    out.print(say("calendar.title", None, **about, version=listed.version, last=listed.last), style="bold")
    if days[-1].day > listed.last:
        out.print(say("calendar.beyond", last=listed.last))
    if listed.awaiting:
        out.print(say("calendar.awaiting", years=joined(listed.awaiting)))
    rows = ((word("calendar_days", kind), first, last, hours) for kind, first, last, hours in listed.hours)
    if listed.hours:
        out.print(say("calendar.hours_title"))
    print_table("", ("days", "first", "last", "hours"), rows, on=out)
    cells: list[str | None] = [None] * (days[0].day.isoweekday() - 1)
    cells += [_cell(day) for day in days]
    cells += [None] * (-len(cells) % 7)
    weeks = [[cell or " " for cell in cells[i : i + 7]] for i in range(0, len(cells), 7)]
    print_table(month, [f"weekday_{n}" for n in range(1, 8)], weeks, on=out)
    out.print(say("calendar.legend"))


def _cell(day: "Day") -> str:
    """A day in words: number, what it is, why, and whether that is certain."""
    lines = [f"{day.day.day} {word('calendar_mark', day.mark)}", day.reason, say("calendar.provisional") if day.provisional else ""]
    return "\n".join(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a change.

    Attributes:
        moves: The clocks that moved, or would.
        done: The change; None: it was refused because clocks would end earlier, or far later.
        dry_run: Nothing was written.
        words: Key of the sentence for a change that was made, under `[calendar]`.
    """

    moves: "Sequence[Move]"
    done: "Done | None" = None
    dry_run: bool = False
    words: str = "done"

    @property
    def shorter(self) -> int:
        """How many clocks end earlier."""
        return sum(move.by_s < 0 for move in self.moves)


def print_report(report: Report, known: "Catalogue", *, as_json: bool) -> None:
    """Print what moved, what ends earlier first, and the new versions of the calendars."""
    done = report.done
    if as_json:
        counts = {"moved": len(report.moves), "shorter": report.shorter}
        about = {"changed": bool(done and done.changed), "dry_run": report.dry_run, "versions": dict(done.versions) if done else {}}
        hints = {"lost": list(done.lost), "seasons": [season.plain() for season in done.seasons]} if done else {"lost": [], "seasons": []}
        print_json(about | counts | hints | {"moves": [move.plain() for move in report.moves]})
        return
    out = screen()
    _print_moves(sorted(report.moves, key=lambda move: move.by_s >= 0), known)
    if done is not None and not done.changed:
        out.print(say("calendar.unchanged"))
    elif done is not None:
        for hint in _hints(done):
            out.print(hint)
        versions = joined(f"{code} v{version}" for code, version in done.versions.items())
        said = {"versions": versions, "code": next(iter(done.versions)), "moved": len(report.moves), "shorter": report.shorter}
        out.print(say("calendar.would" if report.dry_run else f"calendar.{report.words}", None, **said))


def _hints(done: "Done") -> Iterator[str]:
    """What whoever changes a calendar should know besides the clocks."""
    if done.lost:
        yield say("calendar.lost", holidays=joined(done.lost))
    for season in done.seasons:
        yield say("calendar.seasons", first=season.first, last=season.last or say("calendar.for_good"))


def _print_moves(moves: "Sequence[Move]", known: "Catalogue") -> None:
    units = {unit.code: known.names[unit.id] for unit in known.units.values()}

    def row(move: "Move") -> tuple[object, ...]:
        mark = "paused" if move.paused else "earlier" if move.by_s < 0 else "later" if move.by_s else "same"
        due = local(move.after, known.zone)
        after = f"{due} {say('calendar.provisional')}" if move.provisional else due
        about = (move.no, word("clock", move.clock), move.order, name_of(units.get(move.unit or "")), limit_word(move.limit))
        return (*about, local(move.before, known.zone), after, say(f"calendar.{mark}", None, hours=f"{move.by_s / 3600:+.1f}"))

    out = screen()
    columns = ("no", "clock", "order", "unit", "limit", "due", "due_after", "moved")
    print_table(say("calendar.moves"), columns, map(row, moves[:SHOWN]), on=out)
    if len(moves) > SHOWN:
        out.print(say("calendar.more", count=len(moves) - SHOWN))
