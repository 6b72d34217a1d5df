"""自管会 of the estate 松岭: clutter in a stairwell goes to the residents' own group first, without penalties."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from services.intake import Report, submit
from services.moves import Setting

REPORT: Final = Report(
    "楼道堆满杂物",
    "3号楼一单元楼道堆满杂物，进出不便",
    area="songling-2",
    requester="10000080002",
    phone="10000080002",
    place="松岭小区3号楼",
    key="demonstration:self_governance",
)


def show(session: Session, now: datetime) -> None:
    """Hand in the report, which the catalogue of routes sends to the group; handed in again it is the same one."""
    submit(session, [REPORT], Setting(now))
