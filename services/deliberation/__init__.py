"""Deliberation (议事): meetings, standing meetings with what people bring to them, hearings; their moves are in services/moves/affairs."""

from services.deliberation.figures import SeriesFigures, hearing_of, series_figures
from services.deliberation.meetings import Agreement, Called, HandedOut, Share, Term, agree, call, fail, hand_out
from services.deliberation.series import Cadence, Founded, Matter, file_matter, found, register

__all__ = [
    "Agreement",
    "Cadence",
    "Called",
    "Founded",
    "HandedOut",
    "Matter",
    "SeriesFigures",
    "Share",
    "Term",
    "agree",
    "call",
    "fail",
    "file_matter",
    "found",
    "hand_out",
    "hearing_of",
    "register",
    "series_figures",
]
