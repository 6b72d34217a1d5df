"""The demonstration district shows every mechanism once: live examples that a newcomer finds."""

import logging
from collections.abc import Callable
from datetime import datetime
from importlib import import_module, resources
from typing import Final

from sqlalchemy.orm import Session

from models import Database

log = logging.getLogger(__name__)
_PACKAGE: Final = "demo.mechanisms"
_LAST: Final = frozenset({"daily", "weekly", "bulletin"})  #: they look at what the others have made


def examples() -> dict[str, Callable[[Session, datetime], None]]:
    """What makes the example of each mechanism, by its code: one file of demo/mechanisms each."""
    found = (f.name.removesuffix(".py") for f in resources.files(_PACKAGE).iterdir() if f.name.endswith(".py"))
    names = sorted(found, key=lambda name: (name in _LAST, name))
    return {name: import_module(f"{_PACKAGE}.{name}").show for name in names if not name.startswith("_")}


def show_all(database: Database, now: datetime) -> list[str]:
    """Make the example of every mechanism, each in a unit of work of its own. Safe to run again: what is there stays as it is.

    An example that fails stops neither the others nor the start; the log says why.

    Returns:
        Codes of the mechanisms whose example failed.
    """
    failed = []
    for code, show in examples().items():
        try:
            with database.unit_of_work() as session:
                show(session, now)
        except Exception:  # the district works without it; a test sees to it that none fails
            log.exception("the example of %s could not be made", code)
            failed.append(code)
    return failed
