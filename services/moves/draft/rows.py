"""A row on its way to the database, and what a new work order starts with."""

from typing import Any, Final

Row = dict[str, Any]

EMPTY_ORDER: Final[Row] = {
    "assigned_unit_id": None,
    "acknowledged_at": None,
    "deemed": False,
    "contacted_at": None,
    "controlled_at": None,
    "finished_at": None,
    "result": None,
    "stages": [],
    "extension_no": None,
    "handler_id": None,
    "returnable": True,
    "tries": 0,
}
