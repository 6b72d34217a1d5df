"""What other ledgers note of a move, in the commit that makes it: links between cases, what a person made of a suggestion.

They stand above the door and read cases through it, so they are fetched only when such a move was made.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

from sqlalchemy.orm import Session

from rules.facts import Thing
from services.moves.intents import Intent, Moved, Outcome, Setting


def _merged(session: Session, intent: Intent, setting: Setting) -> None:
    from services.duplicates.proposing import merged

    merged(session, intent.case_id, cast(int, intent.args["into"]), intent.actor, setting.now)


def _split(session: Session, intent: Intent, setting: Setting) -> None:
    from services.duplicates.proposing import split

    split(session, intent.case_id, intent.actor, setting.now)


def _chosen(session: Session, intent: Intent, setting: Setting) -> None:
    from services.triage.suggesting import record_choice

    if not intent.actor.system:
        record_choice(session, intent.case_id, str(intent.args["category"]), intent.actor.name, setting.now)


def _stood_down(session: Session, intent: Intent, setting: Setting) -> None:
    from services.sensors.standing_down import note as noted

    noted(session, intent, setting)


def _file_ended(session: Session, intent: Intent, setting: Setting) -> None:
    from services.sensors.linking import end_links

    end_links(session, intent, setting)


_NOTED: Final[Mapping[tuple[Thing, str], Callable[[Session, Intent, Setting], None]]] = {
    (Thing.CASE, "merge"): _merged,
    (Thing.CASE, "split_off"): _split,
    (Thing.CASE, "stand_down"): _stood_down,
    (Thing.CASE, "file"): _chosen,
    (Thing.CASE, "refile"): _chosen,
    (Thing.SUBJECT, "end_subject"): _file_ended,
    (Thing.ENTERPRISE, "end_subject"): _file_ended,
}


def note(session: Session, intents: Iterable[Intent], outcomes: Iterable[Outcome], setting: Setting) -> None:
    """Let other ledgers note the moves that were made."""
    for intent, outcome in zip(intents, outcomes, strict=True):
        noted = _NOTED.get((intent.thing, intent.action))
        if noted is not None and isinstance(outcome, Moved):
            noted(session, intent, setting)
