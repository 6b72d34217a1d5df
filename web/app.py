"""The web process: `uvicorn web.app:create_app --factory`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from services.logs import set_up_logging
from services.upkeep import head, opened
from settings import Settings, SettingsError, get_settings
from web import answers, api, callbacks, counter, errors, health, profile, sensors
from web.access import pages as access
from web.console import board, case, case_place, cases, engine, inbox, moves, people, triage
from web.layers import BodyLimit, Metered, SecurityHeaders
from web.meters import Meters
from web.phone import places, report, status
from web.site import Site

VERSION: Final = "1"  #: of the API, as told in its description


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the app; the database is opened when it starts and closed when it stops.

    Args:
        settings: Those of this process by default.

    Raises:
        SystemExit: a setting cannot be used; the text says which.
    """
    try:
        chosen = settings or get_settings()
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    set_up_logging("web", chosen)
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)  # readiness asks it every few seconds
    meters = Meters()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        with opened(chosen) as database:
            app.state.site = Site(chosen, database, _token(chosen), head(), meters)
            yield

    app = FastAPI(title="Bihuan 闭环", version=VERSION, lifespan=life, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    for room in (
        health,
        api,
        access,
        answers,
        callbacks,
        counter,
        sensors,
        profile,
        inbox,
        cases,
        case,
        case_place,
        moves,
        triage,
        board,
        engine,
        report,
        status,
        places,
        people,
    ):
        app.include_router(room.router)
    app.mount("/static", StaticFiles(packages=[("web", "static")]))
    errors.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Metered, meters=meters)
    return app


def _token(settings: Settings) -> str:
    """The token; an empty file must not open the door to everybody.

    Raises:
        RuntimeError: the token file is empty.
    """
    token = settings.intake_token()
    if not token:
        msg = f"the token file {settings.token_file} is empty: remove it, and a new token is made"
        raise RuntimeError(msg)
    return token
