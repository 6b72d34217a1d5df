"""What the page of time limits shows: the versions, the rows of one against the one before, who did what with it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from rules.sla import COUNTS, KINDS, NONE, STAGE, Row
from rules.worktime import Unit
from services.policies.drafting import check_person
from services.policies.editing import Entry, editors, record_of
from services.policies.stored import PolicyVersion, policy_file, version_of, versions
from services.policy_files.values import PolicyFile
from services.versions import DRAFT, PUBLISHED, WITHDRAWN
from web.console.config.units_choices import category_options, unit_options
from web.views import View, Words
from web.words import translated
from wording import say

MAIN: Final = ("acknowledge", "contact", "control", "handle")  #: kinds with a column of their own
LATEST: Final = 4  #: versions that can be chosen besides the one in force
#: What the letters stand for by which the seeds say where a number comes from.
BASES: Final[Mapping[str, str]] = {"a": "有出处", "a~": "类推", "b": "通则", "c": "经验"}
URGENCIES: Final = ("P0", "P1", "P2", "P3")


def may_edit(session: Session, actor: Actor) -> bool:
    """Whether somebody may draft and publish time limits."""
    try:
        check_person(session, actor.name)
    except Refused:
        return False
    return True


def shown(session: Session, actor: Actor, words: Words, wanted: int, asked: Mapping[str, str], now: datetime) -> View:
    """Everything about one version.

    Args:
        session: The unit of work.
        actor: Who looks.
        words: Names in the language of the page.
        wanted: Number of the version; 0: the one in force.
        asked: Filters of the address: `u` urgency, `q` words, `only` what is changed or unconfirmed.
        now: The instant.

    Raises:
        Refused: `unknown_policy`.
    """
    in_force = words.known.policy_at(now)
    head = version_of(session, wanted or in_force)
    v, drafted = head.version, head.state == DRAFT
    rows = _rows(session, head, words, asked)
    return {
        "v": v,
        "in_force": in_force,
        "head": version_view(head, in_force, words),
        "versions": [version_view(each, in_force, words) for each in chosen(versions(session), in_force, v)],
        "is_draft": drafted,
        "may_edit": may_edit(session, actor),
        "own": actor.name == head.drafted_by or actor.name in editors(session, v),
        "record": [_entry(entry, words) for entry in record_of(session, v)],
        "outdated": drafted and head.base_version != words.known.in_force[-1].version,
        **rows,
    }


def _rows(session: Session, head: PolicyVersion, words: Words, asked: Mapping[str, str]) -> View:
    """The rows of a version; those of a draft against the version that it was drafted from."""
    file = policy_file(session, head.version)
    base = head.base_version if head.base_version is not None and head.state != PUBLISHED else None
    before = {row.key: row for row in policy_file(session, base).rows} if base is not None else None
    rows = [row_view(row, before, words) for row in file.rows]
    keys = {each.key for each in file.rows}
    gone = [row_view(row, None, words) for key, row in (before or {}).items() if key not in keys]
    return {
        "base": base,
        "rows": [row for row in rows if _wanted(row, asked)],
        "gone": gone,
        "all_rows": len(rows),
        "categories": len({row.category for row in file.rows if row.category}),
        "suggested": sum(not row.confirmed_by for row in file.rows),
        "changed": sum(row["changed"] for row in rows) + len(gone),
        "ladders": _ladders(session, base, file, words) if base is not None else [],
    }


def _ladders(session: Session, base: int, file: PolicyFile, words: Words) -> list[tuple[str, str]]:
    """Code and name of the ladders that a draft has otherwise."""
    before = {each.code: each for each in policy_file(session, base).ladders}
    return [(each.code, str(getattr(each, words.lang))) for each in file.ladders if before.get(each.code) != each]


def chosen(every: Sequence[PolicyVersion], in_force: int, v: int) -> list[PolicyVersion]:
    """The newest ones that were not withdrawn, the one in force and the one that is shown."""
    latest = [each.version for each in every if each.state != WITHDRAWN][-LATEST:]
    return [each for each in every if each.version in {*latest, in_force, v}]


def version_view(version: PolicyVersion, in_force: int, words: Words) -> View:
    """A version as its head and its tab say it."""
    stands = "in_force" if version.version == in_force else version.state
    if version.state == PUBLISHED and version.version != in_force and version.version > in_force:
        stands = "coming"
    return {
        "version": version.version,
        "stands": stands,
        "from": version.effective_from,
        "note": version.note.partition(" / ")[0 if words.lang == "zh" else 2] or version.note,
        "drafted_by": words.actor(version.drafted_by) if version.drafted_by else "",
        "drafted_at": version.drafted_at,
        "published_by": words.actor(version.published_by) if version.published_by else "",
        "published_at": version.published_at,
        "treatment": say(f"policy.treatment_{version.treatment}", words.lang) if version.treatment else "",
    }


def row_view(row: Row, before: Mapping[Any, Row] | None, words: Words) -> View:
    """A row: what it holds for, its limits in columns, the others in one line, each with what it was."""
    old = before.get(row.key) if before is not None else None
    news = before is not None and old is None
    kinds = _ordered({*row.limits, *(old.limits if old else ())})
    pairs = {kind: _pair(kind, row, old, words, compared=before is not None) for kind in kinds}
    others = [pairs[kind] for kind in pairs if kind not in MAIN]
    name, more = names_of(row, words)
    return {
        "line": row.line,
        "name": name,
        "more": more,
        "urgency": row.urgency,
        "cells": [pairs.get(kind) or {"kind": kind, "now": "", "was": None} for kind in MAIN],
        "others": [each for each in others if each["was"] is None],
        "others_changed": [each for each in others if each["was"] is not None],
        "stages": [(getattr(stage, words.lang), amount(str(stage.limit), words)) for stage in row.stages],
        "basis": translated(BASES[row.basis], words.lang) if row.basis in BASES else row.basis,
        "confirmed_by": words.actor(row.confirmed_by) if row.confirmed_by else "",
        "news": news,
        "changed": news or (old is not None and old != row),
    }


def _pair(kind: str, row: Row, old: Row | None, words: Words, *, compared: bool) -> View:
    """A limit in words, and what it was where a draft has another."""
    now, was = row.limits.get(kind), old.limits.get(kind) if old else None
    said = {"kind": kind_word(kind, words), "now": amount(now, words), "was": None}
    return said | {"was": amount(was, words) or "—"} if compared and now != was else said


def _ordered(kinds: Iterable[str]) -> list[str]:
    there = set(kinds)
    return [kind for kind in KINDS if kind in there]


def _wanted(row: View, asked: Mapping[str, str]) -> bool:
    if asked.get("u") and row["urgency"] != asked["u"]:
        return False
    if asked.get("only") and not row["changed"] and row["confirmed_by"]:
        return False
    text = f"{row['name']} {row['more']}".casefold()
    return all(word in text for word in asked.get("q", "").casefold().split())


def names_of(row: Row, words: Words) -> tuple[str, str]:
    """What a row holds for: its category with the code (or everything), and whatever else it names besides the urgency."""
    known = words.known
    category = known.categories.get(row.category or "")
    name = f"{row.category} {words.named(category.name)}" if category else row.category or translated("所有类别", words.lang)
    area = known.unit_ids.get(row.area or "")
    more = (
        words.named(known.source_names.get(row.source or "")) or row.source,
        words.unit(area)[1] or row.area,
        words.named(known.groups.get(row.special_group or "")) or row.special_group,
    )
    return name, " · ".join(each for each in more if each)


def kind_word(kind: str, words: Words) -> str:
    """A kind of limit in words."""
    found = words.word("clock", kind)
    return found if found != kind else words.word("policy_kind", kind)


def amount(text: str | None, words: Words) -> str:
    """A limit as people say it; a number of times as it is; nothing where nothing is said."""
    if text is None:
        return ""
    if text == NONE:
        return translated("不设", words.lang)
    return words.limit(text) if text.rstrip("mhwd") != text else translated("%(n)s次", words.lang, n=text)


def _entry(entry: Entry, words: Words) -> View:
    data = entry.data
    changes = [
        f"{kind_word(kind, words)} {amount(was, words) or '—'} → {amount(new, words) or '—'}" for kind, was, new in data.get("changes", ())
    ]
    sentence = {
        "policy_row": translated("改第%(n)s行", words.lang, n=data.get("line")),
        "policy_row_dropped": translated("删第%(n)s行", words.lang, n=data.get("line")),
        "policy_ladder": translated("改升级阶梯", words.lang),
        "policy_submitted": translated("送审", words.lang),
        "policy_turned_down": translated("退回", words.lang),
    }[entry.action]
    told = "；".join(changes) or str(data.get("note") or data.get("reason") or data.get("ladder") or "")
    return {"at": entry.at, "who": words.actor(entry.actor), "did": sentence, "told": told}


# the form of a row ----------------------------------------------------------------------------------------------------


def row_form(row: Row | None, typed: Mapping[str, str], words: Words) -> View:
    """The form of a row: its kinds of limit with number and unit each, as stored or as they were typed."""
    limits = dict(row.limits) if row else {}
    kinds = _ordered({*MAIN, *limits})
    fields = []
    for kind in kinds:
        number, unit = _split(limits.get(kind))
        unit_name = f"u_{kind}"
        fields.append(
            {
                "kind": kind,
                "name": kind_word(kind, words),
                "number": typed.get(f"n_{kind}", number),
                "unit": typed.get(unit_name, unit),
                "count": kind in COUNTS,
            }
        )
    return {
        "line": row.line if row else 0,
        "title": _title(row, words) if row else "",
        "fields": fields,
        "basis": typed.get("basis", row.basis if row else ""),
        "bases": [(code, translated(name, words.lang)) for code, name in BASES.items()],
        "more_kinds": [(kind, kind_word(kind, words)) for kind in KINDS if kind not in kinds and kind != STAGE],
        "typed": typed,
        "confirmed_by": row.confirmed_by if row else "",
        **({} if row else _choices(words)),
    }


def _title(row: Row, words: Words) -> str:
    return " · ".join(each for each in (*names_of(row, words), words.word("urgency", row.urgency)) if each)


def _split(text: str | None) -> tuple[str, str]:
    """A limit as its number and its unit; `none` has no number."""
    if text is None or text == NONE:
        return "", text or ""
    digits = text.rstrip("mhwd")
    return digits, text[len(digits) :] or "times"


def _choices(words: Words) -> View:
    known = words.known
    return {
        "categories": category_options(words),
        "urgencies": [(code, words.word("urgency", code)) for code in URGENCIES],
        "sources": [(code, str(words.named(name))) for code, name in known.source_names.items()],
        "areas": unit_options(words, areas=True),
        "groups": [(code, str(words.named(name))) for code, name in known.groups.items()],
    }


def unit_options_of(words: Words) -> list[tuple[str, str]]:
    """Units of time, as a person chooses them."""
    names = {Unit.MINUTE: "分钟", Unit.HOUR: "小时", Unit.WORK_HOUR: "工作时", Unit.WORK_DAY: "工作日"}
    return [(unit.value, translated(name, words.lang)) for unit, name in names.items()]
