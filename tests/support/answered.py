"""Keys that messages carry, for tests of who answers by them."""

from typing import Any

from sqlalchemy import delete, func, select, update

from models import AnswerCode, AnswerTry, Message, Staff, table
from notifications.answering import Kind
from rules.facts import Refused
from services.answers import Key, Matter, Said, answer, mint, opened
from services.answers.keys import typed
from services.answers.minting import BOTH
from services.catalogue import reference_changed
from services.moves import Conflict
from tests.support.town import Town

SITE = "https://12345.example"
_message, _answer, _try, _staff = table(Message), table(AnswerCode), table(AnswerTry), table(Staff)


def rows_of(town: Town, case: int, notice: str) -> list[Any]:
    """The messages of one notice, oldest first."""
    return town.rows(select(_message).where(_message.c.case_id == case, _message.c.notice == notice).order_by(_message.c.id))


def keys_of(town: Town, case: int, notice: str, nth: int = -1) -> tuple[str, str]:
    """Code and link of one message (default: the newest of the notice)."""
    row = rows_of(town, case, notice)[nth]
    return minted(town, [row])[row.id]


def minted(town: Town, rows: list[Any], base: str = SITE, kinds: frozenset[Kind] = BOTH) -> dict[int, tuple[str, str]]:
    """The keys of these messages."""
    with town.context.database.unit_of_work() as session:
        return mint(session, rows, town.now, base, kinds)


def key_of(given: str, device: str = "phone-1") -> Key:
    """What somebody shows: a link as it was sent, or a code as it was typed."""
    if given.startswith(SITE):
        return Key(Kind.LINK, given.removeprefix(f"{SITE}/a/"))
    return Key(Kind.CODE, typed(given), device)


def opens(town: Town, given: str, device: str = "phone-1") -> Matter | str:
    """What a key opens; the code of the refusal when it opens nothing."""
    with town.context.database.unit_of_work() as session:
        found = opened(session, key_of(given, device), town.now)
    return found.code if isinstance(found, Refused) else found


def answers(town: Town, given: str, solved: bool | None = None, score: int | None = None, device: str = "phone-1") -> str:
    """Somebody answers by a key; what became of it in one word."""
    with town.context.database.unit_of_work() as session:
        done = answer(session, key_of(given, device), Said(solved, score), town.now)
    if isinstance(done, Refused):
        return done.code
    return "conflict" if isinstance(done, Conflict) else "done"


def unminted(town: Town) -> None:
    """No message carries a key yet: those that went out did so before there were any."""
    with town.context.database.unit_of_work() as session:
        session.connection().execute(delete(_answer))


def kept(town: Town) -> list[Any]:
    """What is kept of all keys."""
    return town.rows(select(_answer).order_by(_answer.c.id))


def tries(town: Town) -> int:
    """How many wrong codes are counted."""
    return int(town.rows(select(func.count()).select_from(_try))[0][0])


def leaves(town: Town, user: str) -> None:
    """Somebody works here no more."""
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(_staff).where(_staff.c.name == user).values(left_at=town.now))
        reference_changed(session)
