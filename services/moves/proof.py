"""Evidence (整改前后证明) that comes along with a move: a sentence, or a file that was kept before; its hash goes into the journal."""

from collections.abc import Mapping
from re import compile as pattern
from typing import Any, Final

from rules.facts import Refused
from services.moves.act import Act
from services.moves.draft import Draft, Row

MOST: Final = 20  #: pieces at once
NOTE_MAX: Final = 1000  #: characters of one sentence
_EMPTY: Final[Mapping[str, Any]] = {"note": "", "sha256": None, "name": None, "media": None, "size": None}
_UNPRINTABLE: Final = pattern("[\x00\ud800-\udfff]")  #: what no database keeps


def legible(name: str, text: str, most: int) -> str:
    """A text as it is kept, without blanks around it.

    Raises:
        Refused: `text_too_long`, `text_unprintable`.
    """
    if len(text) > most:
        raise Refused("text_too_long", field=name, most=most)
    if _UNPRINTABLE.search(text):
        raise Refused("text_unprintable", field=name)
    return text.strip()


def attach(draft: Draft, act: Act, seq: int, stage: str) -> int:
    """Put what was handed in as evidence with the supervision order that journal entry `seq` opened.

    Args:
        draft: The case in whose journal the order is kept.
        act: The move; its argument of the name `stage` is a sentence, or several pieces: sentences, or what a kept file says of itself.
        seq: Journal entry that opened the order.
        stage: `before` or `after`.

    Returns:
        How many pieces there were; those that say and show nothing do not count.

    Raises:
        Refused: `too_much_evidence`, `text_too_long`, `text_unprintable`.
    """
    given = act.args.get(stage) or ()
    pieces = [_piece(each) for each in ((given,) if isinstance(given, str | Mapping) else tuple(given))]  # type: ignore[arg-type]
    pieces = [piece for piece in pieces if piece["note"] or piece["sha256"]]
    if len(pieces) > MOST:
        raise Refused("too_much_evidence", most=MOST)
    about = {"case_id": draft.case["id"], "seq": seq, "stage": stage, "added_at": act.now, "added_by": act.actor.name}
    draft.evidence += [{**about, **piece} for piece in pieces]
    return len(pieces)


def _piece(given: str | Mapping[str, Any]) -> Row:
    piece = {**_EMPTY, **({"note": given} if isinstance(given, str) else given)}
    return {name: piece[name] for name in _EMPTY} | {"note": legible("evidence", str(piece["note"] or ""), NOTE_MAX)}
