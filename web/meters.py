"""What Prometheus reads at /metrics: requests as they come, figures of the whole at most every five seconds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from models import Database
from services.metrics import Figures, read_figures

FRESH_FOR: Final = timedelta(seconds=5)
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Meters:
    """The meters of one web process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lock = Lock()
        self._read_at: datetime | None = None
        self.requests = Counter("bihuan_http_requests", "HTTP requests", ("method", "route", "status"), registry=self.registry)
        self.seconds = Histogram(
            "bihuan_http_request_seconds", "Time to answer", ("method", "route"), registry=self.registry, buckets=_BUCKETS
        )
        self._up = self._gauge("bihuan_database_up", "1 when the database answered the last time it was asked")
        self._cases = self._gauge("bihuan_cases", "Cases not at an end", "state")
        self._ended = self._gauge("bihuan_cases_ended", "Cases at an end")
        self._clocks = self._gauge("bihuan_clocks_open", "Open clocks")
        self._rung = self._gauge("bihuan_clock_oldest_unfired_rung_seconds", "By how much the oldest rung that should have fired is late")
        self._lag = self._gauge("bihuan_clock_lag_seconds", "How late the oldest rung is that should have fired")
        self._rung_at = self._gauge("bihuan_oldest_unfired_rung_timestamp_seconds", "Its moment, past or future; NaN: none is to fire")
        self._findings = self._gauge("bihuan_clock_findings", "Findings of the audit's last whole round", "code")
        self._orphans = self._gauge("bihuan_clock_orphans", "Open clocks that belong to nothing, in the audit's last whole round")
        self._round = self._gauge("bihuan_audit_round_age_seconds", "Since the audit last came round; NaN: never yet")
        self._provisional = self._gauge("bihuan_provisional_clocks", "Open clocks due in a year without an official calendar")
        self._supervision = self._gauge("bihuan_supervision_open", "Supervision orders not at an end", "state")
        self._waiting = self._gauge("bihuan_messages_waiting", "Messages still to be sent", "state")
        self._recent = self._gauge("bihuan_messages_recent", "The newest 10000 messages", "state")
        self._of_channels()
        self._aside = self._gauge("bihuan_cases_set_aside", "Cases set aside with an error")
        self._events = self._gauge("bihuan_events_waiting", "Events that Prefect has not acknowledged")
        self._engines = self._gauge("bihuan_engines_running", "Engines that have not stopped")
        self._heartbeat = self._gauge("bihuan_engine_heartbeat_age_seconds", "Since an engine last gave a sign; NaN: none ever ran")
        ProcessCollector(registry=self.registry)

    def _of_channels(self) -> None:
        self._sent = self._gauge("bihuan_channel_messages", "The newest 10000 messages", "channel", "state")
        self._queue = self._gauge("bihuan_channel_waiting", "Messages about which something is still to be done", "channel", "state")
        self._breaker = self._gauge("bihuan_channel_breaker_open", "1 while nothing is sent by the channel because it failed", "channel")
        self._oldest = self._gauge("bihuan_channel_oldest_waiting_seconds", "Since the oldest that waits was queued", "channel")
        self._due = self._gauge("bihuan_channel_due_seconds", "By how much the message is late that is due longest", "channel")
        self._failing = self._gauge("bihuan_failing_numbers", "Addresses at which somebody cannot be reached")
        self._replies = self._gauge("bihuan_replies_waiting", "Short messages sent back that a person has to look at")

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(name, meaning, labels, registry=self.registry)

    def exposition(self, database: Database, now: datetime) -> bytes:
        """Everything in Prometheus' text format; a database that is away shows as `bihuan_database_up 0`."""
        with self._lock:
            if self._read_at is None or not timedelta() <= now - self._read_at < FRESH_FOR:
                self._refresh(database, now)
                self._read_at = now
            return generate_latest(self.registry)

    def _refresh(self, database: Database, now: datetime) -> None:
        try:
            with database.unit_of_work() as session:
                figures = read_figures(session, now)
        except SQLAlchemyError:
            self._up.set(0)
            return
        self._up.set(1)
        self._show(figures, now)

    def _show(self, figures: Figures, now: datetime) -> None:
        _by_state(self._cases, figures.cases)
        _by_state(self._waiting, figures.messages_waiting)
        _by_state(self._recent, figures.messages_recent)
        self._ended.set(figures.cases_ended)
        self._clocks.set(figures.open_clocks)
        self._rung.set(figures.overdue_rung_s)
        self._show_audit(figures)
        self._show_channels(figures, now)
        self._failing.set(figures.failing_numbers)
        self._replies.set(figures.replies_waiting)
        self._aside.set(figures.set_aside)
        self._events.set(figures.events_waiting)
        self._engines.set(figures.engines_running)
        self._heartbeat.set(_or_nan(figures.heartbeat_age_s))

    def _show_audit(self, figures: Figures) -> None:
        _by_state(self._findings, figures.findings)
        _by_state(self._supervision, figures.supervision)
        self._lag.set(figures.overdue_rung_s)
        self._rung_at.set(_or_nan(figures.oldest_rung_at))
        self._orphans.set(figures.findings.get("clock_orphan", 0))
        self._round.set(_or_nan(figures.round_age_s))
        self._provisional.set(figures.provisional_clocks)

    def _show_channels(self, figures: Figures, now: datetime) -> None:
        for gauge in (self._sent, self._queue, self._breaker, self._oldest, self._due):
            gauge.clear()
        for each in figures.channels:
            for gauge, counts in ((self._sent, each.recent), (self._queue, each.waiting)):
                for state, count in counts.items():
                    gauge.labels(each.channel, state).set(count)
            self._breaker.labels(each.channel).set(each.is_open(now))
            for gauge, since in ((self._oldest, each.oldest_at), (self._due, each.due_since)):
                gauge.labels(each.channel).set(0 if since is None else max(0.0, (now - since).total_seconds()))


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _by_state(gauge: Gauge, counts: Mapping[str, int]) -> None:
    gauge.clear()
    for state, count in counts.items():
        gauge.labels(state).set(count)
