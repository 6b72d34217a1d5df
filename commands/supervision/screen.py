"""Supervision orders on the screen: a list, one with all that belongs to it, and what became of a move."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from commands.screen import errors, joined, limit_word, local, print_json, print_table, screen, unit_name, word
from rules.facts import FINAL, Refused, State
from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.moves import Row
    from services.supervision import OrderStory, Result

#: What is to be done next, by state.
_NEXT: Final = {"proposed": "next_sign", "signed": "next_reply", "replied": "next_check", "verified": "next_write_off"}


def print_orders(found: Sequence["Row"], known: "Catalogue", now: datetime) -> None:
    """Print a list, the soonest due first."""
    from services.supervision import label_of

    out = screen()
    if not found:
        out.print(say("supervise.nothing"))
        return

    def row(order: "Row") -> tuple[object, ...]:
        state = joined((word("state", order["state"]), _is_closed(order)))
        label = label_of(order["number"], order["no"], order["seq"])
        due = joined((_due(order, known), order["clock_due_at"] is not None and order["clock_due_at"] < now and word("light", "late")))
        turn = joined((order["clock_kind"] and word("clock", order["clock_kind"]), unit_name(known, order["clock_unit_id"])))
        what = (word("supervision", order["form"]), word("supervision", order["rank"]), state)
        return (label, order["no"], unit_name(known, order["unit_id"]), *what, order["demand"] or order["subject"], turn, due)

    print_table("", ("order_name", "case", "unit", "form", "rank", "state", "demand", "turn", "due"), map(row, found), on=out)


def _is_closed(order: "Row") -> str | None:
    return say("supervise.case_closed") if State(order["case_state"]) in FINAL else None


def _due(order: "Row", known: "Catalogue") -> str | None:
    due = local(order["clock_due_at"], known.zone)
    return say("supervise.provisional", due=due) if due and order["clock_provisional"] else due


def print_story(story: "OrderStory", files: Path, now: datetime) -> None:
    """Print everything about one supervision order; a file that is no longer what was handed in is named."""
    out = screen()
    out.print(f"{story.label}  {story.order['subject']}", style="bold")
    print_table(say("supervise.facts"), ("what", "value"), _facts(story), on=out)
    evidence = [_piece(piece, files) for piece in story.evidence]
    print_table(say("supervise.evidence"), ("stage", "said", "file", "standing", "sha256"), evidence, on=out)
    zone = story.known.zone
    journal = [(e["seq"], local(e["at"], zone), _deed(e), e["actor"], _said(e["data"])) for e in story.journal]
    print_table(say("supervise.journal"), ("seq", "when", "deed", "actor", "said"), journal, on=out)
    sentence = next_step(story)
    if sentence:
        out.print(sentence)


def _facts(story: "OrderStory") -> Iterator[tuple[str, object]]:
    order, known = story.order, story.known
    values: dict[str, object] = {
        "form": word("supervision", order["form"]),
        "rank": word("supervision", order["rank"]),
        "state": word("state", order["state"]),
        "case": order["no"],
        "further_cases": joined(story.cases),
        "unit": unit_name(known, order["unit_id"]),
        "demand": order["demand"],
        "limit": order["limit"] and limit_word(order["limit"]),
        "origin": word("origin", order["origin"]),
        "reply": order["reply"],
    }
    values |= {
        what: joined((local(order[f"{what}_at"], known.zone), order[f"{what}_by"]))
        for what in ("proposed", "signed", "replied", "verified", "ended")
    }
    return ((say(f"column.{name}"), value) for name, value in values.items() if value)


def _piece(piece: "Row", files: Path) -> tuple[object, ...]:
    from services.attachments import is_whole

    standing = piece["sha256"] and say("supervise.file_whole" if is_whole(files, piece["sha256"]) else "supervise.file_spoilt")
    return (say(f"supervise.is_{piece['stage']}"), piece["note"], piece["name"], standing, piece["sha256"])


def _deed(entry: "Row") -> str:
    action = word("action", entry["action"])
    return say("cli.clock_deed", clock=word("clock", entry["data"].get("clock")), action=action) if entry["thing"] == "clock" else action


def _said(data: dict[str, Any]) -> str:
    return joined(data.get(name) for name in ("number", "demand", "reason", "result", "limit"))


def next_step(story: "OrderStory") -> str | None:
    """What is to be done next, by whom and until when; None: it has ended."""
    order, known = story.order, story.known
    if order["state"] not in _NEXT:
        return None
    return say(
        f"supervise.{_NEXT[order['state']]}", None, order=story.label, unit=unit_name(known, order["unit_id"]), due=_due(order, known)
    )


def say_opened(story: "OrderStory", noted: str | None, *, as_json: bool) -> None:
    """Say that a supervision order was opened, on a case or (`noted`: its file) on a problem found on the spot."""
    from clock import utcnow
    from services.supervision import order_json

    if as_json:
        print_json(order_json(story.order, story.known, utcnow()))
        return
    form, unit = word("supervision", story.order["form"]), unit_name(story.known, story.order["unit_id"])
    typer.echo(say("supervise.noted" if noted else "supervise.opened", None, form=form, order=story.label, unit=unit, case=noted))
    errors().print(next_step(story) or "")


def say_done(action: str, results: Sequence["Result"], *, as_json: bool) -> bool:
    """Say what became of each.

    Returns:
        Whether every move was made.

    Raises:
        Refused, Conflict: there was one only, and it was not made.
    """
    failed = [result for result in results if not result.done]
    if as_json:
        print_json([_plain(action, result) for result in results])
        return not failed
    if len(results) == 1 and isinstance(results[0].outcome, Exception):
        raise results[0].outcome
    if not results:
        typer.echo(say("supervise.no_waiting"))
    for result in results:
        if result.done:
            typer.echo(say("supervise.done", order=result.label, action=word("action", action)))
        else:
            errors().print(say("supervise.failed", order=result.name, reason=_reason(result.outcome)))
    if len(results) == 1:
        _say_next(results[0].label)
    elif results:
        typer.echo(say("supervise.summed", action=word("action", action), done=len(results) - len(failed), failed=len(failed)))
    return not failed


def _say_next(label: str) -> None:
    from commands.opening import unit_of_work
    from services.supervision import read_order

    with unit_of_work() as session:
        sentence = next_step(read_order(session, label))
    if sentence:
        errors().print(sentence)


def _plain(action: str, result: "Result") -> dict[str, object]:
    code = None if result.done else getattr(result.outcome, "code", "conflict")
    return {
        "name": result.name,
        "order": result.label,
        "action": action,
        "done": result.done,
        "code": code,
        "reason": _reason(result.outcome),
    }


def _reason(outcome: object) -> str | None:
    return reason_of(outcome) if isinstance(outcome, Exception) else None


def reason_of(problem: Exception) -> str:
    """The sentence of a refusal or of a conflict."""
    from commands.trouble import refusal

    return refusal(problem) if isinstance(problem, Refused) else say("refused.conflict", version=getattr(problem, "version", ""))
