"""Tasks that talk to the outside: send what is queued. Nothing is sent inside a transaction."""

from collections.abc import Sequence
from datetime import datetime

from notifications.channels import Outgoing, SendFailed
from services import deliveries
from services.deliveries import Result
from tasks.context import here
from tasks.recording import recorded_task


@recorded_task("send × {count}")
def send(messages: Sequence[int], count: int, now: datetime) -> int:
    """Put claimed messages into words, send them, record what became of each.

    A crash between sending and recording sends again when the lease has run out: at least once, never lost.

    Returns:
        How many were taken by their channel.
    """
    context = here()
    with context.database.unit_of_work() as session:
        ready, results = deliveries.worded(session, messages, context.voice)
    results += [_send(outgoing, attempts) for outgoing, attempts in ready]
    with context.database.unit_of_work() as session:
        deliveries.record(session, results, now)
    return sum(r.error is None for r in results)


def _send(outgoing: Outgoing, attempts: int) -> Result:
    try:
        here().channels.send(outgoing)
    except SendFailed as failure:
        return Result(outgoing.message_id, attempts + 1, outgoing.text, str(failure), permanent=failure.permanent)
    return Result(outgoing.message_id, attempts + 1, outgoing.text)
