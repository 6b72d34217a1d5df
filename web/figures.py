"""The figures of the whole as metrics: one row of a table each."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from services.metrics import Figures


def up(answered: bool) -> Metric:
    """Whether the database answered the last time it was asked."""
    return GaugeMetricFamily("bihuan_database_up", "1 when the database answered the last time it was asked", value=float(answered))


def families(figures: Figures, now: datetime) -> Iterator[Metric]:
    """Every figure of the whole.

    Args:
        figures: As just read.
        now: The instant of that, aware UTC.
    """
    for name, meaning, value in _plain(figures):
        yield GaugeMetricFamily(name, meaning, value=float("nan") if value is None else value)
    for name, meaning, label, counts in _counted(figures):
        family = GaugeMetricFamily(name, meaning, labels=(label,))
        for key, count in counts.items():
            family.add_metric((key,), count)
        yield family
    yield from _of_channels(figures, now)


def _plain(figures: Figures) -> Iterator[tuple[str, str, float | None]]:
    """Name, meaning, value; None: there is none."""
    yield "bihuan_cases_ended", "Cases at an end", figures.cases_ended
    yield "bihuan_cases_set_aside", "Cases set aside with an error", figures.set_aside
    yield "bihuan_clocks_open", "Open clocks", figures.open_clocks
    late = "bihuan_clock_oldest_unfired_rung_seconds", "bihuan_clock_lag_seconds"
    yield late[0], "By how much the oldest rung that should have fired is late", figures.overdue_rung_s
    yield late[1], "How late the oldest rung is that should have fired", figures.overdue_rung_s
    rung = "Moment of the oldest rung not fired, past or future; NaN: none is to fire"
    yield "bihuan_oldest_unfired_rung_timestamp_seconds", rung, figures.oldest_rung_at
    orphans = figures.findings.get("clock_orphan", 0)
    yield "bihuan_clock_orphans", "Open clocks that belong to nothing, in the audit's last whole round", orphans
    yield "bihuan_audit_round_age_seconds", "Since the audit last came round; NaN: never yet", figures.round_age_s
    yield "bihuan_provisional_clocks", "Open clocks due in a year without an official calendar", figures.provisional_clocks
    yield "bihuan_failing_numbers", "Addresses at which somebody cannot be reached", figures.failing_numbers
    yield "bihuan_replies_waiting", "Short messages sent back that a person has to look at", figures.replies_waiting
    yield "bihuan_events_waiting", "Events that Prefect has not acknowledged", figures.events_waiting
    yield "bihuan_engines_running", "Engines that have not stopped", figures.engines_running
    yield "bihuan_engine_heartbeat_age_seconds", "Since an engine last gave a sign; NaN: none ever ran", figures.heartbeat_age_s


def _counted(figures: Figures) -> Iterator[tuple[str, str, str, Mapping[str, int]]]:
    """Name, meaning, the label, and a count for each of its values."""
    yield "bihuan_cases", "Cases not at an end", "state", figures.cases
    yield "bihuan_clock_findings", "Findings of the audit's last whole round", "code", figures.findings
    yield "bihuan_supervision_open", "Supervision orders not at an end", "state", figures.supervision
    yield "bihuan_messages_waiting", "Messages still to be sent", "state", figures.messages_waiting
    yield "bihuan_messages_recent", "The newest 10000 messages", "state", figures.messages_recent


def _of_channels(figures: Figures, now: datetime) -> Iterator[Metric]:
    by_state = ("channel", "state")
    sent = GaugeMetricFamily("bihuan_channel_messages", "The newest 10000 messages", labels=by_state)
    queue = GaugeMetricFamily("bihuan_channel_waiting", "Messages about which something is still to be done", labels=by_state)
    breaker = GaugeMetricFamily(
        "bihuan_channel_breaker_open", "1 while nothing is sent by the channel because it failed", labels=("channel",)
    )
    oldest = GaugeMetricFamily("bihuan_channel_oldest_waiting_seconds", "Since the oldest that waits was queued", labels=("channel",))
    due = GaugeMetricFamily("bihuan_channel_due_seconds", "By how much the message is late that is due longest", labels=("channel",))
    for each in figures.channels:
        for family, counts in ((sent, each.recent), (queue, each.waiting)):
            for state, count in counts.items():
                family.add_metric((each.channel, state), count)
        breaker.add_metric((each.channel,), each.is_open(now))
        for family, since in ((oldest, each.oldest_at), (due, each.due_since)):
            family.add_metric((each.channel,), 0 if since is None else max(0.0, (now - since).total_seconds()))
    yield from (sent, queue, breaker, oldest, due)
