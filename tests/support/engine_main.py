"""Run one engine as a process of its own, and let it die at a chosen moment: `python -m tests.support.engine_main`.

Nothing of ours is changed: the moment is counted by listeners on SQLAlchemy's own events. `BIHUAN_TEST_DIE` names it:
`statement:40` before the 40th statement, `before:7` in the 7th commit just before the database makes it, `after:7` right after.
"""

import itertools
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from deployments.prefect_server import client_environment
from flows.engine import run
from settings import load


def die_at(moment: str) -> None:
    """Count events of one kind, and at the chosen one die as the machine dies: nothing is caught, nothing is cleaned up."""
    kind, _, number = moment.partition(":")
    counter, last = itertools.count(1), int(number)

    def count(*_: object) -> None:
        if next(counter) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    target, name = {"statement": (Engine, "before_cursor_execute"), "before": (Engine, "commit"), "after": (Session, "after_commit")}[kind]
    event.listen(target, name, count)


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    stop = threading.Event()
    end: Callable[[int, object], None] = lambda *_: stop.set()  # noqa: E731 - a signal handler
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    if moment := os.environ.pop("BIHUAN_TEST_DIE", ""):
        die_at(moment)
    settings = load()
    os.environ.update(client_environment(settings, os.environ))
    run(settings, stop)


if __name__ == "__main__":
    main()
