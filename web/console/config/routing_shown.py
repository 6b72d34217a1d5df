"""What the page of the routing catalogue shows: its versions, the rows of one, what a draft changes, what could be learnt."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from rules.remits import By, RouteRow
from rules.sla_checks import Problem
from services.privacy.masking import masked
from services.routing import drafting
from services.routing.difference import Line, difference
from services.routing.explaining import Turn
from services.routing.lessons import lessons
from services.routing.stored import editors, routing_file, version_of, versions
from services.routing.values import LevelLine, RoutingFile
from services.versions import DRAFT, WITHDRAWN, Version
from web.console.config.units_choices import category_options, code_name, kind_options, unit_options
from web.views import View, Words
from web.words import translated
from wording import say

LATEST: Final = 4  #: versions that can be chosen besides the one in force


def shown(session: Session, actor: Actor, words: Words, wanted: int, searched: str, now: datetime) -> View:
    """Everything about one version.

    Args:
        session: The unit of work.
        actor: Who looks.
        words: Names in the language of the page.
        wanted: Number of the version; 0: the one in force.
        searched: Only rows with these words.
        now: The instant.

    Raises:
        Refused: `unknown_routing`.
    """
    in_force = words.known.routing.version
    chosen = wanted or in_force
    file = routing_file(session, chosen)
    head = version_of(session, chosen) if chosen else None
    rows = [_row(row, words) for row in file.routes]
    found = [row for row in rows if all(word in row["text"] for word in searched.casefold().split())]
    drafted = head is not None and head.state == DRAFT
    drafts = _may(session, actor, drafting.MAY_DRAFT)
    return {
        "versions": [_version(v, in_force, words) for v in _chosen(versions(session), in_force, chosen)],
        "v": chosen,
        "head": _version(head, in_force, words) if head is not None else None,
        "is_draft": drafted,
        "may_draft": drafts,
        "publishing": _publishing(session, actor, head, in_force) if head is not None and drafted else None,
        "rows": found,
        "all_rows": len(rows),
        "searched": searched,
        "duties": [_duty(duty.unit, duty.categories, words) for duty in file.duties],
        "levels": _levels(file, words),
        "changes": [_change(line, words) for line in difference(routing_file(session, in_force), file)] if drafted else [],
        "lessons": [_lesson(each, words) for each in lessons(session, actor, now)] if drafts else [],
        **_choices(words),
    }


def _choices(words: Words) -> View:
    """What may be chosen in the forms of the page."""
    return {
        "areas": unit_options(words, areas=True),
        "units": unit_options(words),
        "kinds": kind_options(words),
        "categories": category_options(words),
        "owners": [(by.value, say(f"route.owner_{by}", words.lang)) for by in By],
    }


def _may(session: Session, actor: Actor, roles: Iterable[str]) -> bool:
    try:
        drafting.check_person(session, actor.name, frozenset(roles))
    except Refused:
        return False
    return True


def _chosen(every: Sequence[Version], in_force: int, wanted: int) -> list[Version]:
    """The newest versions, the one in force and the one that is looked at; those that were withdrawn only when looked at."""
    kept = [v for v in every if v.state != WITHDRAWN or v.version == wanted]
    return [v for i, v in enumerate(kept) if len(kept) - i <= LATEST or v.version in (in_force, wanted)]


def _version(each: Version, in_force: int, words: Words) -> View:
    state = "in_force" if each.version == in_force else each.state
    post = {
        name: words.actor(user) if user else "" for name, user in (("drafted_by", each.drafted_by), ("published_by", each.published_by))
    }
    return {"version": each.version, "state": state, "at": each.drafted_at, "published_at": each.published_at, "note": each.note, **post}


def _publishing(session: Session, actor: Actor, head: Version, in_force: int) -> View:
    """Whether this person may publish a draft, and what speaks against it."""
    own = actor.name == head.drafted_by or actor.name in editors(session, head.version)
    outdated = (head.base_version or 0) != in_force
    return {"may": _may(session, actor, drafting.MAY_PUBLISH), "own": own, "outdated": outdated, "base": head.base_version or 0}


def _row(row: RouteRow, words: Words) -> View:
    told: View = {
        "category": code_name(row.category, words),
        "area": code_name(row.area, words) or say("route.everywhere", words.lang),
        "owner": say(f"route.owner_{row.owner}", words.lang),
        "lead": code_name(row.lead, words),
        "co": [code_name(code, words) for code in row.co],
        "basis": row.basis,
    }
    text = " ".join([told["category"], told["area"], told["owner"], told["lead"], *told["co"], row.basis]).casefold()
    return {**told, "line": row.line, "text": text, "kind_led": row.lead in words.known.kind_names, "row": row}


def _duty(unit: str, categories: Iterable[str], words: Words) -> View:
    return {"unit": code_name(unit, words), "kind": unit in words.known.kind_names, "categories": [code_name(c, words) for c in categories]}


def _levels(file: RoutingFile, words: Words) -> list[View]:
    """Levels by what they may do; categories with the same rights in one row."""
    grouped: dict[tuple[str, tuple[str, ...]], list[LevelLine]] = {}
    for line in file.levels:
        grouped.setdefault((line.level, line.may), []).append(line)
    return [
        {
            "level": words.word("level", level),
            "may": [say(f"route.may_{right}", words.lang) for right in may] or [say("route.may_nothing", words.lang)],
            "categories": [code_name(x.category, words) if x.category else say("route.any_category", words.lang) for x in lines],
        }
        for (level, may), lines in grouped.items()
    ]


def _change(line: Line, words: Words) -> View:
    """What a draft says otherwise than the version in force."""
    names = list(line.names)
    if line.part == "route":
        category, area, owner = names
        where = code_name(area, words) or say("route.everywhere", words.lang)
        about = [code_name(category, words), where, say(f"route.owner_{owner}", words.lang)]
    elif line.part == "level":
        about = [words.word("level", names[0]), code_name(names[1], words) or say("route.any_category", words.lang)]
    else:
        about = [code_name(names[0], words)]
    told = {name: _said(line.part, text, words) for name, text in (("before", line.before), ("after", line.after))}
    return {"part": say(f"route.part_{line.part}", words.lang), "about": about, **told}


def _said(part: str, text: str | None, words: Words) -> list[str]:
    """What a version says of one thing, each code by its name."""
    if text is None:
        return []
    codes = text.replace(" + ", " ").split()
    return [say(f"route.may_{code}", words.lang) if part == "level" else code_name(code, words) for code in codes]


def problem_in_words(problem: Problem, words: Words) -> str:
    """What is wrong with a row, with its line; codes in it are told by their names."""
    detail = " ".join(code_name(code, words) for code in problem.detail.split())
    line = translated("第%(n)s行", words.lang, n=problem.line) + ("：" if words.lang == "zh" else ": ")
    return line + say(f"policy_row.{problem.code}", words.lang, detail=detail)


def _lesson(each: Any, words: Words) -> View:  # noqa: ANN401 - a lesson
    case = each.case
    return {
        "no": case["no"],
        "subject": masked(case["subject"]),
        "category": code_name(case["category"], words),
        "area": words.unit(case["area_unit_id"])[1],
        "lead": words.unit(each.lead)[1],
        "co": [words.unit(unit)[1] for unit in each.co if unit != each.lead],
    }


def way_of(turns: Iterable[Turn], words: Words) -> list[View]:
    """The way of a case to its units, as a page tells it."""
    return [
        {"at": each.at, "action": words.word("action", each.action), "actor": words.actor(each.actor), "why": masked(each.why)}
        for each in turns
    ]
