"""What providers bring: receipts and replies, pushed to our site or come over a kept connection; taken the same way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from notifications.callbacks.readers import reader_for
from notifications.callbacks.reading import Reader
from notifications.outcome import Confirmation, Inbound
from services import replies
from services.channels.stored import code_of_callback, configured
from services.deliveries import receipts
from settings import Settings


@dataclass(frozen=True, slots=True)
class Caller:
    """The channel whose provider pushes something.

    Attributes:
        read: How its pushes are read.
    """

    channel: str
    read: Reader


def caller_of(session: Session, settings: Settings, secret: str) -> Caller | None:
    """Whose secret path this is; None: nobody's, or that of a channel to which nothing is pushed.

    A paused channel still gets its receipts: what it had sent before may arrive.
    """
    code = code_of_callback(session, secret)
    if code is None:
        return None
    read = reader_for(configured(session, settings)[code].url)
    return None if read is None else Caller(code, read)


def take(session: Session, channel: str, items: Sequence[Confirmation | Inbound], now: datetime) -> None:
    """Take receipts and replies of one channel; the same ones may be brought again.

    Args:
        session: The unit of work; committed by the caller.
        channel: Code of the channel.
        items: What came, in order.
        now: The instant, aware UTC.
    """
    told = [each for each in items if isinstance(each, Confirmation)]
    said = [each for each in items if isinstance(each, Inbound)]
    if told:
        receipts.take(session, channel, told, now)
    if said:
        replies.take(session, channel, said, now)
