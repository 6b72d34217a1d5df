"""The whole loop against its floor: `python -m benchmarks.loop --db sqlite|postgres --n 500 --prefect on|off --runs 3 --json -`.

N issues make ten durable changes each: created, triaged, dispatched, lead_ack, co_ack, lead_done, co_done, fed_back, rated, closed.
What people do (five signals, in random order over the issues) is one commit each through the door; what the engine does goes through the flows
in batches. The floor makes the same ten changes in plain SQL with ten commits, a slice of each in turn.
"""

import argparse
import contextvars
import random
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import batched as _batched  # type: ignore[attr-defined]
