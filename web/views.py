"""Cases as they leave the house: codes for programs and names for people side by side, and nothing about persons."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from rules.facts import FINAL, STEP_OF, State
from services.catalogue import Catalogue, Named
from services.listing import CaseLine, ClockLine, Light, Page, clock_line, weightiest
from services.milestones import Milestone, milestones
from services.privacy.masking import masked
from services.reading import CaseStory, Held, held_by
from wording import say, sentences

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """Names of things in one language."""

    known: Catalogue
    lang: str

    def named(self, name: Named | None) -> str | None:
        """A name from the reference data."""
        return None if name is None else str(getattr(name, self.lang))

    def word(self, section: str, code: str | None) -> str:
        """A code of ours in words; a code without a word shows as it is."""
        return str(sentences(self.lang)[section].get(code, code or ""))

    def unit(self, unit_id: int | None) -> tuple[str | None, str | None]:
        """Code and name of a unit."""
        if unit_id is None:
            return None, None
        return self.known.units[unit_id].code, self.named(self.known.names[unit_id])

    def actor(self, name: str) -> str:
        """Who acted, by post or source; never a person's name."""
        person = self.known.people.get(name)
        if person is not None:
            return str(self.named(person.title))
        source = self.known.source_names.get(name)
        return str(self.named(source)) if source else self.word("actor", name)

    def limit(self, limit: str) -> str:
        """A limit as people say it: `3wd` → 3个工作日."""
        digits = limit.rstrip("abcdefghijklmnopqrstuvwxyz")
        return say(f"limit.{limit[len(digits) :]}", self.lang, n=digits)


def lines(page: Page, words: Words, now: datetime) -> View:
    """A page of the list."""
    return {"cases": [_line(case, words, now) for case in page.cases], "next": page.next}


def _line(case: CaseLine, words: Words, now: datetime) -> View:
    return _head(asdict(case), case.held_by, case.clock, words, now)


def _head(case: Mapping[str, Any], ball: int | None, clock: ClockLine | None, words: Words, now: datetime) -> View:
    """What the list and the page of a case both begin with."""
    held_by, held_by_name = words.unit(ball)
    if ball is None and case["state"] not in FINAL:
        held_by_name = words.word("actor", "resident")
    area, area_name = words.unit(case["area_unit_id"])
    category = words.known.categories.get(case["category"] or "")
    step = STEP_OF[State(case["state"])].value
    return {
        "no": case["no"],
        "subject": masked(case["subject"]),
        "category": case["category"],
        "category_name": words.named(category.name) if category else None,
        "urgency": case["urgency"],
        "urgency_name": words.word("urgency", case["urgency"]),
        "state": case["state"],
        "status": words.word("state", case["state"]),
        "step": step,
        "step_name": words.word("step", step),
        "area": area,
        "area_name": area_name,
        "held_by": held_by,
        "held_by_name": held_by_name,
        "submitted_at": case["submitted_at"],
        "due": _clock(clock, words, now) if clock else None,
    }


def _clock(clock: ClockLine, words: Words, now: datetime) -> View:
    unit, unit_name = words.unit(clock.unit_id)
    left = clock.due_at - now
    return {
        "clock": clock.kind,
        "clock_name": words.word("clock", clock.kind),
        "order_no": clock.order_no,
        "stage": clock.stage,
        "unit": unit,
        "unit_name": unit_name,
        "limit": clock.limit,
        "limit_name": words.limit(clock.limit),
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "provisional": clock.provisional,
        "stopped_at": clock.stopped_at,
        "light": clock.light.value if clock.light else None,
        "light_name": words.word("light", "past" if clock.light is Light.WARN and now >= clock.due_at else clock.light)
        if clock.light
        else None,
        "left_s": int(left.total_seconds()) if clock.stopped_at is None else None,
    }


_FACTS: Final = ("body", "place", "version", "round", "solved", "score", "result", "level", "needs_check")
_ORDER: Final = ("no", "lead", "state", "sent_at", "acknowledged_at", "deemed", "contacted_at", "controlled_at", "finished_at", "result")
_ENTRY: Final = ("seq", "at", "step", "thing", "thing_no", "action", "before", "after", "actor")
#: What of a journal entry's data people may read; anything else (errors, ids of the machine) stays inside.
_DATA: Final = (
    *("source", "category", "urgency", "level", "reason", "result", "solved", "score", "clock", "limit", "due", "meant_for"),
    *("stage", "amount", "from", "to", "due_at", "by", "demand", "number"),
)


