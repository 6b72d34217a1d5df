"""The tables, one noun a file, and the unit of work."""

from models.base import Base, Sealed, UtcDateTime, table
from models.calendar import CalendarDay, CalendarInfo, CalendarYear, WorkingWindow
from models.case import Case, CaseNumber, Extension, Journal, WorkOrder
from models.clock import Clock, RungFiring
from models.engine import AuditRound, EngineInstance, SetAside
from models.message import EventOut, Message
from models.organisation import Absence, DutyRoster, Requester, Staff, Unit, UnitKind
from models.policy import (
    Category,
    LadderVersion,
    SlaPolicy,
    SlaRow,
    Source,
    SpecialGroup,
    System,
    TriageRule,
    UrgentRule,
)
from models.prepared import Prepared, read_together, together
from models.session import WRITING, Database, begin_write, connection_of, wake
from models.supervision import Evidence, SupervisionCase, SupervisionNumber, SupervisionOrder

__all__ = [
    "WRITING",
    "Absence",
    "AuditRound",
    "Base",
    "CalendarDay",
    "CalendarInfo",
    "CalendarYear",
    "Case",
    "CaseNumber",
    "Category",
    "Clock",
    "Database",
    "DutyRoster",
    "EngineInstance",
    "EventOut",
    "Evidence",
    "Extension",
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
    "SpecialGroup",
    "Staff",
    "SupervisionCase",
    "SupervisionNumber",
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
