"""Opening a poll, answering it for a resident, and reading how it came out and who pays."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused, Thing
from services.affairs import Began, Plan, begin, find, open_on, sheet
from services.affairs.acting import Ask, act
from services.affairs.people import RESIDENT
from services.affairs.voices import people
from services.intake import dialled
from services.mechanisms import require
from services.moves import Moved, Setting
from services.moves.affairs.polls import counted, door_number
from services.polls.board import lives_in, open_polls

CODE: Final = "polls"


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll as it is opened: until `closes` (ISO, with its zone) each of so many households answers once."""

    title: str
    options: tuple[str, ...]
    closes: str
    households: int
    body: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class PollResult:
    """How a poll stands or came out.

    Attributes:
        n: Households that answered, of `households`; `part_bp`: their share in basis points, rounded down.
        options: Answers for each option; `how`: by how they came.
        funding: Who pays: source, share in basis points, amount in fen, whether it is paid in.
        rounded: By how many thousandths of a fen an amount differs from its share, where it does.
    """

    no: str
    state: str
    n: int
    households: int
    part_bp: int
    options: dict[str, int]
    how: dict[str, int]
    amount_fen: int | None = None
    funding: list[dict[str, Any]] = field(default_factory=list)
    rounded: dict[str, int] = field(default_factory=dict)


def open_poll(session: Session, poll: Poll, actor: Actor, setting: Setting, cases: Sequence[str] = (), area: str | None = None) -> Began:
    """Ask an estate, on cases or on none.

    Raises:
        Refused: `mechanism_off`, `poll_incomplete`, `options_unclear`, `poll_in_past`, `households_unclear`, and what the table says.
    """
    require(session, CODE)
    given = {name: getattr(poll, name) for name in ("title", "options", "closes", "households", "body", "place")}
    plan = Plan("open_poll", given)
    return open_on(session, list(cases), plan, actor, setting) if cases else begin(session, plan, actor, setting, area)


def answer(session: Session, no: str, phone: str, choice: str, setting: Setting, *, household: str = "", words: str = "") -> Moved:
    """A resident answers a poll, by his or her number; once.

    Raises:
        Refused: `mechanism_off`, `unknown_affair`, `bad_phone`, `choice_missing`, `answered_already`, `wrong_state`.
    """
    require(session, CODE)
    find(session, no, Thing.POLL)
    return answer_as(session, no, people(session, [phone])[dialled(phone)], choice, setting, household=household, words=words)


def answer_as(session: Session, no: str, resident_id: int, choice: str, setting: Setting, *, household: str = "", words: str = "") -> Moved:
    """Somebody known answers a poll; once.

    Raises:
        Refused: `mechanism_off`, `unknown_affair`, `choice_missing`, `answered_already`, `poll_closed`, `too_many_answers`, `wrong_state`.
    """
    require(session, CODE)
    find(session, no, Thing.POLL)
    args = {name: value for name, value in (("choice", choice), ("household", household), ("words", words)) if value}
    return act(session, Ask(no, "answer_poll", None, args), Actor(RESIDENT, resident_id=resident_id), setting)


def answer_online(session: Session, no: str, resident_id: int, choice: str, household: str, setting: Setting, words: str = "") -> Moved:
    """A resident answers on a page what everybody is asked: for a household, which is named, and only where something was reported before.

    Raises:
        Refused: `unknown_affair`, no such poll is open to everybody; `household_missing`, `poll_elsewhere`, and what `answer_as` says.
    """
    found = next(iter(open_polls(session, setting.now, no)), None)
    if found is None:
        raise Refused("unknown_affair", affair=no)
    if not door_number(household):
        raise Refused("household_missing")
    if not lives_in(session, resident_id, found.area):
        raise Refused("poll_elsewhere")
    return answer_as(session, no, resident_id, choice, setting, household=household, words=words)


def poll_result(session: Session, no: str) -> PollResult:
    """How a poll stands now, or came out.

    Raises:
        Refused: `unknown_affair`.
    """
    find(session, no, Thing.POLL)
    found = sheet(session, no)
    row = found.affair
    count = row["data"].get("counted") or counted(row, [p for p in found.parts if p["thing"] == Thing.ANSWER])
    funds = [p for p in found.parts if p["thing"] == Thing.FUND]
    funding = [
        {"source": p["role"], "share_bp": p["share_bp"], "amount_fen": p["amount_fen"], "paid": p["done_at"] is not None} for p in funds
    ]
    rounded = row["data"].get("split", {}).get("rounded", {})
    return PollResult(row["no"], row["state"], **count, amount_fen=row["amount_fen"], funding=funding, rounded=rounded)
