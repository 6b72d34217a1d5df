"""What an audit brings to light."""

from dataclasses import dataclass, field
from typing import Any

from services.moves import Row


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be.

    Attributes:
        code: What; worded in locales/rules/audit.*.toml under `[audit]`, with what to do about it.
        no: Number of the case; `#` and its id where there is no such case.
        detail: What the sentence names; of a clock its kind, work order, milestone, supervision order, and affair with the part of it.
    """

    code: str
    no: str
    detail: dict[str, Any] = field(default_factory=dict)


def of_clock(code: str, no: str, clock: Row, affair: str | None = None) -> Finding:
    """A finding about a clock; `affair` is the number of the affair that it belongs to."""
    about = {"clock": clock["kind"], "order": clock["order_no"], "stage": clock["stage"], "supervision": clock["supervision_seq"]}
    about |= {"affair": affair or clock["affair_seq"], "part": clock["part_no"]} if clock["affair_seq"] is not None else {}
    moments = {"due": clock["due_at"], "fires": clock["next_fire_at"]}
    return Finding(code, no, {**about, **moments, "limit": clock["limit"], "unit": clock["unit_id"]})
