"""A live example of a dispute: pushed by the police to the community, one fact signed by both, a sitting set for tomorrow."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from rules.facts import Thing
from services.affairs import affairs, sheet
from services.affairs.acting import Ask, act
from services.affairs.voices import Voice
from services.catalogue import catalogue
from services.disputes import Raised, raise_dispute
from services.moves import Setting


def show(session: Session, now: datetime) -> None:
    """Make a dispute that is being talked over; does nothing where there is one already.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.
    """
    if affairs(session, (Thing.DISPUTE,), limit=1):
        return
    known, setting = catalogue(session), Setting(now)
    police, clerk, grid = (known.actor(user) for user in ("police-hubin.clerk", "chenguang.clerk", "chenguang-1.worker"))
    sides = [Voice(label="楼上住户", role="party"), Voice(label="楼下住户", role="party")]
    raised = Raised("楼上漏水引发争吵", "neighbours", sides, unit="chenguang", source="police_110", reference="110-0381")
    no = raise_dispute(session, raised, police, setting, area="chenguang-1").no
    act(session, Ask(no, "take_up_dispute", None, {"room": "社区说事室"}), clerk, setting)
    fact = {"way": "collect", "words": "天花板水渍两处，漏水三周", "unit": known.unit_ids["police-hubin"]}
    act(session, Ask(no, "act_jointly", None, fact), grid, setting)
    joint = next(part["no"] for part in sheet(session, no).parts if part["thing"] == Thing.JOINT)
    act(session, Ask(no, "check_joint", joint), police, setting)
    act(session, Ask(no, "set_sitting", None, {"at": (now + timedelta(days=1)).isoformat()}), clerk, setting)
