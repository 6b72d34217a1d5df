"""Opening the configured channels, and opening them anew when they were configured anew."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from models import Database
from notifications.channels.bus import Channels
from services.channels.stored import urls
from settings import Settings


def open_channels(database: Database, settings: Settings) -> Channels:
    """The channels of this installation, opened as they are configured now; to be closed by who opened them."""
    with database.unit_of_work() as session:
        wanted = urls(session, settings)
    return opened(wanted, settings)


def opened(wanted: Mapping[str, str], settings: Settings) -> Channels:
    """Channels with these addresses; no database is asked, so it may be called outside of a unit of work.

    Private addresses are dialled only where the channel's address says `private=yes`.
    """
    return Channels(wanted, settings.data_dir / "outbox.jsonl", allow_private=False)


def reopened(session: Session, settings: Settings, before: Mapping[str, str]) -> tuple[Mapping[str, str], Channels | None]:
    """What is configured now, and channels opened so if it is another configuration than before; None: nothing has changed.

    To be asked when the reference data's revision has changed; cheap, no network.
    """
    wanted = urls(session, settings)
    return wanted, None if wanted == before else opened(wanted, settings)
