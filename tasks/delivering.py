"""Tasks that talk to the outside: send what is queued. Nothing is sent inside a transaction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from notifications.channels import Outgoing, SendFailed
from services import claims, deliveries
from services.deliveries import Result
from tasks.context import here, log
from tasks.recording import recorded_task


@recorded_task("send × {count}")
def send(messages: Sequence[int], count: int, now: datetime, enough: Callable[[], bool]) -> int:
    """Put claimed messages into words, send them, record what became of each.

    A crash between sending and recording sends again when the lease has run out: at least once, never lost.

    Args:
        messages: Ids of messages claimed by this engine.
        count: How many.
        now: The instant at which they were claimed.
        enough: Asked after each message: whether the rest is to be given back unsent.

    Returns:
        How many were taken by their channel.
    """
    context = here()
    with context.database.unit_of_work() as session:
        ready, results = deliveries.worded(session, messages, context.voice)
    sent = list(_sent(ready, enough))
    with context.database.unit_of_work() as session:
        deliveries.record(session, [*results, *sent], context.claimer.engine_id, now)
        if len(sent) < len(ready):
            claims.release_post(session, context.claimer)
    return sum(r.error is None for r in sent)


def _sent(ready: Sequence[tuple[Outgoing, int]], enough: Callable[[], bool]) -> Iterator[Result]:
    for outgoing, attempts in ready:
        yield _send(outgoing, attempts)
        if enough():
            return


def _send(outgoing: Outgoing, attempts: int) -> Result:
    """Send one; whatever a channel raises that is not its own word for it is a failure for now, and no other message's."""
    tried = Result(outgoing.message_id, attempts + 1, outgoing.text)
    try:
        here().channels.send(outgoing)
    except SendFailed as failure:
        return replace(tried, error=str(failure), final="dead" if failure.permanent else None)
    except Exception as problem:
        log.exception("message %d: its channel raised", outgoing.message_id)
        return replace(tried, error=type(problem).__name__)
    return tried
