"""What the pages of units show: the tree as far as it is opened, and everything about one unit."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Unit, connection_of, table
from rules.facts import Actor, Refused
from rules.routing import UnitFacts
from services.calendars.listing import list_calendars
from services.catalogue import Person
from services.people.leaving import leaving
from services.people.staff import ROLES
from services.units.affected import affected
from services.units.asking import changes
from web.console.config.units_choices import unit_options
from web.console.nav import leads
from web.views import View, Words
from web.words import translated
from wording import say

MOST: Final = 60  #: rows of the tree at once; more are opened branch by branch
_DEEPEST: Final = 10  #: levels that a tree may have
_unit = table(Unit)
#: Unit → the units that lie directly in it.
Below = Mapping[int | None, Collection[int]]
#: Kinds of area first, as they lie in each other; then the rest by name.
_ORDER: Final = {"GRID_CENTRE": 0, "SUBDISTRICT": 1, "COMMUNITY": 2, "GRID": 3}


def check_looks(actor: Actor) -> None:
    """See to it that somebody may look at the organisation: centres, duty leaders, administrators.

    Raises:
        Refused: `admins_only`.
    """
    if not leads(actor):
        raise Refused("admins_only", user=actor.name)


def tree(session: Session, words: Words, searched: str, under: str, now: datetime) -> View:
    """Units below one, as deep as fits on a page; or those with certain words in name, code or kind.

    Args:
        session: The unit of work.
        words: Names in the language of the page.
        searched: Words; empty: the tree.
        under: Code of the unit from which on; empty or unknown: the district.
        now: The instant, aware UTC.
    """
    known = words.known
    top = known.unit_ids.get(under, known.district_id)
    below = _below(words)
    found = _searched(searched, words) if searched else _opened(top, below)
    deepest = max((depth for _, depth in found), default=0)
    shown = [_row(known.units[unit], depth, words, below, deepest=depth == deepest) for unit, depth in found[:MOST]]
    return {
        "rows": shown,
        "more": len(found) - len(shown),
        "every": sum(not u.retired for u in known.units.values()),
        "searched": searched,
        "above": [(known.units[i].code, words.unit(i)[1]) for i in reversed(known.line(top))],
        "changes": [_change(change, words) for change in changes(session, waiting=True)],
        "now": now,
    }


def one_unit(session: Session, words: Words, unit_id: int, leaver: str, now: datetime) -> View:
    """Everything about one unit.

    Args:
        session: The unit of work.
        words: Names in the language of the page.
        unit_id: The unit.
        leaver: User name of one of its people who is to leave; empty: nobody.
        now: The instant, aware UTC.
    """
    known = words.known
    unit = known.units[unit_id]
    people = [_person(person, words, now) for person in known.by_unit.get(unit_id, ())]
    below = [known.units[i] for i in _below(words).get(unit_id, ())]
    return {
        "unit": _facts(session, unit, words),
        "above": [(known.units[i].code, words.unit(i)[1]) for i in reversed(known.line(unit_id))][:-1],
        "people": people,
        "below": [{"code": u.code, "name": words.unit(u.id)[1], "kind": words.named(known.kind_names.get(u.kind))} for u in below],
        "touched": _counts(affected(session, known, unit_id, now).plain(), ("touched",), words),
        "changes": [_change(change, words) for change in changes(session) if change["unit_id"] == unit_id],
        "former": [(each.until, words.named(each.name)) for each in known.former_names.get(unit_id, ())],
        "others": [option for option in unit_options(words) if option[0] != unit.code],
        "roles": [(role, words.word("role", role)) for role in ROLES],
        "leaver": _leaver(session, words, unit_id, leaver, now),
    }


def _below(words: Words) -> Below:
    """Present units by the one that they lie in, in the order in which they are shown."""
    found: dict[int | None, list[int]] = {}
    for unit in sorted(words.known.units.values(), key=_rank):
        if not unit.retired:
            found.setdefault(unit.parent_id, []).append(unit.id)
    return found


def _rank(unit: UnitFacts) -> tuple[int, str, str]:
    return _ORDER.get(unit.kind, len(_ORDER)), unit.kind, unit.code


def _searched(searched: str, words: Words) -> list[tuple[int, int]]:
    wanted = searched.casefold().split()
    return [(u.id, 0) for u in sorted(words.known.units.values(), key=_rank) if all(word in _text(u, words) for word in wanted)]


def _opened(top: int, below: Below) -> list[tuple[int, int]]:
    """The tree below a unit, as deep as fits on a page."""
    found = list(_walk(top, below, 1))
    for deep in range(2, _DEEPEST):
        deeper = list(_walk(top, below, deep))
        if len(deeper) == len(found) or len(deeper) > MOST:
            break
        found = deeper
    return found


def _walk(top: int, below: Below, deep: int) -> Iterator[tuple[int, int]]:
    """The units below one in order, each with its depth, down to a depth."""
    stack = [(unit, 0) for unit in reversed(list(below.get(top, ())))]
    while stack:
        unit, depth = stack.pop()
        yield unit, depth
        if depth + 1 < deep:
            stack += [(each, depth + 1) for each in reversed(list(below.get(unit, ())))]


def _text(unit: UnitFacts, words: Words) -> str:
    name, kind = words.known.names[unit.id], words.known.kind_names.get(unit.kind)
    return " ".join((unit.code, name.zh, name.en, kind.zh if kind else "", kind.en if kind else "")).casefold()


def _row(unit: UnitFacts, depth: int, words: Words, below: Below, *, deepest: bool) -> View:
    lies_below = len(below.get(unit.id, ()))
    people = len(words.known.by_unit.get(unit.id, ()))
    return {**_named(unit, words), "depth": min(depth, 4), "people": people, "below": lies_below, "closed": bool(lies_below) and deepest}


def _named(unit: UnitFacts, words: Words) -> View:
    known = words.known
    kind = words.named(known.kind_names.get(unit.kind)) or unit.kind
    heir = known.present(unit.id)
    return {
        "code": unit.code,
        "name": words.unit(unit.id)[1],
        "kind": kind,
        "level": translated("政府之外", words.lang) if unit.level == "outside" else words.word("level", unit.level),
        "retired": unit.retired,
        "heir": (known.units[heir].code, words.unit(heir)[1]) if unit.retired and heir != unit.id else None,
    }


def _facts(session: Session, unit: UnitFacts, words: Words) -> View:
    """What a unit is; of its duty phone only whether there is one."""
    known = words.known
    wanted = select(_unit.c.duty_phone.is_not(None), _unit.c.retired_at).where(_unit.c.id == unit.id)
    phone, retired_at = connection_of(session).execute(wanted).one()
    calendars = {each.code: str(getattr(each, words.lang)) for each in list_calendars(session)}
    above = unit.supervising_id
    return {
        **_named(unit, words),
        "zh": known.names[unit.id].zh,
        "en": known.names[unit.id].en,
        "hears": (known.units[above].code, words.unit(above)[1]) if above is not None else None,
        "calendar": calendars.get(known.calendars_of[unit.id], known.calendars_of[unit.id]),
        "gentle": unit.id in known.gentle,
        "vertical": unit.id in known.vertical,
        "phone": bool(phone),
        "retired_at": retired_at,
    }


def _person(person: Person, words: Words, now: datetime) -> View:
    known = words.known
    deputy = known.by_id.get(person.deputy_id) if person.deputy_id is not None else None
    return {
        "user": person.name,
        "post": words.named(person.title),
        "role": words.word("role", person.role),
        "deputy": words.named(deputy.title) if deputy is not None else "",
        "away": any(stretch.person_id == person.id and stretch.covers(now) for stretch in known.absences),
    }


def _change(change: Mapping[str, Any], words: Words) -> View:
    """A change that was asked for: what of, since when, and how it stands."""
    known, to = words.known, change["to"]
    told = {"rename": to.get(words.lang), "split": "、".join(part[words.lang] for part in to.get("parts", ()))}
    if change["kind"] == "merge":
        told["merge"] = words.unit(to["into"])[1]
    state = "cancelled" if change["cancelled_at"] else "applied" if change["applied_at"] else "begun" if "begun_at" in to else "waits"
    return {
        "number": change["id"],
        "kind": say(f"unit_change.{change['kind']}", words.lang),
        "code": known.units[change["unit_id"]].code,
        "unit": words.unit(change["unit_id"])[1],
        "to": told.get(change["kind"]) or "",
        "since": change["effective_at"],
        "state": state,
        "by": words.actor(change["asked_by"]),
    }


def _counts(found: Mapping[str, Any], sections: Sequence[str], words: Words) -> list[tuple[str, int]]:
    """What is touched, and how much of it; nothing is said of what is not. The first section that has a word for it gives it."""

    def word(name: str) -> str:
        return next((said for section in sections if (said := words.word(section, name)) != name), name)

    return [(word(name), count) for name, each in found.items() if (count := each if isinstance(each, int) else len(each))]


def _leaver(session: Session, words: Words, unit_id: int, user: str, now: datetime) -> View | None:
    """One of its people who is to leave, with what is in his or her name, and who could go on."""
    known = words.known
    person = next((p for p in known.by_unit.get(unit_id, ()) if p.name == user), None)
    if person is None:
        return None
    held = {name: each for name, each in leaving(session, known, person, now).plain().items() if name != "signers"}
    own = _counts(held, ("touched_own", "touched"), words)
    heirs = [(p.name, f"{words.named(p.title)} {p.name}") for p in known.by_unit.get(unit_id, ()) if p is not person]
    return {"user": user, "post": words.named(person.title), "own": own, "heirs": heirs}
