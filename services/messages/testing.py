"""Trying a channel with a real message to somebody's own phone or mailbox, on record like every other message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from models import Attempt, Message, begin_write, connection_of, table
from notifications.channels.schemes import AddressKind, Medium
from notifications.outcome import Outcome, Outgoing, ProviderWords, Verdict
from notifications.rendering import Rendered, render
from notifications.sms_text import segments
from rules.delivery import NOW, State
from rules.facts import Refused
from services.channels.stored import check_administrator
from services.deliveries.setup import Setup
from services.people.addresses import check_address
from services.people.rights import on_record
from services.templates.using import words_for

_message, _attempt = table(Message), table(Attempt)
NOTICE: Final = "channel_test"
_ERROR: Final = 200  #: characters kept of an error
#: How an address is written, by what the channel needs.
_EXAMPLE: Final = {AddressKind.PHONE: "10012345678", AddressKind.EMAIL: "duty@example.cn", AddressKind.IM: "zhangsan"}
#: What the row says after the attempt; it is never tried again by itself.
_STATE_AFTER: Final = {
    Verdict.ACCEPTED: State.ACCEPTED,
    Verdict.UNCONFIRMED: State.ACCEPTED,
    Verdict.DELIVERED: State.DELIVERED,
    Verdict.UNKNOWN: State.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A test message that is about to go out."""

    outgoing: Outgoing
    begun_at: datetime


def begin(session: Session, channel: str, address: str, setup: Setup, by: str, now: datetime) -> Trial:
    """Put a test message on record, as one that may have been sent: so it stays if this process dies meanwhile.

    Args:
        session: The unit of work; to be committed before the message goes out.
        channel: Code of a channel of the setup.
        address: Phone, mailbox or user, as the channel needs it; it is not kept.
        setup: How messages leave this installation.
        by: User name of an administrator.
        now: The instant, aware UTC.

    Raises:
        Refused: `channel_admins_only`, `unknown_user`, `left`; `test_to_whom`, `phone_form` and the like, the address cannot be used;
            `template_unapproved`, a public gateway sends approved words only.
    """
    begin_write(session)
    check_administrator(session, by)
    traits = setup.channels[channel]
    if not address and traits.address is not AddressKind.NONE:
        raise Refused("test_to_whom", example=_EXAMPLE[traits.address])
    to = check_address(traits.address, address, voice=traits.medium is Medium.VOICE)
    version, said, provided = _worded(session, channel, setup)
    row = {"notice": NOTICE, "channel": channel, "recipient": "", "haste": NOW, "reminder": False, "about": {"by": by}, "attempts": 1}
    row |= {"state": State.UNKNOWN.value, "queued_at": now, "tried_at": now, "wording": said.text, "template_version": version}
    row |= {
        "dedupe_key": f"test:{channel}:{by}:{now.isoformat()}",
        "segments": segments(said.text) if traits.medium is Medium.SMS else None,
    }
    made = connection_of(session).execute(insert(_message).values(**row).returning(_message.c.id)).scalar_one()
    on_record(session, by, "channel_tested", channel, {"message": made}, now)
    return Trial(Outgoing(made, channel, to, said.subject, said.text, provided, urgent=True), now)


def _worded(session: Session, channel: str, setup: Setup) -> tuple[int, Rendered, ProviderWords | None]:
    """The words in use, their version, and what a public gateway is given instead of them.

    Raises:
        Refused: `template_unapproved`.
    """
    traits, lang = setup.channels[channel], setup.voice.lang
    words = words_for(session, setup)
    version, text = words.of(NOTICE, traits.medium, lang, channel)
    said = render(NOTICE, traits.medium, lang, {"sign": setup.voice.sign}, words=text)
    if not traits.public or traits.medium is not Medium.SMS:
        return version, said, None
    code = words.provider(channel, NOTICE, lang, version)
    if code is None:
        raise Refused("template_unapproved", channel=channel, notice=NOTICE)
    return version, said, ProviderWords(code, said.variables)


def record(session: Session, trial: Trial, outcome: Outcome, now: datetime) -> None:
    """Put on record what became of it; a receipt that comes later finds it like any other message."""
    begin_write(session)
    state = _STATE_AFTER.get(outcome.verdict, State.FAILED_PERM)
    error = None if outcome.taken else (f"{outcome.code} {outcome.words}".strip() or outcome.verdict)[:_ERROR]
    values = {"state": state.value, "provider_id": outcome.provider_id, "error": error, "sent_at": now if outcome.taken else None}
    values["delivered_at"] = now if outcome.verdict is Verdict.DELIVERED else None
    message = trial.outgoing.message_id
    connection_of(session).execute(update(_message).where(_message.c.id == message).values(**values))
    tried = {"message_id": message, "no": 1, "asked": False, "begun_at": trial.begun_at, "ended_at": now, "outcome": outcome.verdict.value}
    said = {"code": outcome.code[:60], "provider_id": outcome.provider_id, "words": outcome.words[:_ERROR]}
    connection_of(session).execute(insert(_attempt).values(**tried, **said))
