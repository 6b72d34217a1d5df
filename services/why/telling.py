"""An explanation in sentences: a few lines, the same for the screen, the console and the public page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from services.catalogue import Named
from services.why.explanation import (
    Bound,
    Day,
    Explanation,
    Extended,
    Pause,
    Reprojected,
    RowNamed,
    Rule,
    Run,
    RungMoment,
    Succeeded,
)
from services.why.words import Words

_LISTED: Final = 4  #: more days than these of weekends are counted, not named


def lines(explanation: Explanation, lang: str) -> list[str]:
    """What was counted, line by line; the last begins with → and says the result, unless it differs: then one more says so.

    Args:
        explanation: As it is, or `for_public`.
        lang: `zh` or `en`.
    """
    return list(_Teller(lang, explanation).told())


class _Teller(Words):
    def told(self) -> Iterator[str]:
        about = self.about
        yield self.head()
        if about.start is not None:
            start, what = about.start, self.word("action", about.start.action)
            yield self.sentence("start", at=self.moment(start.at), what=what, entry=start.entry, by=self.who(start.by))
        if about.rule is not None:
            yield from self.rule(about.rule)
            yield self.budget(about.rule.given)
        for event in about.events:
            yield from _TOLD[type(event)](self, event)
        yield from self.rungs()
        yield from self.result()

    # the limit --------------------------------------------------------------------------------------------------------

    def head(self) -> str:
        about = self.about
        clock = self.word("clock", about.kind)
        order = self.sentence("of_order", no=about.order_no) if about.order_no is not None else ""
        stage = self.sentence("of_stage", code=about.stage) if about.stage else ""
        unit = self.named(about.unit) if about.unit else self.sentence("nobody")
        return self.sentence("head", no=about.no, clock=clock, about=order + stage + self.beside(), unit=unit)

    def beside(self) -> str:
        """The affair that the clock belongs to, and the part of it."""
        affair, part = self.about.affair, self.about.part_no
        if affair is None:
            return ""
        return self.sentence("of_affair", affair=affair) if part is None else self.sentence("of_part", affair=affair, part=part)

    def rule(self, rule: Rule) -> Iterator[str]:
        if rule.how == "suggested":
            yield self.sentence("limit_suggested", limit=self.limit(rule.given))
            return
        if rule.how == "moment" and self.about.own_due_at is not None:
            by = self.who(rule.given_by) if rule.given_by else ""
            yield self.sentence("limit_moment", due=self.moment(self.about.own_due_at), by=by)
            return
        if rule.row is None:
            yield self.sentence("limit_person", limit=self.limit(rule.given), by=self.who(rule.given_by) if rule.given_by else "")
            return
        note = self.sentence("suggested") if rule.suggested else ""
        yield self.sentence("limit", limit=self.limit(rule.limit), version=rule.version, row=self.row(rule.row), note=note)
        if rule.how in ("half", "rework"):
            yield self.sentence(f"how_{rule.how}", limit=self.limit(rule.given))
        if rule.beaten:
            rows = self.listed([self.row(row) for row in rule.beaten])
            yield self.sentence("beaten", rows=rows, reason=self.word("why_reason", rule.reason))

    def row(self, row: RowNamed) -> str:
        told = [
            " ".join(filter(None, (self.word("why_dimension", n), code, self.code_name(n, code, named)))) for n, code, named in row.names
        ]
        return self.sentence("row", line=row.line, names=self.listed(told) or self.sentence("every_case"))

    def code_name(self, dimension: str, code: str, named: Named | None) -> str:
        return self.word("urgency", code) if dimension == "urgency" else self.named(named)

    def budget(self, given: str) -> str:
        """The limit in time; where the calendar has changed since, as it counts now."""
        about = self.about
        changed = any(isinstance(event, Reprojected) and event.why == "calendar" for event in about.events)
        words = {"amount": self.lasting(about.budget_s), "note": self.sentence("as_of_now") if changed else ""}
        if given.endswith("wd") and about.own_due_at is not None:
            return self.sentence("budget_days", day=self.day(about.own_due_at), limit=self.limit(given), **words)
        return self.sentence("budget_working", **words) if given.endswith("wh") else self.sentence("budget_natural", amount=words["amount"])

    # what happened ----------------------------------------------------------------------------------------------------

    def run(self, run: Run) -> Iterator[str]:
        if not run.days:
            yield self.sentence("natural", since=self.moment(run.since), until=self.moment(run.until), amount=self.lasting(run.seconds))
        yield from self.days(run.days)

    def days(self, days: Sequence[Day]) -> Iterator[str]:
        """A day each, but whole working days in one line with the weekends between them, and days off in a row in one."""
        last = len(days) - 1

        def kind(item: tuple[int, Day]) -> tuple[str, int]:
            i, day = item
            if not day.seconds:
                return ("shut", i) if day.counted else ("off", 0)
            return ("full", day.provisional) if 0 < i < last and not day.reason else ("day", i)

        groups = [(name, [day for _, day in group]) for (name, _), group in groupby(enumerate(days), kind)]
        for plain, each in groupby(groups, lambda group: _is_plain(*group)):
            if plain:
                yield from self.weeks([day for _, group in each for day in group])
            else:
                for name, group in each:
                    yield self.off(group) if name == "off" else self.one_day(group[0])

    def weeks(self, days: Sequence[Day]) -> Iterator[str]:
        """Whole working days with the weekends between them; a weekend before or after them is a line of its own."""
        at = [i for i, day in enumerate(days) if day.seconds]
        first, end = (at[0], at[-1] + 1) if at else (len(days), len(days))
        if first:
            yield self.off(days[:first])
        if len(at) > 1:
            yield self.full(days[first:end])
        elif at:
            yield self.one_day(days[first])
        if end < len(days):
            yield self.off(days[end:])

    def full(self, days: Sequence[Day]) -> str:
        worked, free = [day for day in days if day.seconds], [day for day in days if not day.seconds]
        note = self.sentence("weekends", days=self.listed([self.date(d) for d in free])) if free else ""
        if len(free) > _LISTED:
            note = self.sentence("many_weekends", n=len(free))
        note += self.sentence("provisional_day") if any(day.provisional for day in days) else ""
        amount = self.lasting(sum(day.seconds for day in worked))
        return self.sentence("full", first=self.date(days[0]), last=self.date(days[-1]), n=len(worked), amount=amount, note=note)

    def one_day(self, day: Day) -> str:
        weekday = self.word("why_weekday", day.day.isoweekday())
        hours = self.listed([f"{self.time(a)}–{self.closing(b)}" for a, b in day.stretches])
        note = self.sentence("because", reason=day.reason, source=day.source) if day.reason else ""
        note += self.sentence("provisional_day") if day.provisional else ""
        if not day.seconds:
            return self.sentence("shut", day=self.date(day), weekday=weekday, note=note)
        return self.sentence("day", day=self.date(day), weekday=weekday, hours=hours, amount=self.lasting(day.seconds), note=note)

    def off(self, days: Sequence[Day]) -> str:
        """Days off in a row."""
        return self.sentence("off", days=self.reasons(days, "weekend"))

    def reasons(self, days: Sequence[Day], otherwise: str) -> str:
        """Days by their reasons, and the source of these once; `otherwise` is what a day without a reason is called."""
        reasons: dict[str, list[Day]] = {}
        for day in days:
            reasons.setdefault(day.reason or self.sentence(otherwise), []).append(day)
        told = [
            self.sentence("off_because", reason=reason, days=self.listed([self.date(d) for d in each])) for reason, each in reasons.items()
        ]
        sources = list(dict.fromkeys(day.source for day in days if day.source))
        note = self.sentence("source", source=self.listed(sources)) if sources else ""
        note += self.sentence("provisional_day") if any(day.provisional for day in days) else ""
        return self.listed(told) + note

    def pause(self, pause: Pause) -> Iterator[str]:
        words = {"since": self.moment(pause.since), "by": self.who(pause.by), "reason": self.reason(pause.reason)}
        if pause.until is None:
            yield self.sentence("paused_still", **words)
        else:
            yield self.sentence("paused", until=self.moment(pause.until), **words)
        if pause.days:
            yield self.sentence("meanwhile", days=self.reasons(pause.days, "weekday"))

    def bound(self, bound: Bound) -> Iterator[str]:
        by = self.who(bound.given_by) if bound.given_by else ""
        words = {
            "by": self.sentence("given_by", who=by) if by else "",
            "reason": self.reason(bound.reason),
            "own": self.moment(bound.own_due),
        }
        limit = self.word("bound", bound.by)
        name = "compared_later" if bound.binds is None else "binds" if bound.binds else "does_not_bind"
        yield self.sentence(name, limit=limit, due=self.moment(bound.due), **words)

    def extended(self, extended: Extended) -> Iterator[str]:
        words = {"at": self.moment(extended.at), "amount": self.limit(extended.amount), "by": self.who(extended.by)}
        moved = self.moved("moved_colon", extended.before, extended.due)
        yield self.sentence("extended", reason=self.reason(extended.reason), moved=moved, **words)
        if extended.asked_by is not None:
            yield self.sentence("extension_asked", by=self.who(extended.asked_by), reason=self.reason(extended.asked_for))

    def moved(self, name: str, before: datetime, due: datetime) -> str:
        return self.sentence(name, before=self.moment(before), due=self.moment(due)) if before != due else ""

    def reprojected(self, anew: Reprojected) -> Iterator[str]:
        words = {"at": self.moment(anew.at), "by": self.who(anew.by), "moved": self.moved("moved", anew.before, anew.due)}
        words["calendar"] = self.named(self.about.calendar_name) or self.about.calendar
        amounts = {"consumed": self.lasting(anew.consumed_s), "left": self.lasting(anew.left_s)}
        yield self.sentence(f"anew_{anew.why}", version=anew.version, of=anew.of, **words, **amounts)
        if anew.limit_before != anew.limit:
            yield self.sentence("other_limit", before=self.limit(anew.limit_before), limit=self.limit(anew.limit))
        if anew.rule is not None:
            yield from self.rule(anew.rule)

    # the end ----------------------------------------------------------------------------------------------------------

    def rungs(self) -> Iterator[str]:
        fired = [r for r in self.about.rungs if r.fired_at is not None]
        ahead = [r for r in self.about.rungs if r.fired_at is None]
        for name, rungs in (("rungs_fired", fired), ("rungs_ahead", ahead)):
            if rungs:
                yield self.sentence(name, rungs=self.sentence("semicolon").join(self.rung(r) for r in rungs))

    def rung(self, rung: RungMoment) -> str:
        mark = self.sentence("provisional_day") if rung.provisional else ""
        return f"{self.word('action', rung.code)} {self.moment(rung.fired_at or rung.at)}{mark}"

    def result(self) -> Iterator[str]:
        about = self.about
        stored = self.moment(about.stored_due_at)
        if about.status == "paused" and about.left_s is not None:
            yield self.sentence("left", amount=self.lasting(about.left_s))
        due = about.due_at or about.stored_due_at
        note = self.sentence("provisional") if about.provisional else ""
        if about.agrees is None:
            yield self.sentence("unknown", version=about.calendar_version)
        elif about.witnessed:
            yield self.sentence("witnessed", version=about.calendar_version)
        if about.problem in ("", "differs"):
            yield self.sentence("was_due" if about.status == "paused" else "due", due=self.moment(due), note=note)
        if about.problem == "differs" and about.off_by_s is not None:
            by = self.sentence("later" if about.off_by_s > 0 else "earlier", amount=self.lasting(abs(about.off_by_s)))
            yield self.sentence("differs", stored=stored, by=by)
        elif about.problem:
            yield self.sentence(about.problem, stored=stored, at=stored)


def _is_plain(name: str, days: Sequence[Day]) -> bool:
    """Whole working days, or a weekend about which no notice says anything."""
    return name == "full" or (name == "off" and not any(day.reason or day.provisional for day in days))


_TOLD: Final[Mapping[type, Callable[[_Teller, Any], Iterator[str]]]] = {
    Run: _Teller.run,
    Pause: _Teller.pause,
    Bound: _Teller.bound,
    Extended: _Teller.extended,
    Reprojected: _Teller.reprojected,
    Succeeded: lambda t, e: iter([t.sentence("succeeded", at=t.moment(e.at), before=t.named(e.before), after=t.named(e.after))]),
}
