"""What a version would do, as the page shows it: open clocks that move, breaches at once, the past measured by it."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from rules.facts import Actor
from services.policies.history import History, Judged, history
from services.policies.stored import Treatment
from services.policies.touched import subjects as subjects_of
from services.policies.treating import Change
from services.policies.trial import DryRun, dry_run
from web.charts.drawing import Chart, Data
from web.charts.pairs import Pair, pairs
from web.console.config.sla_shown import amount, kind_word
from web.spoken import day_time
from web.views import View, Words
from web.words import translated
from wording import say

SHOWN: Final = 8  #: cases that are named; the others are counted
DAYS: Final = (0, 30, 90, 365)  #: how far back the past may be measured
LOOKED_UP: Final = 500  #: numbers of cases in one query


def trial(session: Session, actor: Actor, words: Words, version: int, treatment: Treatment, days: int, now: datetime) -> View:
    """Try a version on what is open and on the past; nothing is written.

    Args:
        session: The unit of work.
        actor: Who looks: cases that he does not see are counted and not named.
        words: Names in the language of the page.
        version: The version.
        treatment: How open cases would be treated.
        days: How far back the past is measured; 0: not at all.
        now: The instant.

    Raises:
        Refused: `unknown_policy`.
    """
    found = dry_run(session, version, treatment, now)
    past = history(session, version, now - timedelta(days=days), now) if days else None
    notices = [(say(f"notice.{code}", words.lang), n) for code, n in found.notices.most_common()]
    return {
        "treatment": treatment.value,
        "days": days,
        "cases": found.cases,
        "clocks": found.clocks,
        "moves": len(found.changes),
        "kinds": [_kind(kind, own, words) for kind, own in _by_kind(found.changes).items()],
        "breaches": len(found.breaches),
        "notices": notices,
        "some": _some(session, actor, found, words, now),
        **(_past(session, actor, past, version, words, now) if past is not None else {"past": None}),
    }


def _by_kind(changes: Iterable[Change]) -> dict[str, list[Change]]:
    kinds: dict[str, list[Change]] = {}
    for change in changes:
        kinds.setdefault(change.kind, []).append(change)
    return kinds


def _kind(kind: str, own: list[Change], words: Words) -> View:
    both = [(c.before, c.after) for c in own if c.before is not None and c.after is not None]
    return {
        "name": kind_word(kind, words),
        "moves": len(own),
        "earlier": sum(after < before for before, after in both),
        "later": sum(after > before for before, after in both),
        "same": sum(after == before for before, after in both),
        "started": sum(c.before is None for c in own),
        "stopped": sum(c.after is None for c in own),
    }


def _some(session: Session, actor: Actor, found: DryRun, words: Words, now: datetime) -> View:
    """The first of them: what would be late at once, then what ends earlier; the subject of those that the reader may see."""
    at_once = {id(c) for c in found.breaches}
    ranked = sorted(found.changes, key=lambda c: (id(c) not in at_once, c.before == c.after, c.no))
    subjects = subjects_of(session, actor, [c.no for c in ranked[:LOOKED_UP]])
    named = [c for c in ranked if c.no in subjects][:SHOWN]
    rows = [
        {
            "no": c.no,
            "subject": subjects[c.no],
            "kind": kind_word(c.kind, words),
            "unit": words.unit(c.unit_id)[1] or "",
            "limits": (amount(c.limit_before, words) or "—", amount(c.limit_after, words) or "—"),
            "dues": tuple(day_time(m, now, words.known.zone, words.lang) if m else "—" for m in (c.before, c.after)),
            "at_once": id(c) in at_once,
            "paused": c.paused,
            "provisional": c.provisional,
        }
        for c in named
    ]
    return {"rows": rows, "others": len(found.changes) - len(rows)}


# the past -------------------------------------------------------------------------------------------------------------


def _past(session: Session, actor: Actor, past: History, version: int, words: Words, now: datetime) -> View:
    subjects = subjects_of(session, actor, [j.no for j in past.appear[:LOOKED_UP]])
    named = [j for j in past.appear if j.no in subjects][:SHOWN]
    every = sum(past.clocks.values())
    return {
        "past": _chart(past, version, words) if past.clocks else None,
        "ended": every,
        "rates": (_rate(past.late_then, past.clocks), _rate(past.late_under_it, past.clocks)) if every else None,
        "appear": len(past.appear),
        "vanish": len(past.vanish),
        "would_be_late": [_judged(j, subjects[j.no], words, now) for j in named],
    }


def _judged(one: Judged, subject: str, words: Words, now: datetime) -> View:
    said = [day_time(m, now, words.known.zone, words.lang) for m in (one.stopped, one.due_under_it)]
    return {"no": one.no, "subject": subject, "unit": words.unit(one.unit_id)[1] or "", "kind": kind_word(one.kind, words), "dues": said}


def _rate(late: Counter[str], clocks: Counter[str], kind: str | None = None) -> str:
    """The share that was in time, in per cent with one decimal."""
    return f"{_thousandths(late, clocks, kind) / 10:.1f}%"


def _thousandths(late: Counter[str], clocks: Counter[str], kind: str | None = None) -> int:
    of, missed = (clocks[kind], late[kind]) if kind else (sum(clocks.values()), sum(late.values()))
    return round((of - missed) * 1000 / of)


def _chart(past: History, version: int, words: Words) -> Chart:
    """How much was in time by kind of limit, then and under the version."""
    kinds = [kind for kind, _ in past.clocks.most_common()]
    then = {kind: _thousandths(past.late_then, past.clocks, kind) for kind in kinds}
    under = {kind: _thousandths(past.late_under_it, past.clocks, kind) for kind in kinds}
    drawn = [Pair(kind_word(kind, words), then[kind], under[kind], _points(under[kind] - then[kind], words.lang)) for kind in kinds]
    heads = [translated(text, words.lang) for text in ("时限", "已结束", "当时按期", "按此版按期")]
    lates = (past.late_then, past.late_under_it)
    rows = [(kind_word(kind, words), str(past.clocks[kind]), *(_rate(late, past.clocks, kind) for late in lates)) for kind in kinds]
    sentence = translated("各种时限的按期率：当时的，和按v%(v)s衡量的", words.lang, v=version)
    return pairs(drawn, sentence, Data([*heads], rows))


def _points(by: int, lang: str) -> str:
    """A difference in percentage points."""
    if not by:
        return translated("不变", lang)
    return translated("%(n)s点", lang, n=f"{'+' if by > 0 else '−'}{abs(by) / 10:.1f}")