def case_file(story: CaseStory, words: Words, now: datetime) -> View:
    """One case in full."""
    case = story.case
    clocks = [clock_line(row, words.known, now) for row in story.clocks]
    ball = story.journal[-1]["ball_unit_id"]
    return {
        **_head(case, ball, weightiest(clocks), words, now),
        **{name: _readable(case[name]) for name in _FACTS},
        "source": story.source,
        "source_name": words.named(words.known.source_names.get(story.source)),
        "special_group": case["special_group"],
        "special_group_name": words.named(words.known.groups.get(case["special_group"] or "")),
        "outside_due_at": case["outside_due_at"],
        "outside_by": case["outside_by"],
        "outside_by_name": words.word("bound", case["outside_by"]) if case["outside_by"] else None,
        "outside_note": _readable(case["outside_note"]),
        "orders": [_order(order, words) for order in story.orders],
        "stages": [_stage(stage, words) for stage in milestones(story)],
        "extensions": [_extension(extension, words) for extension in story.extensions],
        "supervision": [_supervision(order, words) for order in story.supervision],
        "clocks": [_clock(clock, words, now) for clock in clocks],
        "trail": [_held(held, words) for held in held_by(story)],
        "journal": journal_lines(story, words),
    }


def journal_lines(story: CaseStory, words: Words) -> list[View]:
    """What happened in a case, oldest first."""
    return [_entry(entry, words) for entry in story.journal]


def _readable(value: object) -> object:
    return masked(value) if isinstance(value, str) else value


def _order(order: Mapping[str, Any], words: Words) -> View:
    unit, unit_name = words.unit(order["unit_id"])
    section, section_name = words.unit(order["assigned_unit_id"])
    return {
        **{name: _readable(order[name]) for name in _ORDER},
        "status": words.word("state", order["state"]),
        "unit": unit,
        "unit_name": unit_name,
        "section": section,
        "section_name": section_name,
    }


def _supervision(order: Mapping[str, Any], words: Words) -> View:
    unit, unit_name = words.unit(order["unit_id"])
    return {
        "form": order["form"],
        "form_name": words.word("supervision", order["form"]),
        "number": order["number"],
        "state": order["state"],
        "status": words.word("state", order["state"]),
        "unit": unit,
        "unit_name": unit_name,
        "proposed_at": order["proposed_at"],
        "signed_at": order["signed_at"],
        "ended_at": order["ended_at"],
    }


def _stage(stage: Milestone, words: Words) -> View:
    named = {"code": stage.code, "name": words.named(stage.name), "limit": stage.limit, "limit_name": words.limit(stage.limit)}
    return {**named, "due_at": stage.due_at, "provisional": stage.provisional, "reached_at": stage.reached_at}


def _extension(extension: Mapping[str, Any], words: Words) -> View:
    found = {
        name: _readable(extension[name]) for name in ("no", "order_no", "amount", "state", "reason", "asked_at", "decided_at", "answer")
    }
    return {**found, "amount_name": words.limit(extension["amount"]), "status": words.word("state", extension["state"])}


def _held(held: Held, words: Words) -> View:
    unit, unit_name = words.unit(held.unit_id)
    step_name = words.word("step", held.step)
    return {
        "unit": unit,
        "unit_name": unit_name or words.word("actor", "resident"),
        "step": held.step,
        "step_name": step_name,
        "since": held.since,
        "until": held.until,
    }


def _entry(entry: Mapping[str, Any], words: Words) -> View:
    ball, ball_name = words.unit(entry["ball_unit_id"])
    data = {name: _readable(entry["data"][name]) for name in _DATA if name in entry["data"]}
    return {
        **{name: entry[name] for name in _ENTRY},
        "action_name": words.word("action", entry["action"]),
        "step_name": words.word("step", entry["step"]),
        "actor_name": words.actor(entry["actor"]),
        "held_by": ball,
        "held_by_name": ball_name,
        "data": data,
        "note": _note(data, words),
    }


def _note(data: Mapping[str, Any], words: Words) -> str:
    """What was handed in with an entry, in one line."""
    said = [str(data[name]) for name in ("number", "demand", "reason", "result") if data.get(name)]
    category = words.known.categories.get(str(data.get("category", "")))
    if category:
        said.insert(0, str(words.named(category.name)))
    if "clock" in data:
        said.insert(0, f"{words.word('clock', data['clock'])} {words.limit(str(data['limit']))}")
    if data.get("amount"):
        said.append(words.limit(str(data["amount"])))
    if data.get("level"):
        said.append(words.word("level", str(data["level"])))
    if data.get("solved") is not None:
        said.append(say(f"web.solved_{'yes' if data['solved'] else 'no'}", words.lang))
    if data.get("score"):
        said.append(say("web.score", words.lang, score=data["score"]))
    return say("web.comma", words.lang).join(said)
