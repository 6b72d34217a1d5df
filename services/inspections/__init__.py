"""四不两直: inspections that nobody is told of beforehand, what they find, and what becomes of it."""

from services.inspections.finding import Found, HandedOut, find, hand_out, written
from services.inspections.following import follow
from services.inspections.planning import Checklist, Planned, Site, checklists, plan
from services.inspections.reading import Figures, figures, seen, visible

__all__ = [
    "Checklist",
    "Figures",
    "Found",
    "HandedOut",
    "Planned",
    "Site",
    "checklists",
    "figures",
    "find",
    "follow",
    "hand_out",
    "plan",
    "seen",
    "visible",
    "written",
]
