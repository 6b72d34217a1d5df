"""A case as somebody may see it: read in full, then taken out what `services.privacy.seeing` does not let through."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import CaseReporter, Requester, connection_of, table
from rules.facts import Actor, Refused, State
from services.affairs.of_case import Beside, about, known_to
from services.moves import Row
from services.privacy.masking import masked, masked_name, masked_phone
from services.privacy.seeing import ANYBODY, PATROL, Seen, view_of
from services.reading import CaseStory, read_case

_reporter, _requester = table(CaseReporter), table(Requester)
#: Columns of a case that tell who wrote it down, or where the answer goes: for those alone who read its words as they were written.
_OF_PEOPLE: Final = ("entered_by", "upstream_reply_to")
_ANSWERS: Final = ("solved", "score")


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody may see of a case.

    Attributes:
        seen: What of it.
        story: Without anything that the viewer may not see; of a case that he may not open it must not be shown at all.
        contacts: Masked name and phone of each reporter; empty where hidden.
    """

    seen: Seen
    story: CaseStory
    contacts: tuple[Mapping[str, str], ...] = ()


def shown(session: Session, no: str, viewer: Actor | None, now: datetime) -> Shown:
    """A case as this viewer may see it.

    Args:
        session: The unit of work; nothing is changed.
        no: Number of the case.
        viewer: Who looks; None: the administrator of the machine.
        now: The instant, aware UTC.

    Raises:
        Refused: `unknown_case`.
    """
    return shown_of(session, read_case(session, no, now), viewer, now)


def shown_of(session: Session, story: CaseStory, viewer: Actor | None, now: datetime) -> Shown:
    """The same of a case that has been read already, as it is kept."""
    story = with_affairs(story, known_to(story.affairs, viewer, story.known))
    seen = seen_of(story, viewer, now)
    contacts = _contacts(session, story.case, viewer) if seen.contacts else ()
    return Shown(seen, as_seen(story, seen), contacts)


def public(session: Session, no: str, now: datetime) -> CaseStory:
    """A case as the one token of the web opens it: no reporter, no concealed source, no sensitive case, nothing of affairs.

    Raises:
        Refused: `unknown_case`, also for the file of an affair that belongs to no case; `restricted`, it is a sensitive one.
    """
    found = shown(session, no, ANYBODY, now)
    if found.story.state is State.BESIDE:
        raise Refused("unknown_case", case=no)
    if not found.seen.opened:
        raise Refused("restricted")
    return with_affairs(found.story, ())


def with_affairs(story: CaseStory, kept: Sequence[Beside]) -> CaseStory:
    """The case with these of its affairs; of the others no clock, no entry and no message is left."""
    gone = [each for each in story.affairs if each not in kept]
    if not gone:
        return story
    seqs = {each.seq for each in gone if each.kept}
    return replace(
        story,
        affairs=list(kept),
        clocks=[clock for clock in story.clocks if clock["affair_seq"] not in seqs],
        journal=[entry for entry in story.journal if about(entry, gone) is None],
        messages=[message for message in story.messages if message["about"].get("affair") not in seqs],
    )


def seen_of(story: CaseStory, viewer: Actor | None, now: datetime) -> Seen:
    """What this viewer may see of the case."""
    end = max((c["due_at"] for c in story.clocks if c["kind"] == "evaluate"), default=None)
    return view_of(story.case, story.orders, viewer, story.known, end, now)


def as_seen(story: CaseStory, seen: Seen) -> CaseStory:
    """The case without what may not be seen of it."""
    case = {name: _words(value, seen) for name, value in story.case.items()}
    if not seen.words:
        case.update(dict.fromkeys(_OF_PEOPLE))
    if not seen.rating:
        case.update(dict.fromkeys(_ANSWERS))
    source = story.case["source"] if seen.source else _concealed(story)
    if source != story.case["source"]:
        case.update(source=source, entered_by=None)
    return replace(
        story,
        case=case,
        source=source,
        orders=_each(story.orders, seen),
        supervision=_each(story.supervision, seen),
        extensions=_each(story.extensions, seen),
        messages=_each(story.messages, seen),
        affairs=[replace(each, title=_words(each.title, seen)) for each in story.affairs],
        journal=[_entry(entry, story, seen, source) for entry in story.journal],
    )


def _concealed(story: CaseStory) -> str:
    concealed = story.known.source_facts[story.case["source"]].concealed
    return PATROL if concealed else str(story.case["source"])


def _words(value: Any, seen: Seen) -> Any:  # noqa: ANN401 - any column
    return masked(value) if isinstance(value, str) and not seen.words else value


def _each(rows: Iterable[Row], seen: Seen) -> list[Row]:
    return [{name: _words(value, seen) for name, value in row.items()} for row in rows]


def _entry(entry: Row, story: CaseStory, seen: Seen, source: str) -> Row:
    """A journal entry: no numbers of people, nothing of a concealed source, no answer before it may be known."""
    data = {name: _words(value, seen) for name, value in entry["data"].items()}
    if not seen.rating and entry["action"] == "rate":
        data = {}
    shown_entry = {**entry, "data": data}
    if source != story.case["source"]:
        shown_entry |= _without_origin(entry, data, source, story.case["entered_by"])
    return shown_entry


def _without_origin(entry: Row, data: Row, source: str, author: str | None) -> Row:
    told = data | {"source": source} if "source" in data else data
    wrote = entry["action"] == "submit" or (author is not None and entry["actor"] == author)
    return {"data": told, "actor": source, "actor_unit_id": None} if wrote else {"data": told}


def _contacts(session: Session, case: Row, viewer: Actor | None) -> tuple[Mapping[str, str], ...]:
    """Masked name and phone of each reporter, the first one first; a resident sees his own."""
    own = viewer.resident_id if viewer is not None else None
    return tuple(
        {"name": masked_name(row.name or ""), "phone": masked_phone(row.phone or "")}
        for row in reporters_of(session, case)
        if own in (None, row.id)
    )


def reporters_of(session: Session, case: Row) -> list[Any]:
    """The reporters of a case in order, with name and phone in full: not to be shown as they are."""
    others = select(_reporter.c.requester_id).where(_reporter.c.case_id == case["id"], _reporter.c.until.is_(None))
    wanted = select(_requester).where((_requester.c.id == case["requester_id"]) | _requester.c.id.in_(others))
    found = list(connection_of(session).execute(wanted.order_by(_requester.c.id)))
    return sorted((r for r in found if r.name or r.phone), key=lambda r: r.id != case["requester_id"])
