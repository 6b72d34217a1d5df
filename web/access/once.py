"""A form that makes something new is taken once: sent twice, the second time leads to what the first has made."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from rules.facts import Actor
from services.intake.submissions import claim, key_of, settle
from web.access.visitor import Sent

KEY = "form_key"  #: hidden field of such forms; every page of the console has a fresh one for its templates


def once(session: Session, form: Sent, actor: Actor, now: datetime, does: Callable[[], str]) -> str:
    """Do what a form asks for, unless the same form has been taken before.

    Args:
        session: The unit of work; the form is claimed before anything is written in it.
        form: What was sent; without a key (a program of one's own) it is taken as it comes.
        actor: Who sends it.
        now: The instant, aware UTC.
        does: Does it; gives back the address of what it has made.

    Returns:
        The address, of this time or of the first.

    Raises:
        Refused: as `does`; `submission_key`, the key is none.
    """
    given = form.fields.get(KEY, "")
    if not given:
        return does()
    key = key_of(actor, given)
    before = claim(session, key, actor, now)
    return before if before is not None else settle(session, key, does())
