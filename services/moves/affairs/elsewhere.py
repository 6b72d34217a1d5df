"""Other bodies that a dispute can be with; what a court, an arbitration or the petition office has is not handled here as well."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from rules.facts import Refused, Thing
from rules.handling.disputes import DiversionState
from seeds import read
from services.moves.draft import Draft

#: A dispute is with another body.
AT_THEIRS: Final = (DiversionState.SENT, DiversionState.TAKEN)


@cache
def bodies() -> Mapping[str, Mapping[str, Any]]:
    """Bodies that a dispute can be sent to or come from, by code (seeds/disputes.toml)."""
    return {body["code"]: body for body in read("disputes.toml")["body"]}


def body_of(code: str) -> Mapping[str, Any]:
    """The body with this code.

    Raises:
        Refused: `unknown_body`.
    """
    if code not in bodies():
        raise Refused("unknown_body", given=code, known=", ".join(bodies()))
    return bodies()[code]


def check_not_at_law(draft: Draft, but: int | None = None) -> None:
    """See to it that no dispute of this case file is with a court, an arbitration or the petition office.

    Args:
        draft: The case file; its affairs must have been read.
        but: The dispute that is not looked at.

    Raises:
        Refused: `handled_elsewhere`.
    """
    for other in draft.affairs.values():
        sent = (p for p in draft.parts_of(other["seq"], Thing.DIVERSION) if p["state"] in AT_THEIRS)
        if other["thing"] == Thing.DISPUTE and other["seq"] != but and any(body_of(p["role"])["legal"] for p in sent):
            raise Refused("handled_elsewhere", body=other["no"])
