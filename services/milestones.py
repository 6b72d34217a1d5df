"""The milestones (阶段) of a case, as people look at them: which there are, by when, and which are reached."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.sla import Stage
from services.catalogue import Catalogue, Named
from services.moves import Row
from services.reading import CaseStory, plain


@dataclass(frozen=True, slots=True)
class Milestone:
    """One milestone of the lead's work order.

    Attributes:
        due_at: By when; None until the work order is out.
        reached_at: When the lead said that it was reached; None: not yet.
    """

    code: str
    name: Named
    limit: str
    order_no: int
    due_at: datetime | None
    provisional: bool
    reached_at: datetime | None


def stage_name(case: Row, known: Catalogue, code: str) -> Named | None:
    """What a milestone of this case is called; None: the policy stamped on the case knows no such milestone any more."""
    return next((Named(s.zh, s.en) for s in _stages(case, known) if s.code == code), None)


def _stages(case: Row, known: Catalogue) -> tuple[Stage, ...]:
    matter = known.matter(case["category"], case["urgency"], case["source"], case["area_unit_id"], case["special_group"])
    return known.policies[case["policy_version"]].stages(matter)


def milestones(story: CaseStory) -> list[Milestone]:
    """The milestones of the newest lead's work order in their order; none where the policy sets none or nothing was dispatched."""
    case, known = story.case, story.known
    lead = max((o["no"] for o in story.orders if o["lead"]), default=None)
    if lead is None:
        return []
    clocks = {c["stage"]: c for c in story.clocks if c["order_no"] == lead and c["stage"] is not None}
    reached = {e["data"]["stage"]: e["at"] for e in story.journal if e["action"] == "reach" and e["thing_no"] == lead}
    found = []
    for stage in _stages(case, known):
        clock: Any = clocks.get(stage.code) or {"limit": str(stage.limit), "due_at": None, "provisional": False}
        name = Named(stage.zh, stage.en)
        found.append(Milestone(stage.code, name, clock["limit"], lead, clock["due_at"], clock["provisional"], reached.get(stage.code)))
    return found


def as_json(found: list[Milestone], story: CaseStory) -> list[dict[str, Any]]:
    """Milestones as plain data; the keys are stable."""
    names = ("code", "limit", "order_no", "due_at", "provisional", "reached_at")
    return [{"zh": m.name.zh, "en": m.name.en, **plain({n: getattr(m, n) for n in names}, story.known)} for m in found]
