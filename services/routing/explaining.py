"""Why a case went where it went, and where the catalogue would send one: as plain data and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, Journal, connection_of, table
from rules.facts import Refused
from rules.routing import Route
from services.catalogue import Catalogue, catalogue
from services.routing.finding import route_of
from services.routing.stored import routing_file
from wording import language, say

_case, _journal = table(Case), table(Journal)
#: Journal entries that say where a case went in ③ and ④, or why it did not.
_ACTIONS: Final = (
    *("place", "passed_over", "report_up", "send_down", "skip_levels", "handle_here"),
    *("no_unit", "no_holder", "outside_duty_list", "dispatch", "reassign", "add_co", "uphold_return", "move_up"),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a case's way.

    Attributes:
        why: In words.
        data: As the journal has it.
    """

    seq: int
    at: datetime
    action: str
    actor: str
    why: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """Where a version of the catalogue sends a category from a place: codes of units, and why in words."""

    lead: str | None
    co: tuple[str, ...]
    why: str
    route: Route


def explain(session: Session, no: str, lang: str | None = None) -> list[Turn]:
    """The way of a case through ③ and to its units, each step with its reason.

    Raises:
        Refused: `unknown_case`.
    """
    run, known = connection_of(session).execute, catalogue(session)
    case_id = run(select(_case.c.id).where(_case.c.no == no.strip().upper())).scalar()
    if case_id is None:
        raise Refused("unknown_case", case=no)
    wanted = select(_journal).where(_journal.c.case_id == case_id, _journal.c.action.in_(_ACTIONS)).order_by(_journal.c.seq)
    return [_turn(entry, known, lang) for entry in run(wanted)]


def _turn(entry: Any, known: Catalogue, lang: str | None) -> Turn:  # noqa: ANN401 - a result row
    why = (why_of(entry.action, entry.data, known, lang), entry.data.get("reason"))
    return Turn(entry.seq, entry.at, entry.action, entry.actor, " ".join(filter(None, why)), entry.data)


def try_route(session: Session, category: str, area: str, version: int | None = None, lang: str | None = None) -> Tried:
    """Where a case of this category in this area would go now, or under another version.

    Raises:
        Refused: `unknown_category`, `unknown_area`, `unknown_routing`.
    """
    known = catalogue(session)
    code = category.strip().upper()
    if code not in known.categories:
        raise Refused("unknown_category", category=category)
    if area not in known.areas:
        raise Refused("unknown_area", area=area)
    routing = None if version is None else routing_file(session, version).routing(version)
    found = route_of(known, code, known.unit_ids[area], routing)
    codes = tuple(known.units[unit].code for unit in found.co)
    return Tried(found.code, codes, words_of_route(found.told(), known, lang), found)


def why_of(action: str, data: Mapping[str, Any], known: Catalogue, lang: str | None = None) -> str:
    """Why a journal entry sent a case where it did, in words; empty where it says nothing more than its action and its reason."""
    said = [words_of_route(data["route"], known, lang)] if "route" in data else []
    if action == "passed_over":
        said.append(say("route.passed_over", lang, levels=_joined([say(f"level.{each}", lang) for each in data["levels"]], lang)))
    if data.get("override"):
        said.append(say("route.overridden", lang))
    if "skipped" in data and action == "dispatch":
        said.append(say("route.skipped", lang))
    return " ".join(said)


def words_of_route(told: Mapping[str, Any], known: Catalogue, lang: str | None = None) -> str:
    """What `rules.routing.Route.told` says, in words."""
    area = known.unit_ids.get(told.get("area", ""))
    where = _name(area, known, lang) if area is not None else say("route.everywhere", lang)
    about = {name: told.get(name) for name in ("line", "device")}
    values = {"version": told["version"], **about, "area": where, "named": _lead(told, known, lang)}
    said = [say(f"route.by_{told['by']}", lang, **values)]
    if told.get("basis"):
        said.append(say("route.basis", lang, basis=told["basis"]))
    lists = {key: [_named(str(name), known, lang) for name in told.get(key, ())] for key in ("passed", "missing", "left_out")}
    said += [say(f"route.{key}", lang, what=_joined(names, lang)) for key, names in lists.items() if names]
    if told.get("instead_of"):
        said.append(say("route.instead_of", lang, unit=_named(told["instead_of"], known, lang)))
    if told.get("refused"):
        said.append(say("route.breaks_list", lang, unit=_named(told["lead"], known, lang)))
    return " ".join(said)


def _lead(told: Mapping[str, Any], known: Catalogue, lang: str | None) -> str:
    """The unit that leads, with the kind it was looked for by; what was looked for, where nobody was found."""
    lead, named = told.get("lead"), _named(told["named"], known, lang)
    if lead is None or told["named"] in known.unit_ids:
        return named
    return say("route.of_kind", lang, unit=_named(lead, known, lang), kind=named)


def _named(name: str, known: Catalogue, lang: str | None) -> str:
    """A unit, or a kind of unit, by its name; a line of the catalogue as it is written."""
    unit, kind = known.unit_ids.get(name), known.kind_names.get(name)
    if unit is not None:
        return _name(unit, known, lang)
    return name if kind is None else str(getattr(kind, lang or language()))


def _name(unit_id: int, known: Catalogue, lang: str | None) -> str:
    return str(getattr(known.names[unit_id], lang or language()))


def _joined(parts: list[str], lang: str | None) -> str:
    return ("、" if (lang or language()) == "zh" else ", ").join(parts)
