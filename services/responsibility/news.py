"""What goes on beside the loop and is news for officers of the place: which affairs, at which moment, and how far the news goes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from models import Affair, AffairCase, AffairPart, Case, Journal, Message, begin_write, connection_of, table
from rules.facts import Thing
from rules.handling import MECHANISM_OF
from rules.handling.campaigns import CampaignState
from rules.handling.deliberation import MeetingState
from rules.handling.errands import ErrandState
from rules.handling.polls import PollState
from services.mechanisms import is_on
from services.responsibility.offices import Holder, Officers, Reach
from services.responsibility.telling import Told, queue

WITHIN: Final = timedelta(days=1)  #: what happened longer ago is news to nobody
AT_ONCE: Final = 200  #: affairs told of in one unit of work
NOTICE: Final = "affair_office"
_affair, _part, _case, _entry, _message = table(Affair), table(AffairPart), table(Case), table(Journal), table(Message)
_beside, _link, _linked = table(Affair).alias("beside"), table(AffairCase), table(Case).alias("linked")


Key = tuple[int, int]
People = set[tuple[str, Any]]
_NOBODY: Final[People] = {("staff", None), ("resident", None)}


@dataclass(frozen=True, slots=True)
class News:
    """When an affair is news for an office.

    Attributes:
        kind: As seeds/offices.toml names it under `hears`.
        thing: Kind of affair; the mechanism that it belongs to must be on.
        states: While it is in one of these; later it is too late to tell.
        words: Sentence under `[news]`.
        move: The move that makes it news; None: that it was opened.
        reach: How far the news goes from its place.
        without: Varieties of the affair that are not for the neighbourhood.
        alone: Not where it is part of another, of which people have heard.
    """

    kind: str
    thing: Thing
    states: tuple[StrEnum, ...]
    words: str
    move: str | None = None
    reach: Reach = Reach.ESTATE
    without: tuple[str, ...] = ()
    alone: bool = False


#: All that is news beside the loop; to add some: a row here, a sentence, and the kind at an office in seeds/offices.toml.
NEWS: Final = (
    News("errand", Thing.ERRAND, (ErrandState.UNDER_WAY, ErrandState.MISSING), "office_errand", reach=Reach.PLACE),
    News("meeting", Thing.MEETING, (MeetingState.CALLED,), "office_meeting", without=("task_force",)),
    News("campaign", Thing.CAMPAIGN, (CampaignState.UNDER_WAY,), "office_campaign", move="start_campaign", reach=Reach.AREA, alone=True),
    News("campaign", Thing.POLL, (PollState.DECIDED,), "office_decided", move="decide_poll"),
    News("appeal", Thing.POLL, (PollState.OPEN,), "office_poll"),
)


def tell_of_affairs(session: Session, now: datetime) -> int:
    """Tell officers of errands, meetings, campaigns and polls in their grid, community or building: number and kind, nothing of persons.

    Never of a hidden affair, nor of one about a sensitive case. Whoever takes part has heard already. Run by the patrol; safe to run
    again: each officer hears once of each piece of news. Nothing is locked while there is none.

    Returns:
        How many notices were queued.
    """
    wanted = [each for each in NEWS if is_on(session, MECHANISM_OF[each.thing])]
    officers = Officers(session, now)
    if not officers.areas([each.kind for each in wanted]):
        return 0
    rows = _fresh(session, wanted, now)
    involved = _involved(session, rows)
    heard = [found for row in rows if (found := list(_told(row, _news_of(row, wanted), officers, involved)))]
    told = [each for found in heard[:AT_ONCE] for each in found]
    if told:
        begin_write(session)
    return queue(session, told, now)


def _fresh(session: Session, wanted: Sequence[News], now: datetime) -> list[Any]:
    """Affairs of which nobody was told yet, with the journal entry that is the news."""
    since = now - WITHIN
    told = exists().where(_message.c.case_id == _affair.c.case_id, _message.c.notice == NOTICE, _message.c.seq == _entry.c.seq)
    hidden = exists().where(_beside.c.case_id == _affair.c.case_id, _beside.c.hidden)
    about = and_(_link.c.home_id == _affair.c.case_id, _link.c.seq == _affair.c.seq, _link.c.case_id == _linked.c.id)
    sensitive = exists().where(about, _linked.c.sensitive.is_not(None))
    names = ("case_id", "seq", "thing", "state", "form", "area_unit_id", "opened_by", "asker_id", "staff_id", "place")
    columns = (*(_affair.c[name] for name in names), _case.c.place.label("case_place"), _entry.c.seq.label("entry"))
    both = _affair.join(_case, _case.c.id == _affair.c.case_id).join(_entry, _entry.c.case_id == _affair.c.case_id)
    found = select(*columns).select_from(both).where(or_(*(_is_news(each, since) for each in wanted)), _entry.c.at > since)
    things, states = {each.thing.value for each in wanted}, {state.value for each in wanted for state in each.states}
    found = found.where(_affair.c.thing.in_(things), _affair.c.state.in_(states))  # by the index; which goes with which is said above
    found = found.where(or_(_affair.c.ended_at.is_(None), _affair.c.ended_at > since), _case.c.sensitive.is_(None))
    return list(connection_of(session).execute(found.where(~told, ~hidden, ~sensitive).order_by(_entry.c.at, _affair.c.no)))


def _is_news(news: News, since: datetime) -> ColumnElement[bool]:
    of = and_(_affair.c.thing == news.thing.value, _affair.c.state.in_([state.value for state in news.states]))
    if news.without:
        of = and_(of, _affair.c.form.not_in(news.without))
    if news.alone:
        of = and_(of, _affair.c.parent_seq.is_(None))
    if news.move is None:
        return and_(of, _affair.c.opened_at > since, _entry.c.seq == _affair.c.seq)
    return and_(of, _entry.c.thing == news.thing.value, _entry.c.thing_no == _affair.c.seq, _entry.c.action == news.move)


def _news_of(row: Any, wanted: Iterable[News]) -> News:  # noqa: ANN401 - a result row
    return next(each for each in wanted if row.thing == each.thing.value and row.state in each.states)


def _involved(session: Session, rows: Iterable[Any]) -> Mapping[Key, People]:
    """Who takes part in each affair, and has heard of it: who opened it, for whom it is, who does it, whose part something is."""
    found = {(r.case_id, r.seq): {("user", r.opened_by), ("staff", r.staff_id), ("resident", r.asker_id)} - _NOBODY for r in rows}
    parts = select(*(_part.c[name] for name in ("case_id", "seq", "staff_id", "requester_id")))
    people = or_(_part.c.staff_id.is_not(None), _part.c.requester_id.is_not(None))
    for part in connection_of(session).execute(parts.where(_part.c.case_id.in_({key[0] for key in found}), people)) if found else ():
        if (part.case_id, part.seq) in found:
            found[part.case_id, part.seq] |= {("staff", part.staff_id), ("resident", part.requester_id)} - _NOBODY
    return found


def _told(row: Any, news: News, officers: Officers, involved: Mapping[Key, People]) -> Iterator[Told]:  # noqa: ANN401 - a result row
    about = {"affair": row.seq, "unit_id": row.area_unit_id, "news": news.words}
    key = f"{NOTICE}:{row.case_id}:{row.entry}"
    for holder in officers.hearers(news.kind, row.area_unit_id, f"{row.place} {row.case_place}", news.reach):
        if not _who(holder) & involved[row.case_id, row.seq]:
            staff_id = holder.person.id if holder.person is not None else None
            yield Told(NOTICE, key, staff_id, holder.requester_id, row.case_id, row.entry, about=about)


def _who(holder: Holder) -> People:
    if holder.person is None:
        return {("resident", holder.requester_id)}
    return {("staff", holder.person.id), ("user", holder.person.name)}
