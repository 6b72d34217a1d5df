"""Recording what gateways call our words and what they decided about them."""

from typing import TYPE_CHECKING

import typer

from commands.notify.template_making import tell, which_of
from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.templates.approvals import Ruling
    from services.templates.recording import Decision


def record(notice: str, version: int, decision: "Decision", user: str, *, as_json: bool) -> None:
    """Record what a gateway calls our words and what it decided; a gateway that can be asked is asked first."""
    from clock import utcnow
    from commands.opening import database
    from services.templates.recording import record_decision
    from settings import get_settings

    with database() as opened:
        ruling = record_decision(opened, get_settings(), which_of(notice, "sms"), version, decision, user, utcnow)
    state = ruling.state.value if as_json else say(f"template_state.{ruling.state}")
    tell("ruled", ruling.which, version, as_json=as_json, channel=ruling.channel, code=ruling.code, state=state)


def refresh_decisions(user: str, *, as_json: bool) -> None:
    """Ask every gateway that can be asked what it decided, and record what has changed.

    Raises:
        Refused: `templates_unanswered`, a gateway did not say; what the others said has been recorded.
    """
    from clock import utcnow
    from commands.opening import database
    from commands.screen import print_json
    from services.templates.recording import refresh
    from settings import get_settings

    with database() as opened:
        found, silent = refresh(opened, get_settings(), user, utcnow)
    if as_json:
        print_json([_plain(each) for each in found])
    else:
        _tell_changes(found)
    if silent:
        raise Refused("templates_unanswered", said="; ".join(f"{channel}: {answer.reason or '—'}" for channel, answer in silent.items()))


def _tell_changes(found: "list[Ruling]") -> None:
    for each in found:
        state = say(f"template_state.{each.state}")
        tell("ruled", each.which, each.version, as_json=False, channel=each.channel, code=each.code, state=state)
    typer.echo(say("template.refreshed", n=len(found)))


def _plain(ruling: "Ruling") -> dict[str, object]:
    told = {"channel": ruling.channel, "code": ruling.code, "state": ruling.state.value, "reason": ruling.reason}
    return {"notice": ruling.which.notice, "lang": ruling.which.lang, "version": ruling.version, **told}
