"""What a refusal means: tables from a provider's code to what we do about it, and faults of the way there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from notifications.outcome import Finding, Outcome, Trouble, Verdict

#: Digits that may be a phone or an identity number, and mailboxes: neither belongs in a record of errors.
_PERSONAL: Final = re.compile(r"\+?\d[\d -]{5,}\d|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
#: Longer words of a provider are cut.
MOST_WORDS: Final = 200


class BadUrl(ValueError):  # noqa: N818 - says what it is
    """A channel's address cannot be used: `key` names the sentence `channel_check.<code>`, `values` fills it."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.code = key
        self.key = f"channel_check.{key}"
        self.values = values


class NotSent(Exception):  # noqa: N818 - says what happened
    """Nothing can have reached the provider: no name, no connection, no trust, or the request broke off half-way.

    Attributes:
        code: `name`, `connect`, `certificate`, `private` or `broken`.
        host: The machine that was to be reached.
    """

    def __init__(self, code: str, host: str, reason: str = "") -> None:
        super().__init__(f"{code}: {host} {reason}".strip())
        self.code = code
        self.host = host
        self.reason = reason


class NoAnswer(Exception):  # noqa: N818 - says what happened
    """The request went out whole and no whole answer came back: it may have been taken.

    Attributes:
        code: `timeout` or `dropped`.
    """

    def __init__(self, code: str, host: str) -> None:
        super().__init__(f"{code}: {host}")
        self.code = code
        self.host = host


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one code of a provider means to us."""

    permanent: bool = False
    trouble: Trouble | None = None
    taken: bool = False  #: e.g. "duplicate": it had been taken before


Table = Mapping[str, Meaning]

#: Words for the tables.
LATER: Final = Meaning()
NEVER: Final = Meaning(permanent=True)
TAKEN: Final = Meaning(taken=True)
NUMBER: Final = Meaning(permanent=True, trouble=Trouble.NUMBER)
WORDS: Final = Meaning(permanent=True, trouble=Trouble.TEMPLATE)
THROTTLED: Final = Meaning(trouble=Trouble.THROTTLED)
CREDENTIALS: Final = Meaning(trouble=Trouble.CREDENTIALS)
BALANCE: Final = Meaning(trouble=Trouble.BALANCE)
DOWN: Final = Meaning(trouble=Trouble.DOWN)

#: What HTTP itself says; who speaks a protocol of his own looks into the body first.
HTTP_STATUS: Final[Table] = (
    {str(status): CREDENTIALS for status in (*range(300, 309), 401, 403, 404, 405, 407)}
    | {str(status): DOWN for status in (*range(500, 512), 520, 521, 522, 523, 524, 530)}
    | {"402": BALANCE, "408": LATER, "425": LATER, "429": THROTTLED}
)
#: What a check says of faults on the way, by their code.
_FOUND: Final = {"name": "unresolved", "private": "private", "certificate": "certificate", "timeout": "no_answer", "dropped": "no_answer"}
#: Faults on the way, by code of `NotSent`.
_ON_THE_WAY: Final[Table] = {"certificate": CREDENTIALS, "private": CREDENTIALS}


def tidied(words: str) -> str:
    """What a provider said, fit for the record: one line, no phones and mailboxes, at most 200 characters."""
    return _PERSONAL.sub("…", " ".join(words.split()))[:MOST_WORDS]


def judged(code: str, words: str, table: Table, otherwise: Meaning = LATER, provider_id: str | None = None) -> Outcome:
    """The outcome of an attempt that a provider answered with this code.

    Args:
        code: The provider's own code.
        words: What it said; tidied here.
        table: What its codes mean.
        otherwise: What a code means that is not in the table.
        provider_id: What it calls the message, when it says so.
    """
    meaning = table.get(code, otherwise)
    verdict = Verdict.ACCEPTED if meaning.taken else Verdict.PERMANENT if meaning.permanent else Verdict.TEMPORARY
    return Outcome(verdict, code[:60], tidied(words), provider_id, meaning.trouble)


def on_the_way(problem: NotSent | NoAnswer) -> Outcome:
    """The outcome of an attempt that never got an answer."""
    if isinstance(problem, NoAnswer):
        return Outcome(Verdict.UNKNOWN, problem.code, "no answer", trouble=Trouble.DOWN)
    return judged(problem.code, problem.reason, _ON_THE_WAY, otherwise=DOWN)


def not_reached(problem: NotSent | NoAnswer) -> Finding:
    """What a check of a channel says of a machine that it could not talk to."""
    reason = problem.reason if isinstance(problem, NotSent) else ""
    return Finding(False, f"channel_check.{_FOUND.get(problem.code, 'unreachable')}", {"host": problem.host, "reason": tidied(reason)})
