"""Running the outside: every HTTP request finds its vendor, the API or a page; the process ends cleanly when told to."""

import asyncio
import signal
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sim import api
from sim.doors import door_of, through
from sim.outside import Outside, Plan
from sim.pages import views
from sim.web import Handler, Request, Response, answer


def handler_of(outside: Outside) -> Handler:
    """What answers a request: a vendor, else the API, else a page."""

    async def handle(request: Request) -> Response:
        if (door := door_of(request)) is not None:
            return await through(door, outside.world, request)
        key = "GET" if request.method == "HEAD" else request.method, request.path
        found = api.ROUTES.get(key) or views.ROUTES.get(key)
        if found is None:
            return answer({"error": "no such page"}, 404)
        if request.method not in ("GET", "HEAD") and request.is_foreign:
            return answer({"error": "from another site"}, 403)
        return await found(outside, request)

    return handle


def run(plan: Plan, utcnow: Callable[[], datetime], on_ready: Callable[[dict[str, Any]], None]) -> None:
    """Be the outside until SIGINT or SIGTERM.

    Args:
        plan: What to be.
        utcnow: Tells the time, aware UTC.
        on_ready: Told where everything listens, once it does.

    Raises:
        OSError: a port is taken, or a file cannot be used.
        ValueError: the file of settings cannot be read.
    """
    asyncio.run(_run(plan, utcnow, on_ready))


async def _run(plan: Plan, utcnow: Callable[[], datetime], on_ready: Callable[[dict[str, Any]], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    outside = Outside(plan, utcnow, handler_of)
    try:
        await outside.start()
    except OSError:
        await outside.close()
        raise
    on_ready(outside.addresses())
    await outside.run(stop)
