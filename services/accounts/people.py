"""Staff with their accounts, as administrators look for them: a page at a time, by name or unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from services.accounts import making, sessions
from services.catalogue import Catalogue, Person, catalogue

PAGE: Final = 50  #: people on a page
MOST: Final = 5000  #: at the command line


@dataclass(frozen=True, slots=True)
class Row:
    """One of the staff.

    Attributes:
        unit_id: Where he or she works.
        account: As `making.accounts` shows it; None: none, cannot sign in.
        rests: Until when the account rests after wrong tries; None: it does not.
        sessions: In how many browsers signed in.
    """

    person: Person
    account: Any
    rests: datetime | None
    sessions: int

    @property
    def second_factor(self) -> bool:
        """Whether a code is asked for besides the password."""
        return self.account is not None and bool(self.account.second_factor)

    @property
    def state(self) -> str:
        """How the account stands: `none`, `rests`, `one_time` (a password of one's own has to be set), `demo` or `ready`."""
        if self.account is None:
            return "none"
        found = (("rests", self.rests is not None), ("one_time", self.account.one_time), ("demo", self.account.demo), ("ready", True))
        return next(state for state, holds in found if holds)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the staff by user name; `next` is what to ask for as `after`, empty at the end."""

    rows: Sequence[Row]
    next: str


def page_of(session: Session, words: str, after: str, now: datetime, limit: int = PAGE) -> Page:
    """Present staff whose user name, post or unit has these words in it.

    Args:
        session: The unit of work.
        words: Each of them has to be found; empty: everybody.
        after: Last user name of the page before; empty: from the beginning.
        now: The instant, aware UTC.
        limit: People on a page.
    """
    known = catalogue(session)
    wanted = words.casefold().split()
    found = sorted(p.name for p in known.people.values() if p.left_at is None and p.name > after and _has(p, known, wanted))
    people = [known.people[name] for name in found[:limit]]
    return Page(_rows(session, people, now), people[-1].name if len(found) > limit else "")


def _has(person: Person, known: Catalogue, wanted: Sequence[str]) -> bool:
    unit = known.names[person.unit_id]
    text = " ".join((person.name, person.title.zh, person.title.en, unit.zh, unit.en)).casefold()
    return all(word in text for word in wanted)


def _rows(session: Session, people: Sequence[Person], now: datetime) -> list[Row]:
    ids = [person.id for person in people]
    accounts = {each.staff_id: each for each in making.accounts(session, ids)}
    open_now = sessions.open_now(session, ids, now)

    def row(person: Person) -> Row:
        account = accounts.get(person.id)
        until = account.locked_until if account is not None else None
        return Row(person, account, until if until is not None and until > now else None, open_now.get(person.id, 0))

    return [row(person) for person in people]
