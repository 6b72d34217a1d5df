"""Recording what gateways call our words and what they decided about them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from commands.notify.template_making import tell, which_of
from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from notifications.outcome import TemplateAnswer
    from services.templates.approvals import Ruling


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gateway said, as it was written on the command line.

    Attributes:
        state: None: the gateway is asked; one that cannot be asked has not decided yet.
    """

    channel: str
    code: str
    state: str | None
    reason: str


def record_decision(notice: str, version: int, decision: Decision, user: str, *, as_json: bool) -> None:
    """Record what a gateway calls our words and what it decided; a gateway that can be asked is asked first."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.templates.approvals import rule

    ruling = _confirmed(_ruling(notice, version, decision), by_hand=decision.state is not None)
    with unit_of_work() as session:
        rule(session, ruling, user, utcnow())
    state = ruling.state.value if as_json else say(f"template_state.{ruling.state}")
    tell("ruled", ruling.which, version, as_json=as_json, channel=ruling.channel, code=ruling.code, state=state)


def _ruling(notice: str, version: int, decision: Decision) -> "Ruling":
    from services.templates.approvals import Approval, Ruling

    state = decision.state or Approval.PENDING
    if state not in list(Approval):
        raise Refused("unknown_approval", given=state, known=", ".join(Approval))
    return Ruling(decision.channel, which_of(notice, "sms"), version, decision.code, Approval(state), decision.reason)


def _confirmed(ruling: "Ruling", *, by_hand: bool) -> "Ruling":
    """The ruling as the gateway has it, if it can have such words at all."""
    from commands.opening import unit_of_work
    from notifications.variables import site_of
    from services.channels import configured, opened
    from services.templates.approvals import check_variables, handed_in
    from services.templates.asking import confirmed
    from services.templates.previewing import words_of
    from settings import get_settings

    settings = get_settings()
    with unit_of_work() as session:
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


def refresh_decisions(user: str, *, as_json: bool) -> None:
    """Ask every gateway that can be asked what it decided, and record what has changed.

    Raises:
        Refused: `templates_unanswered`, a gateway did not say; what the others said has been recorded.
    """
    from commands.screen import print_json

    found, silent = _refreshed(user)
    if as_json:
        print_json([_plain(each) for each in found])
    else:
        _tell_changes(found)
    if silent:
        raise Refused("templates_unanswered", said="; ".join(f"{channel}: {answer.reason or '—'}" for channel, answer in silent.items()))


def _refreshed(user: str) -> "tuple[list[Ruling], dict[str, TemplateAnswer]]":
    from clock import utcnow
    from commands.opening import database
    from services.channels import open_channels
    from services.templates.approvals import rulings, write
    from services.templates.asking import changed
    from services.templates.stored import check_person
    from settings import get_settings

    with database() as opened_database:
        with opened_database.unit_of_work() as session:
            check_person(session, user)
            rows = rulings(session)
        channels = open_channels(opened_database, get_settings())
        try:
            found, silent = changed(rows, channels)
        finally:
            channels.close()
        if found:
            with opened_database.unit_of_work() as session:
                write(session, found, user, utcnow())
    return found, silent


def _tell_changes(found: "list[Ruling]") -> None:
    for each in found:
        state = say(f"template_state.{each.state}")
        tell("ruled", each.which, each.version, as_json=False, channel=each.channel, code=each.code, state=state)
    typer.echo(say("template.refreshed", n=len(found)))


def _plain(ruling: "Ruling") -> dict[str, object]:
    told = {"channel": ruling.channel, "code": ruling.code, "state": ruling.state.value, "reason": ruling.reason}
    return {"notice": ruling.which.notice, "lang": ruling.which.lang, "version": ruling.version, **told}
