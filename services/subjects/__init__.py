"""一户一档 · 一企一档: opening a file, its sealed notes, alerts, its ledger."""

from services.subjects.alerts import Alert, alert
from services.subjects.ledger import Entry, Ledger, issue_to_case, ledger
from services.subjects.notes import Note, looks_at, read_notes, write_note
from services.subjects.opening import Opened, Subject, open_subject

__all__ = [
    "Alert",
    "Entry",
    "Ledger",
    "Note",
    "Opened",
    "Subject",
    "alert",
    "issue_to_case",
    "ledger",
    "looks_at",
    "open_subject",
    "read_notes",
    "write_note",
]
