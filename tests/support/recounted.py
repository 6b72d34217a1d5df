"""The figures of a month counted once more, from the journals alone and by brute force, as a reader of the bulletin would."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rules.indicators import Figure
from tests.support.town import Town


def recounted(town: Town, cases: Sequence[int], since: datetime, until: datetime) -> dict[str, tuple[int, int | None]]:
    """Every figure of the district once more, from the journal alone and by brute force."""
    tally: Counter[str] = Counter()
    for case in cases:
        journal = town.journal(case)
        for order in town.orders(case):
            for kind, action, limit in (("acknowledged", "acknowledge", 0.25), ("contact", "contact", 1.0), ("on_time", "finish", 24.0)):
                if kind == "contact" and not order.lead:
                    continue
                _limit(tally, kind, action, limit, order, journal, (since, until))
        _case_facts(tally, [e for e in journal if e.thing == "case" and since <= e.at < until])
        for entry in journal:
            if entry.thing == "request" and entry.action in ("uphold_return", "reject_return"):
                tally.update({"returns": 1, "rejected": entry.action == "reject_return"})
            tally["holds"] += (entry.thing, entry.action) == ("request", "approve_hold")
            tally["extensions"] += (entry.thing, entry.action) == ("order", "ask_extension")
            tally["granted"] += (entry.thing, entry.action) == ("extension", "grant")
            if entry.action == "rate":
                score = entry.data.get("score")
                tally.update({"ratings": 1, "solved": entry.data["solved"], "scored": score is not None, "satisfied": (score or 0) >= 3})
    t = tally
    return {
        "received": (len(cases), None),
        "handled": (t["handled"], None),
        "acknowledged_rate": (t["acknowledged"], t["acknowledged met"]),
        "first_contact_rate": (t["contact"], t["contact met"]),
        "on_time_rate": (t["on_time"], t["on_time met"]),
        "on_time_rate_strict": (t["on_time"], t["on_time met plain"]),
        "on_time_rate_plain": (t["on_time plain"], t["on_time met plain"]),
        "rework_rate": (t["concluded"], t["back"]),
        "self_handled_rate": (t["handled"], t["self"]),
        "rejected_return_rate": (t["returns"], t["rejected"]),
        "resolution_rate": (t["ratings"], t["solved"]),
        "satisfaction_rate": (t["scored"], t["satisfied"]),
        "silent": (t["silent"], None),
        "holds": (t["holds"], None),
        "extensions_asked": (t["extensions"], None),
        "extensions_granted": (t["granted"], None),
    }


def _limit(
    tally: Counter[str], kind: str, action: str, hours: float, order: Any, journal: Sequence[Any], month: tuple[datetime, datetime]
) -> None:
    """One limit of one work order, run by run: it begins when the order is sent, or the case is sent back, and hours are natural."""
    begun = [order.sent_at] if order.sent_at != order.finished_at else []
    if kind == "on_time":
        begun += [e.at for e in journal if (e.thing, e.action, e.thing_no) == ("order", "redo", order.no)]
    done = [e.at for e in journal if (e.thing, e.action, e.thing_no) == ("order", action, order.no) and e.actor != "system"]
    recalled = [e.at for e in journal if (e.thing, e.action, e.thing_no) == ("order", "recall", order.no)]
    finished = [e.at for e in journal if (e.thing, e.action, e.thing_no) == ("order", "finish", order.no)]
    for start in begun:
        held = [e.at for e in journal if e.thing == "case" and e.action in ("hold", "resume") and e.at >= start]
        granted = [e for e in journal if (e.action, e.thing_no) == ("extended", order.no) and e.data["clock"] == "handle"]
        more = len(granted) if kind == "on_time" else 0
        end = next((at_ for at_ in done if at_ >= start), None)
        stopped = min((a for a in (end, *recalled, *(f for f in finished if f >= start)) if a is not None), default=None)
        held = [moment for moment in held if stopped is None or moment < stopped]
        paused = (held[1] - held[0]) if len(held) == 2 else timedelta(0)
        due = start + timedelta(hours=hours * (1 + more)) + paused
        if (stopped is not None and stopped <= due and stopped != end) or not month[0] <= due < month[1]:
            continue
        met = end is not None and end <= due and (len(held) != 1)
        plain = not held and not more
        tally.update({kind: 1, f"{kind} met": met, f"{kind} plain": plain, f"{kind} met plain": met and plain})


def _case_facts(tally: Counter[str], entries: Sequence[Any]) -> None:
    actions = {entry.action for entry in entries}
    handled, back = bool(actions & {"finish", "self_handle"}), bool(actions & {"fail_check", "rework"})
    tally.update({"handled": handled, "back": back, "concluded": handled or back, "self": "self_handle" in actions})
    tally["silent"] += "close_unrated" in actions


def of_the_district(found: Sequence[Figure]) -> dict[str, tuple[int, int | None]]:
    """Figures as numbers."""
    return {figure.code: (figure.n, figure.hits) for figure in found}
