"""Installations in which nothing comes by the hour: what a list of the day would send is not what a test counts."""

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from models import MechanismSwitch, begin_write, table
from tests.support.town import START


def without_lists(session: Session) -> None:
    """Switch off what an engine makes by itself as the day, the week or the month goes on."""
    begin_write(session)
    session.connection().execute(delete(table(MechanismSwitch)))  # an installation may be made twice in a test
    off = [{"code": code, "on": False, "since": START, "by": "admin"} for code in ("daily", "weekly", "bulletin", "task_forces")]
    session.connection().execute(insert(table(MechanismSwitch)), off)
