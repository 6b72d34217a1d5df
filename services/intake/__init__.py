"""① Collect: hand in reports. The same submission twice is one case; a number is never missing."""

from services.intake.known import Submitted, known_as, known_before
from services.intake.opening import alone, submit
from services.intake.people import dialled, requester_key
from services.intake.report import HOTLINE, LONGEST, SUBJECT_MAX, Report, Where, check

__all__ = [
    "HOTLINE",
    "LONGEST",
    "SUBJECT_MAX",
    "Report",
    "Submitted",
    "Where",
    "alone",
    "check",
    "dialled",
    "known_as",
    "known_before",
    "requester_key",
    "submit",
]
