"""The moves that desks make: one way to the door for all of them, and what the door refuses in words."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from rules.facts import Refused
from services.choices import drafted
from services.moves import Conflict, Draft
from services.reading import case_id_of
from services.visibility import check_visible
from web.access.visitor import Sent, Visitor
from web.console.moves import Asked, choice_of, make, pieces_of, said_of
from web.site import Site
from web.views import Words
from web.words import translated


def refused(ask: Callable[[], Asked], form: Sent, who: Visitor, site: Site, now: datetime, lang: str) -> str:
    """Make the move that a desk's form asks for; gives back why it was not made, in words; empty: it was.

    Args:
        ask: Says which move of which thing, or refuses to.
        form: What was sent.
        who: Who sends it.
        site: This site.
        now: The instant, aware UTC.
        lang: Of the words.

    Raises:
        Refused: `unknown_case`, the visitor sees no such case.
    """
    try:
        asked = ask()
        with site.database.unit_of_work() as session:
            check_visible(session, who.actor, asked.no)
            choice = choice_of(asked, drafted_by(session, asked.no), who, now)
        pieces = pieces_of(form, choice, site)
        with site.database.unit_of_work() as session:
            make(session, asked, choice, form, pieces, who, now)
    except Conflict:
        return translated("这件案件刚被别人改过。看看最新情况，再决定。", lang)
    except Refused as refusal:
        if refusal.code == "unknown_case":
            raise
        return sentence_of(refusal, Words(who.known, lang))
    return ""


def among(moves: Sequence[str], asked: Asked) -> Asked:
    """The same, if the desk makes such moves.

    Raises:
        Refused: `unknown_action`.
    """
    if asked.action not in moves:
        raise Refused("unknown_action", action=asked.action)
    return asked


def sentence_of(refusal: Refused, words: Words) -> str:
    """A refusal as a sentence, with units called by their names."""
    return said_of(refusal, words.lang, words.known)


def drafted_by(session: Session, no: str) -> Draft:
    """The case with this number as it stands."""
    return drafted(session, case_id_of(session, no))
