"""Tasks that talk to the outside: send what is planned, hear what comes back. Nothing is sent inside a transaction."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from clock import pause
from notifications.channels.bus import Channels
from notifications.outcome import Outcome, Trouble, Verdict
from services import callbacks, deliveries
from services.deliveries import Plan, Ready, Result, Try
from tasks.context import here, log
from tasks.recording import recorded_task
from tasks.safely import DATABASE_TROUBLE

_AGAIN_S: Final = 0.5  #: pause before a result is recorded again
#: After one of these the next message would meet the same: what is left is given back, and the breaker counts.
_CHANNELS_OWN: Final = frozenset({Trouble.CREDENTIALS, Trouble.BALANCE, Trouble.DOWN})


@recorded_task("send × {count}")
def send(plan: Plan, count: int, clock: Callable[[], datetime], enough: Callable[[], bool]) -> int:
    """Send what is planned for one channel, and record what became of each.

    What was marked as being sent and not recorded, because of a crash, is asked about first by whoever finds it.

    Args:
        plan: What one transaction has decided.
        count: How many messages are to be sent.
        clock: Asked for the instant, aware UTC.
        enough: Asked after each message: whether the rest is to be given back unsent.

    Returns:
        How many were taken by their channel.
    """
    results = list(_sent(here().present, plan.ready, clock, enough))
    _record(plan.channel, results, clock)
    return sum(r.tries[-1].outcome.taken for r in results if r.tries)


def _sent(channels: Channels, ready: Sequence[Ready], clock: Callable[[], datetime], enough: Callable[[], bool]) -> Iterator[Result]:
    stopped = False
    for each in ready:
        result = Result(each, () if stopped else tuple(_tried(channels, each, clock)))
        yield result
        stopped = stopped or any(one.outcome.trouble in _CHANNELS_OWN for one in result.tries) or enough()


def _tried(channels: Channels, ready: Ready, clock: Callable[[], datetime]) -> Iterator[Try]:
    """Ask first what became of a message that may have been taken; send it unless it was."""
    if ready.ask:
        asked = _try(lambda: channels.ask(ready.outgoing, ready.provider_id), ready, clock, asked=True)
        yield asked
        if asked.outcome.verdict is not Verdict.ABSENT or ready.only_ask:
            return
    yield _try(lambda: channels.send(ready.outgoing), ready, clock, asked=False)


def _try(once: Callable[[], Outcome], ready: Ready, clock: Callable[[], datetime], *, asked: bool) -> Try:
    """Do it once; a channel that raises may have sent all the same."""
    begun = clock()
    try:
        outcome = once()
    except Exception as problem:
        log.exception("message %d: its channel raised", ready.outgoing.message_id)
        outcome = Outcome(Verdict.UNKNOWN, type(problem).__name__, type(problem).__name__)
    return Try(asked, outcome, begun, clock())


def _record(channel: str, results: Sequence[Result], clock: Callable[[], datetime]) -> None:
    """Write down what became of them; where one of them cannot be written, the others are, each by itself."""
    try:
        _write(channel, results, clock)
    except DATABASE_TROUBLE:
        raise
    except Exception:
        if len(results) == 1:
            raise
        for each in results:
            _write_alone(channel, each, clock)


def _write(channel: str, results: Sequence[Result], clock: Callable[[], datetime]) -> None:
    context = here()
    _kept(channel, lambda session: deliveries.record(session, channel, results, context.claimer.engine_id, context.setup, clock()))


def _write_alone(channel: str, result: Result, clock: Callable[[], datetime]) -> None:
    """Write down what became of one; where that cannot be done, it stays in doubt until the lease is over, and is asked about then."""
    try:
        _write(channel, [result], clock)
    except DATABASE_TROUBLE:
        raise
    except Exception:
        log.exception("message %d: what became of it could not be written down", result.ready.outgoing.message_id)


def _kept(channel: str, write: Callable[[Session], object]) -> None:
    """Write what only we know, in a unit of work of its own; while the database is away it is kept and written when it is back.

    After the lease messages are somebody else's, who asks what became of them.
    """
    context = here()
    patience = max(1, int(context.claimer.lease.total_seconds() / _AGAIN_S))
    for left in reversed(range(patience)):
        try:
            with context.database.unit_of_work() as session:
                write(session)
        except DATABASE_TROUBLE as problem:
            if not left:
                raise
            log.warning("%s: what came of it waits, the database is away (%s)", channel, type(problem.orig).__name__)
            pause(_AGAIN_S)
        else:
            return


def hear(channel: str, now: datetime) -> int:
    """Take what a provider has said over a connection that is kept: receipts, and what people have sent back.

    The provider believes that we have it: while the database is away it is kept, and told again when it is asked for the next time.

    Returns:
        How many things were heard.
    """
    heard = here().present.heard(channel)
    if not heard:
        return 0
    try:
        _kept(channel, lambda session: callbacks.take(session, channel, heard, now))
    except DATABASE_TROUBLE:
        here().present.give_back(channel, heard)
        raise
    return len(heard)
