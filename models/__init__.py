"""The tables, one noun a file, and the unit of work."""

from models.base import Base, Sealed, UtcDateTime, table
from models.case import Case, CaseNumber, Journal, SupervisionOrder, WorkOrder
from models.clock import Clock, RungFiring
from models.engine import EngineInstance, SetAside
from models.message import EventOut, Message
from models.organisation import Requester, Staff, Unit, UnitKind
from models.policy import (
    CalendarDay,
    CalendarInfo,
    Category,
    LadderVersion,
    SlaPolicy,
    SlaRow,
    Source,
    System,
    TriageRule,
    UrgentRule,
    WorkingWindow,
)
from models.prepared import Prepared, read_together, together
from models.session import WRITING, Database, begin_write, connection_of, wake

__all__ = [
    "WRITING",
    "Base",
    "CalendarDay",
    "CalendarInfo",
    "Case",
    "CaseNumber",
    "Category",
    "Clock",
    "Database",
    "EngineInstance",
    "EventOut",
    "Journal",
    "LadderVersion",
    "Message",
    "Prepared",
    "Requester",
    "RungFiring",
    "Sealed",
    "SetAside",
    "SlaPolicy",
    "SlaRow",
    "Source",
    "Staff",
    "SupervisionOrder",
    "System",
    "TriageRule",
    "Unit",
    "UnitKind",
    "UrgentRule",
    "UtcDateTime",
    "WorkOrder",
    "WorkingWindow",
    "begin_write",
    "connection_of",
    "read_together",
    "table",
    "together",
    "wake",
]
