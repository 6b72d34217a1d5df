"""The tables, one noun a file, and the unit of work."""

from models.base import Base, Sealed, UtcDateTime, table
from models.calendar import CalendarDay, CalendarInfo, CalendarYear, WorkingWindow
from models.case import Case, CaseNumber, CaseReporter, Evaluation, Extension, Journal, Request, WorkOrder
from models.clock import Clock, RungFiring
from models.engine import AuditRound, EngineInstance, SetAside
from models.intake import Attachment, Visit
from models.links import AdminEntry, CallBack, CaseLink, Topic
from models.message import EventOut, Message
from models.organisation import Absence, DutyRoster, Handover, Requester, Staff, Unit, UnitChange, UnitKind, UnitName
from models.policy import (
    Category,
    Diversion,
    LadderVersion,
    LevelRow,
    RemitRow,
    RouteRow,
    RoutingVersion,
    SensitiveKind,
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
from models.triage import TriageModel, TriageSuggestion

__all__ = [
    "WRITING",
    "Absence",
    "AdminEntry",
    "Attachment",
    "AuditRound",
    "Base",
    "CalendarDay",
    "CalendarInfo",
    "CalendarYear",
    "CallBack",
    "Case",
    "CaseLink",
    "CaseNumber",
    "CaseReporter",
    "Category",
    "Clock",
    "Database",
    "Diversion",
    "DutyRoster",
    "EngineInstance",
    "Evaluation",
    "EventOut",
    "Evidence",
    "Extension",
    "Handover",
    "Journal",
    "LadderVersion",
    "LevelRow",
    "Message",
    "Prepared",
    "RemitRow",
    "Request",
    "Requester",
    "RouteRow",
    "RoutingVersion",
    "RungFiring",
    "Sealed",
    "SensitiveKind",
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
    "Topic",
    "TriageModel",
    "TriageRule",
    "TriageSuggestion",
    "Unit",
    "UnitChange",
    "UnitKind",
    "UnitName",
    "UrgentRule",
    "UtcDateTime",
    "Visit",
    "WorkOrder",
    "WorkingWindow",
    "begin_write",
    "connection_of",
    "read_together",
    "table",
    "together",
    "wake",
]
