"""`bihuan submit --chat`: what was copied out of a chat group, listed first if wanted, each matter handed in once."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from sqlalchemy.orm import Session

    from commands.cases.submit import Given
    from rules.facts import Actor
    from services.catalogue import Catalogue
    from services.intake import Report, Submitted
    from services.intake.chat import Chat

CAPTAIN: Final = "block_captain"  #: who speaks in a group of residents, unless told otherwise
TEXT_SHOWN: Final = 40  #: characters of a message on the screen


def submit_chat(given: "Given", more: Sequence[str]) -> None:
    """Read the conversation, then list or hand in what it reports.

    Args:
        given: What was typed.
        more: Options that do not go with it.

    Raises:
        Refused: `chat_and_more`, and what `services.intake.chat` and `services.intake` say.
    """
    from clock import utcnow
    from commands.cases.submit import text_from
    from commands.opening import unit_of_work
    from commands.screen import joined
    from rules.facts import SYSTEM
    from services.catalogue import catalogue
    from services.intake.chat import read_chat, reports_of_chat

    if more:
        raise Refused("chat_and_more", options=joined(more))
    text, now = text_from(given.chat), utcnow()
    with unit_of_work() as session:
        known = catalogue(session)
        chat = read_chat(text, now, known.zone, known.urgent_rules)
        reports = list(reports_of_chat(chat.said, given.group or "", given.source or CAPTAIN, given.area, given.place))
        actor = known.actor(given.user) if given.user else SYSTEM
        done = _would_become(session, reports, actor) if given.dry_run else _handed_in(session, reports, actor, now)
    _show(given, chat, reports, done, known)


def _would_become(session: "Session", reports: "Sequence[Report]", actor: "Actor") -> "list[Submitted | None]":
    """The case that each report is already; None for those that would be new."""
    from services.catalogue import catalogue
    from services.intake import check, known_as, known_before

    for report in reports:
        check(report, catalogue(session), actor)
    before = known_before(session, reports)
    return [known_as(report, before) for report in reports]


def _handed_in(session: "Session", reports: "Sequence[Report]", actor: "Actor", now: "datetime") -> "list[Submitted | None]":
    from services.intake import submit
    from services.moves import Setting

    return [*submit(session, reports, Setting(now), actor)]


def _show(given: "Given", chat: "Chat", reports: "Sequence[Report]", done: "Sequence[Submitted | None]", known: "Catalogue") -> None:
    from commands.screen import print_json

    lines = [_line(said, report, case, known) for said, report, case in zip(chat.said, reports, done, strict=True)]
    passed = [{"line": each.line, "text": each.text, "reason": each.reason} for each in chat.passed]
    if given.as_json:
        print_json({"said": lines, "passed": passed, "dry_run": given.dry_run})
        return
    _tables(given, lines, passed, known.zone)
    count = {"said": len(lines), "known": sum(line["known"] for line in lines), "passed": len(passed)}
    typer.echo(say("intake.chat_done", None, new=count["said"] - count["known"], **count) if lines else say("intake.chat_nothing"))


def _line(said: Any, report: "Report", case: "Submitted | None", known: "Catalogue") -> dict[str, Any]:  # noqa: ANN401 - what was said
    from rules.triage import urgency_of

    urgency, _ = urgency_of(report.body, known.urgent_rules)
    at = said.at.isoformat() if said.at is not None else None
    about = {"line": said.line, "at": at, "who": said.name, "text": report.body, "urgency": urgency}
    return about | {"no": case.no if case is not None else None, "known": case is not None and case.known}


def _tables(given: "Given", lines: Sequence[Mapping[str, Any]], passed: Sequence[Mapping[str, Any]], zone: "tzinfo") -> None:
    from datetime import datetime

    from commands.screen import local, print_table, screen, word

    def when(line: Mapping[str, Any]) -> str | None:
        return local(datetime.fromisoformat(line["at"]), zone) if line["at"] else None

    rows = [(n["line"], when(n), n["who"], n["urgency"], _short(n["text"]), n["no"] or say("intake.chat_new")) for n in lines]
    title = say("intake.chat_would", group=given.group or "") if given.dry_run else ""
    print_table(title, ("chat_line", "said_at", "who_said", "urgency", "subject", "becomes"), rows, on=screen())
    why = [(each["line"], _short(each["text"]), word("intake", f"reason_{each['reason']}")) for each in passed]
    print_table(say("intake.chat_passed"), ("chat_line", "passed_text", "passed_reason"), why, on=screen())


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= TEXT_SHOWN else f"{plain[: TEXT_SHOWN - 1]}…"
