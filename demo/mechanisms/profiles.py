"""三亮 and 五大员 in the community 晨光: what units and people show in public, and the captain of a building with the five offices."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from services.catalogue import catalogue
from services.responsibility.entering import enter
from services.responsibility.listing import rows_of
from services.responsibility.reference import offices
from services.responsibility.sheets import as_table

SINCE: Final = "2026-01-01"
CAPTAIN: Final = "10000080001"
#: Unit, user, duty and promise in both languages.
PROFILES: Final = (
    ("municipal", "", "路灯、道路、井盖的养护", "Street lights, roads, manholes", "路灯三天内修好", "Lights mended in 3 days"),
    ("water", "", "排水管网疏通和抢修", "Drains and sewers", "堵塞两小时到场", "At a blocked drain in 2 hours"),
    (
        "centre",
        "",
        "受理、派单、核查、回访",
        "Intake, dispatch, checks, call-backs",
        "当日受理，件件有回音",
        "Taken in today, everyone hears back",
    ),
    ("chenguang", "", "社区的事先由社区议", "What the community can settle", "一小时到场", "There within the hour"),
    (
        "",
        "chenguang-1.worker",
        "每天走一遍第1网格",
        "Walks grid 1 every day",
        "看到就报，随手能办就办",
        "Reports what is seen, does what can be done",
    ),
)


def show(session: Session, now: datetime) -> None:
    """Make the example; does nothing where it is made."""
    if rows_of(session, "profiles", now):
        return
    admin = catalogue(session).actor("admin")
    profiles = as_table("profiles", "unit user duty duty_en promise promise_en from", [(*each, SINCE) for each in PROFILES])
    enter(session, "profiles", profiles, admin, now)
    held = [("chenguang-1", "5号楼", office, CAPTAIN, SINCE) for office in offices()]
    tags = [*held, ("chenguang", "", "information", "chenguang.head", SINCE)]
    enter(session, "offices", as_table("offices", "area building office holder from", tags), admin, now)
