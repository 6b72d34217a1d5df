"""An alert about a subject: from a device, a call, a visitor; it raises the tier of the file at once."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import SYSTEM, Actor
from services.moves import Intent, Setting, make_moves, one
from services.privacy.masking import masked
from services.subjects.reference import file_of

WORDS_MAX: Final = 2000  #: characters; an alert is not held up because somebody, or something, says more


@dataclass(frozen=True, slots=True)
class Alert:
    """What was noticed.

    Attributes:
        kind: sensor, sos, call or visitor (seeds/subjects.toml says to which tier each raises).
        words: What happened, without anything sensitive.
        tier: A higher tier than that of the alert, where whoever saw it says so.
        case: Number of the case that the alert opened, if any.
    """

    kind: str
    words: str = ""
    tier: int | None = None
    case: str | None = None


def alert(session: Session, no: str, given: Alert, setting: Setting, actor: Actor = SYSTEM) -> int:
    """Raise the tier of a file at once; of one that is as high already, those who look are told all the same.

    What was heard is kept with the next look, a lowering that was asked for is dropped. Each call is an alert of its own.

    Args:
        session: The unit of work.
        no: Number of the file.
        given: The alert.
        setting: The instant.
        actor: Anybody on the staff; the system, where a device says it.

    Returns:
        The tier that it has now.

    Raises:
        Refused: `unknown_affair`, `mechanism_off`, `alert_unknown`, `tier_missing`, `wrong_state` (the file is ended), `not_yours`.
    """
    ref, _, _ = file_of(session, no)
    words, case = given.words[:WORDS_MAX], masked(given.case or "")
    told = {"alert": given.kind, "words": words or None, "tier": given.tier, "case": case or None}
    args: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    one(make_moves(session, [Intent(ref.case_id, "raise_tier", actor, ref.thing, ref.seq, args)], setting))
    return int(file_of(session, no)[1]["tier"])
