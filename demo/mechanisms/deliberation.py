"""Live examples of deliberation: a bench meeting whose bill tenant and landlord share, and the Thursday meeting with what people bring."""

from datetime import datetime

from sqlalchemy.orm import Session

from rules.facts import Thing
from services.affairs import affairs, sheet
from services.affairs.acting import Ask, act
from services.affairs.voices import Voice
from services.catalogue import catalogue
from services.deliberation import Agreement, Cadence, Called, Matter, Share, agree, call, found, register
from services.moves import Setting


def show(session: Session, now: datetime) -> None:
    """Make a standing meeting and an agreement that is being kept; does nothing where there is a meeting already.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.
    """
    if affairs(session, (Thing.MEETING,), limit=1):
        return
    setting, clerk = Setting(now), catalogue(session).actor("chenguang.clerk")
    people = [Voice(unit="chenguang-estate", role="property"), Voice(label="居民代表", role="representative")]
    thursday = found(session, "每周四居民议事会", "council", Cadence((3,), "19:30"), clerk, setting, voices=people, place="社区议事厅")
    matters = [Matter("facilities", "单元门禁坏了", solved="当场换了电池"), Matter("proposal", "想在花园加两把长椅", people=3)]
    register(session, thursday.no, matters, clerk, setting)
    sides = [Voice(label="承租方", role="tenant"), Voice(label="出租方", role="landlord")]
    bench = call(session, Called("幼儿园后门排水沟", "bench", sides, place="幼儿园后门"), clerk, setting).no
    tenant, landlord = (part["no"] for part in sheet(session, bench).parts)
    held = {"minutes": "排水沟由商户油污堵塞，加装隔油池", "present": (tenant, landlord)}
    act(session, Ask(bench, "hold_meeting", None, held), clerk, setting)
    shares = [Share(tenant, 3000), Share(landlord, 7000)]
    agree(session, bench, Agreement("承租30%，出租70%", shares, 100_000, at_table=True), clerk, setting)
