"""What a gateway decided about our words, put on record: it is asked first where it can be, never within a unit of work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from models import Database
from notifications.outcome import TemplateAnswer
from notifications.variables import SMS, site_of
from rules.facts import Refused
from services.channels import configured, open_channels, opened
from services.templates.approvals import Approval, Ruling, check_variables, handed_in, rule, rulings, write
from services.templates.asking import changed, confirmed
from services.templates.previewing import words_of
from services.templates.stored import Which, check_person
from settings import Settings


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gateway said, as somebody tells it.

    Attributes:
        channel: Code of the channel.
        code: What the gateway calls our words.
        state: Of `Approval`; empty: the gateway is asked, and one that cannot be asked has not decided yet.
        reason: Why it rejected them.
    """

    channel: str
    code: str
    state: str = ""
    reason: str = ""


def record_decision(
    database: Database, settings: Settings, which: Which, version: int, decision: Decision, by: str, clock: Callable[[], datetime]
) -> Ruling:
    """Record what a gateway calls our words and what it decided; a gateway that can be asked is asked first. May run twice.

    Raises:
        Refused: `template_for_sms`, `unknown_approval`, `unknown_channel`; `ruling_why`, it is said to have rejected them and not why; as
            `services.templates.approvals.rule` and `check_variables` and `services.templates.asking.confirmed` say.
    """
    ruling = _confirmed(database, settings, _ruling(which, version, decision), by, by_hand=bool(decision.state))
    if decision.state == Approval.REJECTED and not ruling.reason:
        raise Refused("ruling_why")
    with database.unit_of_work() as session:
        rule(session, ruling, by, clock())
    return ruling


def _ruling(which: Which, version: int, decision: Decision) -> Ruling:
    state = decision.state or Approval.PENDING
    if which.medium != SMS:
        raise Refused("template_for_sms")
    if state not in list(Approval):
        raise Refused("unknown_approval", given=state, known=", ".join(Approval))
    return Ruling(decision.channel, which, version, decision.code, Approval(state), decision.reason)


def _confirmed(database: Database, settings: Settings, ruling: Ruling, by: str, *, by_hand: bool) -> Ruling:
    """The ruling as the gateway has it, if it can have such words at all."""
    with database.unit_of_work() as session:
        check_person(session, by)
        there = configured(session, settings)
        _, words = words_of(session, ruling.which, ruling.version)
    if ruling.channel not in there:
        raise Refused("unknown_channel", channel=ruling.channel)
    channels = opened({ruling.channel: there[ruling.channel].url}, settings)
    try:
        traits = channels.traits(ruling.channel)
        check_variables(ruling, words.body, traits.longest)
        fixed = {"site": site_of(settings.public_url, ruling.which.lang)}
        return confirmed(ruling, channels, by_hand=by_hand, handed=handed_in(words.body, traits.scheme, fixed))
    finally:
        channels.close()


def refresh(
    database: Database, settings: Settings, by: str, clock: Callable[[], datetime]
) -> tuple[list[Ruling], dict[str, TemplateAnswer]]:
    """Ask every gateway that can be asked what it decided, and record what has changed. May run twice.

    Returns:
        What has changed; and by channel what one that can be asked said instead of an answer.

    Raises:
        Refused: `unknown_user`, `left`, `not_your_templates`.
    """
    with database.unit_of_work() as session:
        check_person(session, by)
        rows = rulings(session)
    channels = open_channels(database, settings)
    try:
        found, silent = changed(rows, channels)
    finally:
        channels.close()
    if found:
        with database.unit_of_work() as session:
            write(session, found, by, clock())
    return found, silent
