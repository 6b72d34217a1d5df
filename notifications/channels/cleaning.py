"""What a channel says became of a message, made fit for the record: the one place through which every outcome passes."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from notifications.channels.errors import tidied
from notifications.channels.secrets import MASK
from notifications.outcome import Finding, Outcome, Outgoing

#: Characters that the record has room for.
MOST_CODE: Final = 60
MOST_ID: Final = 80
#: A mobile number that a provider has put into its code.
_MOBILE: Final = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
#: Shorter values of a message (a count, a mark) say nothing of anybody.
_LEAST: Final = 2
#: Values of a finding that are a provider's words.
_SAID: Final = frozenset(("code", "reason", "words"))


def cleaned(outcome: Outcome, outgoing: Outgoing, secrets: Iterable[str]) -> Outcome:
    """An outcome in one line and as long as the record has room for, without numbers, mailboxes, secrets and what the message said.

    Args:
        outcome: As the plugin made it.
        outgoing: Whose address and variables must not be repeated.
        secrets: Of the channel's address.
    """
    code = hidden(_MOBILE.sub("…", outcome.code), secrets)[:MOST_CODE]
    provider_id = outcome.provider_id[:MOST_ID] if outcome.provider_id else None
    words = outcome.words
    if words:
        values = (outgoing.address, *(outgoing.words.values.values() if outgoing.words else ()))
        words = tidied(hidden(hidden(words, secrets), [value for value in values if len(value) >= _LEAST]))
    if (code, words, provider_id) == (outcome.code, outcome.words, outcome.provider_id):
        return outcome
    return replace(outcome, code=code, words=words, provider_id=provider_id)


def cleaned_finding(finding: Finding, secrets: Iterable[str]) -> Finding:
    """What a check found, without the secrets that a provider may have repeated."""
    return replace(finding, values={name: hidden(value, secrets) if name in _SAID else value for name, value in finding.values.items()})


def hidden(text: str, secrets: Iterable[str]) -> str:
    """A text with these masked."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
