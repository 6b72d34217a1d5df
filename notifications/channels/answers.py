"""What vendors answer in JSON: read once, and judged by their tables."""

from collections.abc import Mapping
from typing import Any, Final

from notifications.channels.errors import CREDENTIALS, DOWN, HTTP_STATUS, LATER, Meaning, Table, judged, tidied
from notifications.channels.http import Answer
from notifications.outcome import Finding, Outcome, Trouble, Verdict

#: A body that only what stands before a vendor's program (a proxy, a portal) would send.
_UNREADABLE: Final = "unreadable"


def said(answer: Answer) -> Mapping[str, Any] | None:
    """The JSON object of an answer; None: it is none, so that somebody else than the vendor's program may have answered."""
    try:
        found = answer.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def unreadable(answer: Answer) -> Outcome:
    """The outcome of an attempt whose answer is not the vendor's JSON.

    A success without the vendor's words proves nothing either way: UNKNOWN. Everything else goes by HTTP's own status.
    """
    if answer.status < 300:
        return Outcome(Verdict.UNKNOWN, _UNREADABLE, "not the vendor's JSON", trouble=Trouble.DOWN)
    return judged(str(answer.status), _UNREADABLE, HTTP_STATUS, otherwise=unheard_of(answer))


def accepted(answer: Answer, code: str, provider_id: str) -> Outcome:
    """The outcome of a vendor's yes. Beside a status of HTTP that says no, it proves nothing either way: UNKNOWN."""
    if answer.status >= 300:
        return Outcome(Verdict.UNKNOWN, code, f"HTTP {answer.status} beside it", trouble=Trouble.DOWN)
    return Outcome(Verdict.ACCEPTED, code, provider_id=provider_id[:80] or None)


def refused(answer: Answer, code: str, words: str, table: Table) -> Outcome:
    """The outcome of a refusal in the vendor's own words."""
    return judged(code or str(answer.status), words, table, otherwise=unheard_of(answer))


def unheard_of(answer: Answer) -> Meaning:
    """What a code means that is in no table: refused for now, and the vendor's own fault where HTTP says so."""
    return DOWN if answer.status >= 500 else LATER


def word(found: Mapping[str, Any], name: str) -> str:
    """One value of a vendor's object as text; empty when it is not there or null."""
    value = found.get(name)
    return "" if value is None else str(value)


def not_read(answer: Answer) -> Finding:
    """What a check found when somebody else than the vendor's program answered."""
    return Finding(False, "channel_check.vendor_unreadable", {"status": str(answer.status)})


def turned_away(host: str, code: str, words: str, *, key_is_wrong: bool) -> Finding:
    """What a check found when the vendor said no."""
    key = "credentials" if key_is_wrong else "refused"
    return Finding(False, f"channel_check.{key}", {"host": host, "code": code, "words": tidied(words)})


def is_wrong_key(code: str, table: Table) -> bool:
    """Tell whether a code says that nothing will go before an administrator has acted."""
    return table.get(code) == CREDENTIALS
