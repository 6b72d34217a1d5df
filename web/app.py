"""The application that every web process of `bihuan web` serves."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from services.logs import set_up_logging
from services.upkeep import head, opened
from settings import Settings, SettingsError, get_settings
from web import answers, api, callbacks, counter, errors, health, profile, sensors, tour
from web.access import oidc
from web.access import pages as access
from web.console import board, case, case_place, cases, engine, inbox, moves, people, triage
from web.console.affairs import begin as affair_begin
from web.console.affairs import index as affair_index
from web.console.affairs import moves as affair_moves
from web.console.affairs import pool as affair_pool
from web.console.affairs import show as affair_show
from web.console.config import calendars as config_calendars
from web.console.config import categories as config_categories
from web.console.config import categories_edit as config_category
from web.console.config import channels as config_channels
from web.console.config import channels_edit as config_channel
from web.console.config import channels_waiting as config_waiting
from web.console.config import index as config
from web.console.config import ladders as config_ladders
from web.console.config import limits as config_limits
from web.console.config import notices as config_notices
from web.console.config import rosters as config_rosters
from web.console.config import routing as config_routing
from web.console.config import rules as config_rules
from web.console.config import sla as config_sla
from web.console.config import templates as config_templates
from web.console.config import templates_one as config_template
from web.console.config import units as config_units
from web.console.desks import dispatch as desk_dispatch
from web.console.desks import index as desks
from web.console.desks import level as desk_level
from web.console.desks import order as desk_order
from web.console.desks import own as desk_own
from web.console.desks import restricted as desk_restricted
from web.console.desks import rulings as desk_rulings
from web.console.desks import shift as desk_shift
from web.console.desks import supervision as desk_supervision
from web.console.ledgers import room as ledgers
from web.console.rhythm import bulletins, daily, scoring, weeks
from web.layers import BodyLimit, Metered, SecurityHeaders
from web.meters import Meters
from web.phone import near, places, polls, pool, report, status
from web.phone.bench import case as bench_case
from web.phone.bench import home as bench
from web.phone.bench import offline as bench_offline
from web.phone.bench import report as bench_report
from web.phone.bench import visit as bench_visit
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
        oidc,
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
        affair_index,
        affair_pool,
        affair_begin,
        affair_moves,
        affair_show,
        board,
        engine,
        bulletins,
        scoring,
        weeks,
        daily,
        near,
        report,
        status,
        places,
        polls,  # before the pool, whose lines have addresses like a poll's
        pool,
        bench,
        bench_report,
        bench_visit,
        bench_case,
        bench_offline,
        people,
        tour,
        desks,
        desk_dispatch,
        desk_rulings,
        desk_level,
        desk_supervision,
        desk_order,
        desk_shift,
        desk_restricted,
        desk_own,
        ledgers,
        config,
        config_routing,
        config_rosters,
        config_rules,
        config_categories,
        config_category,
        config_sla,
        config_ladders,
        config_calendars,
        config_channels,
        config_channel,
        config_waiting,
        config_notices,
        config_limits,
        config_template,
        config_templates,
        config_units,
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
