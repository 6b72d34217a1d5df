"""What an audit brings to light."""

from dataclasses import dataclass, field
from typing import Any

from services.moves import Row


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be.

    Attributes:
        code: What; worded in locales/audit.*.toml under `[audit]`, with what to do about it.
        no: Number of the case; `#` and its id where there is no such case.
        detail: What the sentence names; of a clock its kind, work order, milestone and supervision order.
    """

    code: str
    no: str
    detail: dict[str, Any] = field(default_factory=dict)


def of_clock(code: str, no: str, clock: Row) -> Finding:
    """A finding about a clock."""
    about = {"clock": clock["kind"], "order": clock["order_no"], "stage": clock["stage"], "supervision": clock["supervision_seq"]}
    moments = {"due": clock["due_at"], "fires": clock["next_fire_at"]}
    return Finding(code, no, {**about, **moments, "limit": clock["limit"], "unit": clock["unit_id"]})
