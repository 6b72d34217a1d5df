"""The inbox inside the program: whatever the channel, a person finds here what he or she was told, newest first. No rows of its own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from models import Case, Message, begin_write, connection_of, table
from rules.delivery import TAKEN_STATES, State
from services.recipients import recipient_of

MOST: Final = 500  #: messages looked at, the newest first
_message, _case = table(Message), table(Case)
_NAMES: Final = ("id", "case_id", "seq", "notice", "channel", "haste", "state", "queued_at", "wording", "read_at", "about")
_READ: Final = (
    select(*(_message.c[n] for n in _NAMES), _case.c.no, _case.c.sensitive, _case.c.readers)
    .select_from(_message.outerjoin(_case, _case.c.id == _message.c.case_id))
    .where(_message.c.recipient == bindparam("recipient"), _message.c.notice != "digest")
    .order_by(_message.c.id.desc())
    .limit(MOST)
)
_UNREAD: Final = _READ.where(_message.c.read_at.is_(None))
_MARK: Final = (
    update(_message)
    .where(_message.c.id.in_(bindparam("ids", expanding=True)), _message.c.recipient == bindparam("owner"), _message.c.read_at.is_(None))
    .values(read_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that somebody was told, however many messages told it.

    Attributes:
        ids: The messages.
        no: The case; None: it speaks of no single one, or the person may not see it any more.
        at: When it was queued.
        text: The words of the message that has the most of them; empty: not put into words yet, or a digest spoke for it.
        ways: Channel and state of each message, in the order in which they were tried.
        urgent: It waits for nothing.
        read: It was looked at.
    """

    ids: tuple[int, ...]
    no: str | None
    notice: str
    at: datetime
    text: str
    ways: tuple[tuple[str, str], ...]
    urgent: bool
    read: bool

    @property
    def arrived(self) -> bool:
        """Whether any channel has taken it."""
        return any(state in TAKEN_STATES for _, state in self.ways)


def inbox(session: Session, staff_id: int, *, everything: bool = False) -> list[Item]:
    """What a person was told and has not looked at, newest first; with `everything` also what was looked at.

    What somebody else was told in the person's place is not there; of a sensitive case only who may read it sees more than that there was
    a message.

    Args:
        session: The unit of work.
        staff_id: Whose inbox.
        everything: Read ones too; at most the newest 500 messages are looked at.
    """
    rows = connection_of(session).execute(_READ if everything else _UNREAD, {"recipient": recipient_of(staff_id, None)})
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        matter = (row.case_id, row.seq, row.notice) if row.case_id is not None else (row.notice, str(sorted(row.about.items())))
        groups.setdefault(matter, []).append(row)
    return [_item(list(reversed(group)), staff_id) for group in groups.values()]


def mark_read(session: Session, staff_id: int, ids: Collection[int], now: datetime) -> int:
    """Note that a person has looked at messages; those of others, and those looked at before, stay as they are.

    Returns:
        How many were new to the person.
    """
    if not ids:
        return 0
    begin_write(session)
    asked = {"ids": sorted(ids), "owner": recipient_of(staff_id, None), "now": now}
    return connection_of(session).execute(_MARK, asked).rowcount


def _item(rows: Sequence[Any], staff_id: int) -> Item:
    first = rows[0]
    hidden = first.sensitive is not None and staff_id not in first.readers
    texts = [row.wording for row in rows if row.wording and not hidden]
    return Item(
        tuple(row.id for row in rows),
        None if hidden else first.no,
        first.notice,
        first.queued_at,
        max(texts, key=len, default=""),
        tuple((row.channel, State(row.state).value) for row in rows),
        urgent=first.haste == 0,
        read=all(row.read_at is not None for row in rows),
    )
