"""Reasons as codes: what may be said when an order is given back, put on hold or ended, so that it can be counted.

Words are in locales under `[reason]`. Sources: docs/glossary.md; 退单 and 挂账 as practised by hotlines (docs/people.md).
"""

from collections.abc import Mapping
from typing import Final

from rules.facts import RequestKind

REASONS: Final[Mapping[RequestKind, tuple[str, ...]]] = {
    #: not the unit's matter, not its area, others own the thing, it was handled before, too little to act on
    RequestKind.RETURN: ("not_our_duty", "not_our_area", "not_our_asset", "handled_already", "too_vague"),
    #: waits for money, season, another project, a court or a procedure, the owners' vote
    RequestKind.HOLD: ("funding", "season", "project", "procedure", "owners_vote", "other"),
    RequestKind.VOID: (),
    #: nobody to be reached, no access given, a statutory channel is at it
    RequestKind.TERMINATE: ("unreachable", "refuses_access", "statutory_channel"),
    RequestKind.APPEAL: (),
}
TRIES: Final = 3  #: vain attempts on record before a reporter counts as out of reach
HOPS: Final = 3  #: lead units one after the other at which the centre's head is told


def is_reason(kind: RequestKind, code: str) -> bool:
    """Whether a request of this kind may give this reason."""
    return code in REASONS[kind]
