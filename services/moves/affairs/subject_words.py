"""一户一档 · 一企一档: what may be written where many read it."""

from rules.facts import Refused
from services.moves.act import Act
from services.moves.affairs.base import legible_words
from services.privacy.masking import masked


def check_nameless(act: Act) -> None:
    """Titles, places, kinds and reasons are read by many, and reasons stay in the journal: no number of a person stands in them.

    Raises:
        Refused: `file_names_person`.
    """
    for name in ("title", "body", "place", "kind", "reason", "case"):
        if masked(act.text(name)) != act.text(name):
            raise Refused("file_names_person", field=name)


def plain_words(act: Act, name: str) -> str:
    """What somebody wrote, without numbers of people: what is sensitive goes into a sealed note."""
    return masked(legible_words(act, name))
