"""Going the rounds of all cases, and telling the outside that all is well: short units of work, and the network between them."""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import httpx

from services import audit
from services.engine.heartbeat import Pulse, masked, take_pulse
from tasks.context import here

log = logging.getLogger("bihuan.heartbeat")
PATIENCE: Final = httpx.Timeout(5.0)  #: for each: to connect, to write, to be answered


def look_on(watch: audit.Watch, now: datetime) -> None:
    """Audit the next few cases, if this engine is the oldest one alive; at the end of a round put it on record."""
    context = here()
    with context.database.unit_of_work() as session:
        if not audit.is_first(session, context.claimer.engine_id):
            return
        done = audit.look_on(session, watch, now)
        if done is not None:
            audit.keep_round(session, done)


@dataclass
class Heart:
    """Tells one outside address that all is well, and says nothing while it is not.

    Attributes:
        url: Where to; empty: nobody is told.
        fail_url: Where to tell what is wrong; empty: nobody is told of that.
        watch: What the audit has found.
    """

    url: str
    fail_url: str
    watch: audit.Watch
    _in_trouble: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it would write each address that it calls, and ours are secrets

    def beat(self, now: datetime) -> bool:
        """Tell how things stand, or keep silent.

        Never raises because of the outside: what it does not take is logged once, until it takes something again.

        Returns:
            False: it is not known yet how things stand.
        """
        database = here().database
        with database.unit_of_work() as session:
            pulse = take_pulse(session, self.watch, now)
        if pulse is None:
            return False
        url = self.url if pulse.well else self.fail_url
        if url and self._told(url, pulse) and pulse.well:
            with database.unit_of_work() as session:
                audit.keep_heartbeat(session, now)
        return True

    def _told(self, url: str, pulse: Pulse) -> bool:
        try:
            with httpx.stream("POST", url, json=pulse.message(), timeout=PATIENCE) as answer:
                trouble = "" if answer.is_success else str(answer.status_code)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            trouble = type(problem).__name__  # its text may hold the address
        if trouble and url not in self._in_trouble:
            log.warning("%s does not take the heartbeat (%s); trying on in silence", masked(url), trouble)
            self._in_trouble.add(url)
        elif not trouble and url in self._in_trouble:
            log.info("%s takes the heartbeat again", masked(url))
            self._in_trouble.discard(url)
        return not trouble
