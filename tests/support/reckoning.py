"""The reckoning at the end: our books against the simulator's own record, message by message."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from models import Attempt, Case, Journal, Message, Staff, table
from notifications.outcome import TAKEN
from rules.delivery import FINAL_STATES, LOST, TAKEN_STATES, State
from sim.said import receipt
from tests.support.stream import Surroundings

_message, _attempt, _staff, _case, _journal = table(Message), table(Attempt), table(Staff), table(Case), table(Journal)
#: Why a message may be suppressed although nothing speaks for it.
LAWFUL: Final = frozenset({"unsubscribed", "superseded"})
#: The same moment told by two processes.
SLACK: Final = timedelta(seconds=0.5)
#: So long may a receipt that came over a kept connection wait to be written down.
_UNHEARD: Final = timedelta(seconds=4)
_OURS: Final = re.compile(r"^<?BH(\d+)(@.*)?$")
_VENDORS: Final = {"aliyun": "sms", "smpp": "sms", "mail": "email", "voice": "voice", "wecom": "im"}


class Books:
    """Everything that both sides have written down.

    Attributes:
        arrivals: What came to the simulator, oldest first, each with `ours`: the id of our message.
        dissolved: Digests that were lost, by recipient and channel: for whom they spoke counts that as an attempt of its own.
    """

    def __init__(self, around: Surroundings) -> None:
        self.in_flight, self.killed = around.in_flight, around.killed
        self.messages = {row.id: row for row in around.answer(select(_message).order_by(_message.c.id))}
        self.attempts: dict[int, list[Any]] = defaultdict(list)
        for row in around.answer(select(_attempt).order_by(_attempt.c.message_id, _attempt.c.no)):
            self.attempts[row.message_id].append(row)
        gone = {state.value for state in LOST} | {State.UNKNOWN.value}
        self.dissolved = Counter((m.recipient, m.channel) for m in self.messages.values() if m.notice == "digest" and m.state in gone)
        self._im = {row.id: row.im for row in around.answer(select(_staff.c.id, _staff.c.im))}
        self._numbers = {row.id: row.no for row in around.answer(select(_case.c.id, _case.c.no))}
        self.noted = Counter(row.case_id for row in around.answer(select(_journal.c.case_id).where(_journal.c.action == "not_delivered")))
        self.arrivals = [each for each in reversed(around.sim.messages()) if each["vendor"] in _VENDORS]
        for each in self.arrivals:
            each["ours"] = self._ours(each)
        self.came: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for each in self.arrivals:
            if each["ours"] is not None:
                self.came[each["ours"]].append(each)

    def sends(self, message_id: int) -> list[Any]:
        """The attempts in which it was handed to its channel."""
        return [each for each in self.attempts[message_id] if not each.asked]

    def uncertain(self, message_id: int) -> bool:
        """Whether it may have been sent twice: an attempt ended without an answer, or an engine died with it in hand."""
        return message_id in self.in_flight or any(each.outcome == "unknown" for each in self.attempts[message_id])

    def _ours(self, arrival: dict[str, Any]) -> int | None:
        """Our message: by the reference it carries; WeCom takes none, there by moment and recipient."""
        found = _OURS.match(arrival["reference"])
        if found is not None:
            return int(found[1])
        if arrival["vendor"] == "smpp":
            return int(arrival["reference"]) if arrival["reference"] else None
        return next(iter(self._by_moment(arrival)), None)

    def _by_moment(self, arrival: dict[str, Any]) -> list[int]:
        """Messages to the same recipient that were being sent at that moment, the likeliest first."""
        channel, at = _VENDORS[arrival["vendor"]], datetime.fromisoformat(arrival["at"])
        mine = [row for row in self.messages.values() if row.channel == channel and self._im.get(row.staff_id) == arrival["to"]]
        tries = [a for row in mine for a in self.sends(row.id) if a.begun_at - SLACK <= at <= a.ended_at + SLACK]
        tries.sort(key=lambda a: (a.provider_id != arrival["provider_id"], abs(a.ended_at - at)))
        lost = [row.id for row in mine if row.id in self.in_flight and self._numbers.get(row.case_id, "?") in arrival["text"]]
        return [each.message_id for each in tries] + lost

    def family(self, message_id: int) -> list[Any]:
        """A message and whatever goes out in its place, and in place of that."""
        found, new = [self.messages[message_id]], {message_id}
        while new:
            more = [row for row in self.messages.values() if row.fallback_of_id in new]
            found += more
            new = {row.id for row in more}
        return found


def refuted(arrival: dict[str, Any]) -> bool:
    """Whether the outside itself has said later that what it accepted did not arrive."""
    return bool(arrival["receipt"]) and arrival["receipt"] != receipt(arrival["vendor"], "delivered")


def complaints(books: Books) -> list[str]:
    """Everything that is not as it should be."""
    checks = (_not_at_an_end, _not_known_to_us, _not_known_outside, _twice, _vanished, _attempts_wrong, _receipts_wrong)
    return [f"{check.__name__.strip('_')}: {found}" for check in checks for found in check(books)]


def duplicates(books: Books) -> Counter[str]:
    """How many messages arrived more than once, by vendor and why that is allowed."""
    why = {True: "engine died", False: "no answer"}
    return Counter(f"{each['vendor']}, {why[each['ours'] in books.in_flight]}" for each in books.arrivals if each["duplicate_of"])


def _shown(books: Books, message_id: int) -> str:
    row = books.messages[message_id]
    tries = [f"{'ask' if a.asked else 'send'}:{a.outcome}:{a.code}" for a in books.attempts[message_id]]
    came = [f"{each['verdict']}:{each['receipt']}" for each in books.came[message_id]]
    return f"{row.id} {row.notice} to {row.recipient} by {row.channel} is {row.state} ({row.error}); tries {tries}; arrivals {came}"


def _not_at_an_end(books: Books) -> Iterable[str]:
    final = {state.value for state in FINAL_STATES}
    return (_shown(books, i) for i, row in books.messages.items() if row.state not in final or row.attend_at is not None)


def _not_known_to_us(books: Books) -> Iterator[str]:
    """What the outside accepted counts as accepted with us, unless its own receipt says otherwise."""
    for each in books.arrivals:
        if each["accepted"] and each["ours"] not in books.messages:
            yield f"an arrival of nobody's: {each}"
    taken = {state.value for state in TAKEN_STATES}
    for message_id, came in books.came.items():
        accepted = [each for each in came if each["accepted"]]
        if accepted and books.messages[message_id].state not in taken and not any(refuted(each) for each in accepted):
            yield _shown(books, message_id)


def _not_known_outside(books: Books) -> Iterator[str]:
    """What counts as accepted with us is in the simulator's record; of a digest's members the digest is."""
    taken = {state.value for state in TAKEN_STATES}
    for row in books.messages.values():
        if row.state not in taken or row.channel == "inbox":
            continue
        if not any(each["accepted"] or each["verdict"] == "repeated" for each in books.came[row.digest_id or row.id]):
            yield _shown(books, row.id)


def _twice(books: Books) -> Iterator[str]:
    """Nobody is told twice without a reason."""
    for each in books.arrivals:
        if each["duplicate_of"] and not books.uncertain(each["ours"]):
            yield _shown(books, each["ours"])


def _vanished(books: Books) -> Iterator[str]:
    """What was not sent names what speaks for it, or why nothing does; what was lost has tried every way or is on record."""
    for row in books.messages.values():
        if row.state == State.SUPPRESSED and row.digest_id is None and row.error not in LAWFUL and not _spoken_for(books, row):
            yield _shown(books, row.id)
        if row.state in LOST and row.fallback_of_id is None and not _spoken_for(books, row):
            yield _shown(books, row.id)


def _spoken_for(books: Books, row: Any) -> bool:
    """Another way was taken; or it is for a resident, who has no other; or the case says that nobody was reached."""
    if row.requester_id is not None or len(books.family(row.id)) > 1 or row.fallback_of_id is not None:
        return True
    return row.case_id is None or books.noted[row.case_id] > 0


def _attempts_wrong(books: Books) -> Iterator[str]:
    """Each arrival falls into an attempt on record, and each attempt that was accepted is an arrival; as many are counted as are listed."""
    for message_id, row in books.messages.items():
        sends, flown = books.sends(message_id), message_id in books.in_flight
        for each in books.came[message_id]:
            at = datetime.fromisoformat(each["at"])
            if not flown and not any(a.begun_at - SLACK <= at <= a.ended_at + SLACK for a in sends):
                yield f"came at {each['at']} ({each['verdict']}) outside of every attempt: {_shown(books, message_id)}"
        good = sum(a.outcome in {verdict.value for verdict in TAKEN} for a in sends)
        if row.channel != "inbox" and good > sum(each["accepted"] or each["verdict"] == "repeated" for each in books.came[message_id]):
            yield f"accepted more often than it came: {_shown(books, message_id)}"
        more = (len(books.killed) if flown else 0) + books.dissolved[row.recipient, row.channel]
        if row.wording is not None and not 0 <= row.attempts - len(sends) <= more:
            yield f"{row.attempts} attempts counted, {len(sends)} on record: {_shown(books, message_id)}"


def _unheard(books: Books, arrival: dict[str, Any]) -> bool:
    """Whether the receipt went over a kept connection to an engine that was killed before it could write it down."""
    if arrival["vendor"] != "smpp" or not arrival["receipt"]:
        return False
    at = datetime.fromisoformat(arrival["receipt_at"])
    return any(moment - _UNHEARD <= at <= moment for moment in books.killed)


def _receipts_wrong(books: Books) -> Iterator[str]:
    """A receipt that says "arrived" makes it delivered, one that says "failed" makes it failed."""
    for message_id, came in books.came.items():
        said = {each["receipt"] for each in came if each["accepted"] and each["receipt"]}
        if any(_unheard(books, each) for each in came):
            continue
        row = books.messages[message_id]
        if len(said) == 1 and not any(refuted(each) for each in came) and row.state != State.DELIVERED:
            yield f"its receipt says {said}: {_shown(books, message_id)}"
        if said and all(refuted(each) for each in came if each["accepted"]) and row.state != State.FAILED_PERM:
            yield f"its receipt says {said}: {_shown(books, message_id)}"
