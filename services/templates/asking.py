"""Asking gateways what they decided about our words; over the network, so never inside of a unit of work."""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from notifications.channels.bus import Channels
from notifications.outcome import UNANSWERED, TemplateAnswer
from notifications.variables import SMS
from rules.facts import Refused
from services.templates.approvals import Approval, Ruling
from services.templates.stored import Which
from wording import say


def confirmed(ruling: Ruling, channels: Channels, *, by_hand: bool, handed: str = "") -> Ruling:
    """A ruling as the gateway itself has it; as it was given where the gateway cannot be asked.

    Args:
        ruling: What somebody says of a gateway's template.
        channels: Open channels.
        by_hand: Whether somebody said in which state it is; then the gateway must not say less.
        handed: Our words as they are handed in to this gateway; empty: they are not compared.

    Raises:
        Refused: `template_not_approved`, it is said to be approved, and the gateway says that it is not; `template_unanswered`, the
            gateway can be asked and did not say; `template_differs`, it has other words on file under this code.
    """
    answer = channels.template_state(ruling.channel, ruling.code)
    if answer is None:
        return ruling
    about = {"channel": ruling.channel, "template": ruling.code}
    if answer.state == UNANSWERED:
        raise Refused("template_unanswered", reason=answer.reason or "—", **about)
    if answer.content and handed and _plain(answer.content) != _plain(handed):
        raise Refused("template_differs", theirs=answer.content, ours=handed, **about)
    state = Approval(answer.state)
    if by_hand and ruling.state is Approval.APPROVED and state is not Approval.APPROVED:
        raise Refused("template_not_approved", present=say(f"template_state.{state.value}"), reason=answer.reason or "—", **about)
    return replace(ruling, state=state, reason=answer.reason)


def changed(rows: Iterable[Any], channels: Channels) -> tuple[list[Ruling], dict[str, TemplateAnswer]]:
    """What gateways have decided since it was written down, and which of them did not say.

    Args:
        rows: Rulings as they stand (`approvals.rulings`).
        channels: Open channels; rulings of others are left alone.

    Returns:
        What is new; and by channel what one that can be asked said instead of an answer: it is asked no further, and nothing changes.
    """
    found: list[Ruling] = []
    silent: dict[str, TemplateAnswer] = {}
    for row in rows:
        if row.channel not in channels.codes or row.channel in silent:
            continue
        answer = channels.template_state(row.channel, row.code)
        if answer is not None and answer.state == UNANSWERED:
            silent[row.channel] = answer
        elif answer is not None and (answer.state, answer.reason) != (row.state, row.reason):
            which = Which(row.notice, SMS, row.lang)
            found.append(Ruling(row.channel, which, row.version, row.code, Approval(answer.state), answer.reason))
    return found, silent


def _plain(words: str) -> str:
    """Words without what a gateway's form may change: blanks, and full-width forms of the same marks."""
    return "".join(unicodedata.normalize("NFKC", words).split())
