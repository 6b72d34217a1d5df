"""Words on their way into use: drafted, proposed once they have been checked, published or refused by a second person, retired."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from models import MessageTemplate, begin_write, connection_of, table
from notifications.rendering import TemplateText
from rules.facts import Refused
from services.catalogue import reference_changed
from services.people.rights import on_record
from services.templates.checking import check
from services.templates.previewing import Occasion, values_of
from services.templates.stored import TemplateState, Which, check_person, text_of, version_of, versions
from wording import say

_template = table(MessageTemplate)


def draft(session: Session, which: Which, words: TemplateText, by: str, now: datetime, note: str = "") -> int:
    """Write words down; nothing that is sent changes. A draft that is there already is written anew, whoever wrote it before.

    Args:
        session: The unit of work.
        which: What they are for.
        words: The words; what is wrong with them is said when they are proposed.
        by: User name.
        now: The instant, aware UTC.
        note: Why, for the second person.

    Returns:
        The number of the version.

    Raises:
        Refused: `unknown_user`, `left`, `not_your_templates`.
    """
    begin_write(session)
    actor = check_person(session, by)
    there = versions(session, which)
    newest = there[0] if there else None
    values = {"subject": words.subject, "body": words.body, "written_by": actor.name, "written_at": now, "note": note}
    if newest is not None and newest.state == TemplateState.DRAFT:
        connection_of(session).execute(update(_template).where(_template.c.id == newest.id).values(**values))
        return int(newest.version)
    version = 1 if newest is None else int(newest.version) + 1
    key = {"notice": which.notice, "medium": which.medium, "lang": which.lang, "version": version}
    connection_of(session).execute(insert(_template).values(**key, **values, state=TemplateState.DRAFT.value))
    return version


def propose(session: Session, which: Which, version: int, by: str, now: datetime, occasion: Occasion) -> None:
    """Hand words to a second person; they never change again.

    Args:
        session: The unit of work.
        which: What they are for.
        version: Which version.
        by: User name.
        now: The instant, aware UTC.
        occasion: The case on which they are tried, and how the installation speaks.

    Raises:
        TemplateRefused: they name what nobody knows, a gateway would refuse them, or they cannot be said of that case; with each line.
        Refused: `unknown_user`, `left`, `not_your_templates`, `unknown_template_version`, `template_state`, `no_case`.
    """
    begin_write(session)
    row = _in(session, which, version, by, TemplateState.DRAFT)
    check(which, text_of(row), values_of(session, which, occasion))
    _put(session, row, TemplateState.PROPOSED, {})
    on_record(session, by, "template_proposed", which.said, {"version": version}, now)


def publish(session: Session, which: Which, version: int, by: str, now: datetime) -> None:
    """Put words into use, from the next message on; where a public gateway has to approve them, there once it has.

    Raises:
        Refused: `template_own_words`, who wrote them does not publish them; `unknown_user`, `left`, `not_your_templates`,
            `unknown_template_version`, `template_state`.
    """
    _decide(session, which, version, by, now, TemplateState.PUBLISHED)


def refuse(session: Session, which: Which, version: int, by: str, now: datetime, note: str) -> None:
    """Say no to proposed words, and why.

    Raises:
        Refused: as `publish`.
    """
    _decide(session, which, version, by, now, TemplateState.REFUSED, note)


def retire(session: Session, which: Which, version: int, by: str, now: datetime) -> None:
    """Take words out of use; the version before them is used again, or those that came with the program.

    Raises:
        Refused: `unknown_user`, `left`, `not_your_templates`, `unknown_template_version`, `template_state`.
    """
    begin_write(session)
    row = _in(session, which, version, by, TemplateState.PUBLISHED)
    _put(session, row, TemplateState.RETIRED, {})
    on_record(session, by, "template_retired", which.said, {"version": version}, now)
    reference_changed(session)


def _decide(session: Session, which: Which, version: int, by: str, now: datetime, state: TemplateState, note: str = "") -> None:
    begin_write(session)
    row = _in(session, which, version, by, TemplateState.PROPOSED)
    if row.written_by == by:
        raise Refused("template_own_words", user=by, version=version)
    _put(session, row, state, {"decided_by": by, "decided_at": now} | ({"note": note} if note else {}))
    on_record(session, by, f"template_{state.value}", which.said, {"version": version, "note": note}, now)
    reference_changed(session)


def _in(session: Session, which: Which, version: int, by: str, state: TemplateState) -> Any:  # noqa: ANN401 - a result row
    """The version, if this person may deal with it and it is in this state."""
    check_person(session, by)
    row = version_of(session, which, version)
    if row.state != state:
        raise Refused("template_state", version=version, present=_said(row.state), wanted=_said(state))
    return row


def _said(state: str) -> str:
    return say(f"template_state.{state}")


def _put(session: Session, row: Any, state: TemplateState, values: dict[str, Any]) -> None:  # noqa: ANN401 - a result row
    connection_of(session).execute(update(_template).where(_template.c.id == row.id).values(state=state.value, **values))
