"""Making a move of an affair: what was typed is looked up, then the service of the mechanism, or the one door, makes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from rules.shares import fen
from services.affairs.acting import Ask, act
from services.affairs.offering import Offer, check_unchanged
from services.affairs.reading import Ref
from services.affairs.voices import resolved
from services.catalogue import Catalogue
from services.deliberation import Agreement, Matter, Share, Term, agree, fail, file_matter, register
from services.inspections import Found, find, hand_out, written
from services.moves import Setting
from web.console.affairs.typed import basis, lines_of, moment, number, numbers, people, unit

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """A move that is to be made.

    Attributes:
        given: What was typed, by name.
        kept: Evidence from the files that were handed in along with it, by name.
    """

    ref: Ref
    offer: Offer
    given: Given
    kept: Mapping[str, tuple[Any, ...]]
    actor: Actor
    known: Catalogue
    setting: Setting

    @property
    def zone(self) -> Any:  # noqa: ANN401 - a tzinfo
        """The zone of the district."""
        return self.known.zone

    def evidence(self, name: str) -> tuple[Any, ...]:
        """What shows something: sentences, and files."""
        return (*self.given.get(name, ()), *self.kept.get(name, ()))


def make(session: Session, deed: Deed, version: int) -> None:
    """Make it, as somebody saw the affair at this version of its case file.

    Raises:
        Refused: what the table and the mechanism say.
        Conflict: somebody has changed it meanwhile.
    """
    check_unchanged(session, deed.ref, version)
    _MAKES.get(deed.offer.action, _plain)(session, deed)


def _plain(session: Session, deed: Deed) -> None:
    args = {name: _as_taken(session, deed, name) for name in (*deed.given, *deed.kept)}
    act(session, Ask(deed.ref.no, deed.offer.action, deed.offer.part, args), deed.actor, deed.setting)


def _as_taken(session: Session, deed: Deed, name: str) -> Any:  # noqa: ANN401 - as the move takes it
    look_up = _LOOK_UP.get(f"{deed.offer.action}.{name}") or _LOOK_UP.get(name)
    return look_up(session, deed) if look_up is not None else deed.given[name]


def _number(name: str) -> Callable[[Session, Deed], Any]:
    return lambda _, deed: number(deed.given[name], name)


def _numbers(name: str) -> Callable[[Session, Deed], Any]:
    return lambda _, deed: numbers(deed.given[name], name)


def _shown(name: str) -> Callable[[Session, Deed], Any]:
    return lambda _, deed: deed.evidence(name)


def _person(_: Session, deed: Deed) -> int | None:
    return deed.known.actor(deed.given["agent"]).user_id


def _answers(_: Session, deed: Deed) -> tuple[dict[str, Any], ...]:
    return tuple({"choice": option, "households": number(text, "answers")} for option, text in deed.given["answers"].items())


def _funding(_: Session, deed: Deed) -> tuple[dict[str, Any], ...]:
    return tuple({"source": source, "bp": bp} for source, bp in basis(deed.given["funding"]))


#: How what was typed is put as moves take it, by name, or by move and name; anything else is taken as it is.
_LOOK_UP: Final[Mapping[str, Callable[[Session, Deed], Any]]] = {
    **{name: _number(name) for name in ("score", "want", "quantity", "tier")},
    **{name: _numbers(name) for name in ("present", "sides")},
    **{name: _shown(name) for name in ("before", "after")},
    "unit": lambda _, deed: unit(deed.known, deed.given["unit"]),
    "agent": _person,
    "at": lambda _, deed: moment(deed.given["at"], deed.zone),
    "lines": lambda _, deed: lines_of(deed.given["lines"]),
    "answers": _answers,
    "funding": _funding,
    "amount": lambda _, deed: fen(deed.given["amount"]),
}
#: What is called otherwise where it is typed.
_NAMES: Final = {"amount": "amount_fen"}


def _decide(session: Session, deed: Deed) -> None:
    args = {_NAMES.get(name, name): _as_taken(session, deed, name) for name in deed.given}
    act(session, Ask(deed.ref.no, deed.offer.action, deed.offer.part, args), deed.actor, deed.setting)


def _invite(session: Session, deed: Deed) -> None:
    voices = resolved(session, people(deed.given.get("units", ()), deed.given.get("people", ())))
    if not voices:
        raise Refused("voices_missing")
    act(session, Ask(deed.ref.no, deed.offer.action, None, {"voices": voices}), deed.actor, deed.setting)


def _agree(session: Session, deed: Deed) -> None:
    given = deed.given
    shares = [Share(number(key, "shares"), bp) for key, bp in basis(given.get("shares", {}))]
    amount = fen(given["amount"]) if "amount" in given else None
    terms = [_term(row) for row in given.get("terms", ())]
    done = Agreement(given.get("text", ""), shares, amount, terms, at_table=bool(given.get("at_table")))
    agree(session, deed.ref.no, done, deed.actor, deed.setting)


def _term(row: Mapping[str, str]) -> Term:
    kind, _, who = row.get("who", "").partition(":")
    days = row.get("days", "")
    limit = f"{number(days, 'terms')}wd" if days else None
    if kind == "voice":
        return Term(row["words"], voice=number(who, "terms"), limit=limit)
    return Term(row["words"], unit=who or None, limit=limit)


def _fail(session: Session, deed: Deed) -> None:
    given, sides = deed.given, numbers(deed.given.get("sides", ()), "sides")
    kind = given.get("kind", "other")
    fail(session, deed.ref.no, given.get("onward", ""), given.get("reason", ""), deed.actor, deed.setting, sides, kind)


def _raise(session: Session, deed: Deed) -> None:
    given = deed.given
    count = number(given["count"], "count") if "count" in given else 1
    matter = Matter(given.get("kind", ""), given.get("words", ""), given.get("phone"), count, given.get("solved", ""))
    register(session, deed.ref.no, [matter], deed.actor, deed.setting)


def _file(session: Session, deed: Deed) -> None:
    file_matter(session, deed.ref.no, deed.offer.part or 0, deed.actor, deed.setting)


def _find(session: Session, deed: Deed) -> None:
    given = deed.given
    texts = {name: given.get(name, "") for name in ("problem", "place", "unit", "item", "due", "measure")}
    count = number(given["quantity"], "quantity") if "quantity" in given else None
    found = Found(**texts, quantity=count, how=given.get("how", "case"), before=deed.evidence("before"))
    find(session, deed.ref.no, found, deed.actor, deed.setting)


def _hand_out(session: Session, deed: Deed) -> None:
    part = deed.offer.part or 0
    found = written(session, deed.ref.no, part, deed.actor)
    wanted = replace(found, due=deed.given.get("due", ""), how=deed.given.get("how", "case"))
    hand_out(session, deed.ref.no, part, wanted, deed.actor, deed.setting)


#: Moves that a service of the mechanism makes, because more follows from them than the table says.
_MAKES: Final[Mapping[str, Callable[[Session, Deed], None]]] = {
    "agree": _agree,
    "decide_poll": _decide,
    "fail_meeting": _fail,
    "file_matter": _file,
    "find_problem": _find,
    "hand_out": _hand_out,
    "invite": _invite,
    "name_mediators": _invite,
    "raise_matters": _raise,
}
