"""How affairs are shown: a list, one whole, what became of a move."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import typer

from commands.screen import errors, joined, limit_word, local, print_json, print_table, screen, unit_name, word
from wording import say

_LONGEST_M: Final = 600  #: minutes; what is longer was written as a moment

if TYPE_CHECKING:
    from services.affairs import AffairLine, AffairSheet
    from services.affairs.acting import Choices
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


def print_sheet(found: "AffairSheet", known: "Catalogue", *, as_json: bool) -> None:
    """One affair whole."""
    if as_json:
        parts, clocks = [_plain(p) for p in found.parts], [_plain(c) for c in found.clocks]
        print_json({"affair": _plain(found.affair), "parts": parts, "cases": found.cases, "clocks": clocks})
        return
    out = screen()
    out.print(f"{found.affair['no']}  {word('affair', found.affair['thing'])}  {found.affair['title']}", style="bold")
    for name, value in _facts(found, known).items():
        if value:
            out.print(say("affairs.fact", name=say(f"affairs.of_{name}"), value=value))
    _print_parts(found, known, out)
    _print_clocks(found, known, out)
    _print_journal(found, known, out)


def _facts(found: "AffairSheet", known: "Catalogue") -> dict[str, Any]:
    """What is said of it line by line; empty lines are left out."""
    row, zone = found.affair, known.zone
    return {
        "state": word(f"{row['thing']}_state", row["state"]),
        "unit": unit_name(known, row["unit_id"]),
        "place": row["place"],
        "at": local(row["at"], zone),
        "until": local(row["until"], zone),
        "tier": row["tier"],
        "quantity": row["quantity"] and f"{row['quantity']} {row['measure']}",
        "case": row["case_no"],
        "cases": joined(found.cases),
        "since": local(row["opened_at"], zone),
        "ended": local(row["ended_at"], zone),
        "result": row["result"],
    }


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
        (local(e["at"], known.zone), _about(e, found.affair), word("action", e["action"]), e["actor"], e["data"].get("reason"))
        for e in found.journal
    ]
    print_table(say("cli.journal"), ("at", "about", "action", "actor", "reason"), rows, on=out)


def _about(entry: dict[str, Any], affair: dict[str, Any]) -> Any:  # noqa: ANN401 - a number or a word
    """Which part or clock an entry of the journal is about; None: the affair itself."""
    if entry["thing"] == "clock":
        return word("clock", entry["data"].get("clock"))
    return None if entry["thing"] in ("case", affair["thing"]) else entry["thing_no"]


def _print_parts(found: "AffairSheet", known: "Catalogue", out: Any) -> None:  # noqa: ANN401 - rich's own console
    rows = [
        (
            p["no"],
            word("affair_part", p["thing"]),
            joined((p["title"], p["role"] and word("part_role", p["role"]), unit_name(known, p["unit_id"]))),
            word(f"{p['thing']}_state", p["state"]),
            _amount(p),
            p["words"],
            local(p["done_at"], known.zone),
        )
        for p in found.parts
    ]
    print_table(say("affairs.parts"), ("item", "kind", "whose", "state", "quantity", "said", "finished"), rows, on=out)


def _amount(part: dict[str, Any]) -> str:
    """Quantity, share and money of a part, as far as it has any."""
    amount = f"{part['done'] or 0}/{part['quantity']} {part['measure']}".strip() if part["quantity"] is not None else ""
    share = f"{part['share_bp'] / 100:g} %" if part["share_bp"] is not None else ""
    money = f"¥{part['amount_fen'] / 100:.2f}" if part["amount_fen"] is not None else ""
    return joined((amount, share, money))


def print_moved(found: "Choices", known: "Catalogue", action: str, *, as_json: bool) -> None:
    """What became of a move, and what this person could do next."""
    following = [f"{c.action} --part {c.part}" if c.part is not None else c.action for c in found.choices]
    if as_json:
        print_json({"no": found.no, "action": action, "state": found.state, "next": following})
        return
    state = word(f"{found.thing}_state", found.state)
    typer.echo(say("affairs.moved", no=found.no, action=word("action", action), state=state))
    if found.choices:
        errors().print(say("affairs.next", no=found.no, actions=joined(_in_words(found))))


def _in_words(found: "Choices") -> list[str]:
    """What can be done next, each move once: its word, how it is written, and of which parts."""
    parts: dict[str, list[str]] = {}
    for choice in found.choices:
        parts.setdefault(choice.action, []).extend([] if choice.part is None else [str(choice.part)])
    return [
        say("affairs.choice", word=word("action", action), code=f"{action} --part {'/'.join(nos)}" if nos else action)
        for action, nos in parts.items()
    ]


def print_began(no: str, thing: str, title: str, *, as_json: bool) -> None:
    """An affair that was opened, and how to look at it."""
    if as_json:
        print_json({"no": no, "kind": thing, "title": title})
        return
    typer.echo(say("affairs.began", no=no, kind=word("affair", thing), title=title))
    errors().print(say("affairs.look", no=no))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as programs read it: instants as ISO writes them."""
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
