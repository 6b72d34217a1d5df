"""How affairs are shown: a list, one whole, what it had said to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import typer

from commands.affairs.answers import people_named, whose
from commands.affairs.facts import facts_of, of_part
from commands.affairs.words import action_word, role_word
from commands.screen import joined, limit_word, local, print_json, print_table, screen, unit_name, word
from rules.facts import Thing
from wording import say

_LONGEST_M: Final = 600  #: minutes; what is longer was written as a moment
#: How the quantity of a part is said, where it is more than a number.
_AMOUNTS: Final[Mapping[str, str]] = {Thing.PLEDGE: "amount_pledged", Thing.TASK: "amount_done"}

if TYPE_CHECKING:
    from services.affairs import AffairLine, AffairSheet
    from services.affairs.messages import Told
    from services.catalogue import Catalogue


def print_lines(found: "Sequence[AffairLine]", known: "Catalogue", *, as_json: bool) -> None:
    """A list of affairs."""
    if as_json:
        print_json([_plain(asdict(line)) for line in found])
        return
    if not found:
        typer.echo(say("affairs.none"))
    rows = (
        (
            line.no,
            word("affair", line.thing),
            line.title,
            word(f"{line.thing}_state", line.state),
            unit_name(known, line.unit_id),
            local(line.due, known.zone),
            local(line.opened_at, known.zone),
        )
        for line in found
    )
    print_table("", ("no", "kind", "subject", "state", "unit", "due", "since"), rows, on=screen())


def print_sheet(found: "AffairSheet", known: "Catalogue", told: "Sequence[Told] | None" = None, *, as_json: bool) -> None:
    """One affair whole.

    Args:
        found: The affair as this reader may see it.
        known: The reference data.
        told: Its messages; None: they are not wanted.
        as_json: For programs.
    """
    if as_json:
        parts, clocks = [_plain(p) for p in found.parts], [_plain(c) for c in found.clocks]
        messages = {} if told is None else {"messages": [_plain(asdict(each)) for each in told]}
        print_json({"affair": _plain(found.affair), "parts": parts, "cases": found.cases, "clocks": clocks, **messages})
        return
    out = screen()
    out.print(f"{found.affair['no']}  {word('affair', found.affair['thing'])}  {found.affair['title']}", style="bold")
    for name, value in facts_of(found, known):
        out.print(say("affairs.fact", name=name, value=value))
    _print_wants(found, out)
    _print_parts(found, known, out)
    _print_clocks(found, known, out)
    _print_journal(found, known, out)
    if told is not None:
        print_told(told, known, as_json=False)


def _print_clocks(found: "AffairSheet", known: "Catalogue", out: Any) -> None:  # noqa: ANN401 - rich's own console
    rows = [
        (c["part_no"], word("clock", c["kind"]), _limit(c["limit"]), local(c["due_at"], known.zone), unit_name(known, c["unit_id"]))
        for c in found.clocks
    ]
    print_table(say("cli.clocks"), ("item", "clock", "limit", "due", "unit"), rows, on=out)


def _limit(limit: str) -> str | None:
    """A limit in words; one that was given as a moment has no length that says anybody anything."""
    return None if limit.endswith("m") and int(limit[:-1]) > _LONGEST_M else limit_word(limit)


def _print_journal(found: "AffairSheet", known: "Catalogue", out: Any) -> None:  # noqa: ANN401 - rich's own console
    rows = [
        (
            local(e["at"], known.zone),
            _about(e, found.affair),
            action_word(found.affair["thing"], e["action"]),
            *_actor(e["actor"], known),
            _said(e["data"]),
        )
        for e in found.journal
    ]
    print_table(say("cli.journal"), ("at", "about", "action", "actor", "said"), rows, on=out)


def _actor(name: str, known: "Catalogue") -> list[str]:
    """Who did it: the post with the user name; the system, a resident."""
    person = known.people.get(name)
    return [say("affairs.person", title=people_named([name], known)[0], user=name)] if person else people_named([name], known)


def _said(data: dict[str, Any]) -> str:
    """What somebody said or chose with it."""
    return joined(data[name] for name in ("reason", "result", "plan", "text", "words", "minutes") if isinstance(data.get(name), str))


def _about(entry: dict[str, Any], affair: dict[str, Any]) -> Any:  # noqa: ANN401 - a number or a word
    """Which part or clock an entry of the journal is about; None: the affair itself."""
    if entry["thing"] == "clock":
        return word("clock", entry["data"].get("clock"))
    return None if entry["thing"] in ("case", affair["thing"]) else entry["thing_no"]


def _print_wants(found: "AffairSheet", out: Any) -> None:  # noqa: ANN401 - rich's own console
    """The lines of an order: how much is wanted, taken on, still free, and there; with the words of the board."""
    from services.claims_pool import figures_of

    if found.affair["thing"] != Thing.POOL:
        return
    rows = [
        (f.part, f.line, f.skill, word("want_state", f.state), _counted(f.wanted, f.measure), f.pledged, f.free, f.confirmed)
        for f in figures_of(found.parts)
    ]
    columns = ("item", "pool_line", "skill", "state", "wanted", "pledged", "pool_free", "confirmed")
    print_table(say("pool.lines"), columns, rows, on=out)


def _print_parts(found: "AffairSheet", known: "Catalogue", out: Any) -> None:  # noqa: ANN401 - rich's own console
    rows = [
        (
            p["no"],
            word("affair_part", p["thing"]),
            joined(dict.fromkeys((p["title"], p["role"] and role_word(p["thing"], p["role"]), whose(p, known)))),
            word(f"{p['thing']}_state", p["state"]),
            _amount(p),
            joined((p["words"], *of_part(p, known))),
            local(p["done_at"], known.zone),
        )
        for p in found.parts
        if p["thing"] != Thing.WANT
    ]
    print_table(say("affairs.parts"), ("item", "kind", "whose", "state", "quantity", "said", "finished"), rows, on=out)


def _counted(quantity: int, measure: str) -> str:
    return f"{quantity} {measure}".strip()


def _amount(part: dict[str, Any]) -> str:
    """Quantity, how much of it is there, share and money of a part, as far as it has any."""
    amount = ""
    if part["quantity"] is not None:
        key = _AMOUNTS.get(part["thing"], "amount" if part["done"] is None else "amount_done")
        amount = say(f"affairs.{key}", amount=_counted(part["quantity"], part["measure"]), done=part["done"] or 0)
    share = f"{part['share_bp'] / 100:g} %" if part["share_bp"] is not None else ""
    money = f"¥{part['amount_fen'] / 100:.2f}" if part["amount_fen"] is not None else ""
    return joined((amount, share, money))


def print_told(found: "Sequence[Told]", known: "Catalogue", *, as_json: bool) -> None:
    """The messages of an affair, each with how far it has come."""
    if as_json:
        print_json([_plain(asdict(each)) for each in found])
        return
    rows = [
        (
            *(local(m.at, known.zone), m.part, people_named([m.to], known)[0], word("channel", m.channel), word("notice", m.notice)),
            *(word("delivery", m.state), m.wording or say("cli.not_worded_yet"), m.tries or None),
            *(local(m.delivered_at, known.zone) or joined(dict.fromkeys(m.receipts)), m.error and word("delivery_error", m.error)),
        )
        for m in found
    ]
    columns = ("when", "item", "to", "channel", "notice", "state", "wording", "tries", "receipt", "error")
    print_table(say("cli.messages"), columns, rows, on=screen())
    if not rows:
        typer.echo(say("affairs.told_nobody_yet"))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as programs read it: instants as ISO writes them."""
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
