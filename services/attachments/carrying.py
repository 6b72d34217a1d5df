"""Kept files between two pages of one form: told to the browser and taken back from it, signed, so that nobody brings others."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from models import Sealed
from rules.facts import Refused
from rules.geo import Point
from services.attachments.files import Kept
from services.attachments.pictures import Taken

_PLAIN: Final = ("name", "media", "sha256", "size", "given", "width", "height")


def carried(files: Sequence[Kept], form: str) -> str:
    """The files in one line for a hidden field of this form.

    Args:
        files: What is kept already.
        form: Which form it is; in another one the line is worth nothing.
    """
    told = urlsafe_b64encode(json.dumps([_told(each) for each in files]).encode()).decode()
    return f"{told}.{_signed(told, form)}" if files else ""


def taken_back(line: str, form: str) -> tuple[Kept, ...]:
    """The files that such a line names.

    Raises:
        Refused: `report_form_old`, it is not a line of this form.
    """
    if not line:
        return ()
    told, _, signature = line.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signed(told, form).encode()):
        raise Refused("report_form_old")
    return tuple(_file(each) for each in json.loads(urlsafe_b64decode(told)))


def _signed(told: str, form: str) -> str:
    return Sealed.fingerprint(f"carried {form} {told}")


def _told(file: Kept) -> dict[str, Any]:
    at, place = file.taken.at, file.taken.place
    taken = [at.isoformat() if at else None, place.lat if place else None, place.lon if place else None, file.taken.accuracy_m]
    return {name: getattr(file, name) for name in _PLAIN} | {"taken": taken}


def _file(told: dict[str, Any]) -> Kept:
    at, lat, lon, accuracy = told.pop("taken")
    place = Point(lat, lon) if lat is not None and lon is not None else None
    return Kept(**told, taken=Taken(datetime.fromisoformat(at) if at else None, place, accuracy))
