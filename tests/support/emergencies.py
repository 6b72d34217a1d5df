"""An emergency under one fault of the channel for short messages after the other: when did the first of those who work here hear of it?"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from clock import pause, utcnow
from models import Case, FailingNumber, table
from services.deliveries.failing_numbers import clear
from tests.support.processes import until
from tests.support.reckoning import Books, refuted
from tests.support.stream import NIGHT, Surroundings

_case, _failing = table(Case), table(FailingNumber)
#: As long and as often as the simulator has them by itself, each for as long as the emergency is new.
ALL_FAULTS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "down": ("down", {}),
    "reset": ("reset", {}),
    "slow": ("slow", {"seconds": 25}),
    "wrong credentials": ("credentials", {}),
    "balance": ("balance", {}),
    "throttle": ("throttle", {}),
    "refuse": ("refuse", {}),
    "unapproved template": ("template", {}),
    "drop after accept": ("drop", {}),
    "hang after accept": ("hang", {}),
    "hang, not taken": ("hang", {"taken": False}),
    "no receipt": ("no_receipt", {}),
    "failed receipt": ("failed_receipt", {}),
    "duplicate receipt": ("duplicate_receipt", {}),
    "bad number, by receipt": ("bad_number", {}),
    "bad number, at once": ("bad_number", {"at": "answer"}),
}
#: Short messages that were taken under these faults have reached nobody.
_REACHES_NOBODY: Final = ("failed_receipt", "bad_number")


def every_fault(around: Surroundings, faults: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, timedelta]:
    """Hand in an emergency under each fault, in the middle of the night, with the numbers that a deployer gets.

    Returns:
        How long it took until somebody who works here was reached, by the simulator's record.

    Raises:
        AssertionError: nobody was, long after the minute.
    """
    around.open(NIGHT, 10)
    around.installation.engine()
    took = {}
    for number, (name, (kind, options)) in enumerate(faults.items()):
        with around.trouble("sms", kind, **options):
            took[name] = _reached(around, around.emergency(f"{number}"), by_sms=kind not in _REACHES_NOBODY)
        _all_well(around, number)
    return took


def _reached(around: Surroundings, case_id: int, *, by_sms: bool) -> timedelta:
    """How long it took until a message about a case was accepted that is for somebody who works here."""
    (case,) = around.answer(select(_case.c.submitted_at).where(_case.c.id == case_id))
    for _ in range(300):
        moments = list(_accepted(Books(around), case_id, by_sms=by_sms))
        if moments:
            return min(moments) - case.submitted_at
        pause(0.3)
    raise AssertionError(f"nobody heard of case {case_id}")


def _accepted(books: Books, case_id: int, *, by_sms: bool) -> Sequence[datetime]:
    ours = {row.id for row in books.messages.values() if row.case_id == case_id and row.requester_id is None}
    came = [each for each in books.arrivals if each["ours"] in ours and each["accepted"] and not refuted(each)]
    return [datetime.fromisoformat(each["at"]) for each in came if by_sms or each["medium"] != "sms"]


def _all_well(around: Surroundings, number: int) -> None:
    """Numbers are right again, and the channel takes short messages, before the next fault comes."""
    with around.database.unit_of_work() as session:
        for row in session.connection().execute(select(_failing).where(_failing.c.cleared_at.is_(None))).all():
            clear(session, row.recipient, row.kind, "admin", utcnow())
    case_id = around.emergency(f"{number}0")

    def taken() -> bool:
        books = Books(around)
        return any(e["medium"] == "sms" and books.messages[e["ours"]].case_id == case_id for e in books.arrivals if e["accepted"])

    until(taken, 60, "short messages")
    until(lambda: around.whole("sms"), 60, "the end of the rest")
