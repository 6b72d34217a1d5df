"""Looking whether all is well: every open case under its clocks, every clock on its way, no journal altered. Changes no case."""

from services.audit.findings import Finding
from services.audit.journal import check_journal, newest_cases
from services.audit.rounds import BATCH, LAG, Round, Watch, audit_clocks, keep_heartbeat, keep_round, last_round, look_on
from services.audit.work import dead_messages, engines_on_record, is_first, oldest_rung

__all__ = [
    "BATCH",
    "LAG",
    "Finding",
    "Round",
    "Watch",
    "audit_clocks",
    "check_journal",
    "dead_messages",
    "engines_on_record",
    "is_first",
    "keep_heartbeat",
    "keep_round",
    "last_round",
    "look_on",
    "newest_cases",
    "oldest_rung",
]
