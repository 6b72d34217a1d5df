"""A resident asks for something (点单, 微心愿): each form is taken once, and not too many of them within an hour."""

import re
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, begin_write, connection_of, table
from rules.facts import Actor, Refused
from services.affairs import Began
from services.claims_pool.posting import Order, post
from services.claims_pool.visits import check_wishes
from services.moves import Setting

_case = table(Case)
_KEY: Final = re.compile(r"[0-9A-Za-z-]{8,60}")


def wish(session: Session, order: Order, requester_id: int, given: str, setting: Setting) -> Began:
    """Put a wish of a resident into the pool; the same form again puts in nothing more.

    Args:
        session: The unit of work; committed by the caller.
        order: What is asked for.
        requester_id: Who asks.
        given: Key of the form, made when it was drawn.
        setting: The instant.

    Raises:
        Refused: `submission_key`, the key is none; `pool_too_many`; as `post`.
    """
    if not _KEY.fullmatch(given):
        raise Refused("submission_key")
    begin_write(session)
    key = f"wish {requester_id} {given}"
    if connection_of(session).execute(select(_case.c.id).where(_case.c.idempotency_key == key)).first() is None:
        check_wishes(session, requester_id, setting.now)
    return post(session, order, Actor("resident", resident_id=requester_id), setting, key)
