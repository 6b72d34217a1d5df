"""Whether a case is before a court, an arbitration or the petition office, by whichever case file its dispute is kept with."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from models import Affair, AffairCase, AffairPart, Case, connection_of, table
from rules.facts import Refused, Thing
from services.moves.affairs.elsewhere import AT_THEIRS, bodies

_affair, _part, _link, _case = table(Affair), table(AffairPart), table(AffairCase), table(Case)
_SENT: Final = (
    select(_affair.c.no)
    .join(_part, and_(_part.c.case_id == _affair.c.case_id, _part.c.seq == _affair.c.seq))
    .outerjoin(_link, and_(_link.c.home_id == _affair.c.case_id, _link.c.seq == _affair.c.seq))
    .where(_affair.c.thing == Thing.DISPUTE.value, _part.c.thing == Thing.DIVERSION.value)
    .where(_part.c.state.in_([state.value for state in AT_THEIRS]))
)


def check_not_at_law(session: Session, case_nos: Sequence[str]) -> None:
    """See to it that no dispute about one of these cases is with a body of law, wherever the dispute is kept.

    Raises:
        Refused: `handled_elsewhere`.
    """
    nos = [no.strip().upper() for no in case_nos]
    legal = [code for code, body in bodies().items() if body["legal"]]
    about = select(_case.c.id).where(_case.c.no.in_(nos)).scalar_subquery()
    query = _SENT.where(_part.c.role.in_(legal), or_(_affair.c.case_id.in_(about), _link.c.case_id.in_(about)))
    found = connection_of(session).execute(query.limit(1)).scalar_one_or_none() if nos else None
    if found is not None:
        raise Refused("handled_elsewhere", body=found)
