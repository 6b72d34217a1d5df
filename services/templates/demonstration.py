"""The demonstration's gateway has approved everything: words can be seen arriving without a week of waiting."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from notifications.notices import NOTICES
from notifications.rendering import built_in
from notifications.variables import SMS, site_of
from services.templates.approvals import Approval, Ruling, handed_in, rulings, write
from services.templates.stored import BUILT_IN, Which
from wording import LANGUAGES

SYSTEM: Final = "system"


@dataclass(frozen=True, slots=True)
class Filed:
    """One template as a gateway keeps it.

    Attributes:
        code: `SMS_0001` and on, in the order of languages and notices: the same wherever the same program runs.
        content: In the gateway's own writing, without the signature.
    """

    code: str
    which: Which
    content: str


def filed(scheme: str, base_url: str = "") -> list[Filed]:
    """What the demonstration's gateway has on file: the words that came with the program, of every notice in both languages.

    Args:
        scheme: `alisms`, `tcsms` or `hwsms`: how it writes variables.
        base_url: Where the site is reached from outside, which the words name; empty: by its plain name.
    """
    templates = sorted({notice.template for notice in NOTICES.values()})
    every = [Which(template, SMS, lang) for lang in LANGUAGES for template in templates]
    return [Filed(f"SMS_{n:04}", which, _content(which, scheme, base_url)) for n, which in enumerate(every, start=1)]


def _content(which: Which, scheme: str, base_url: str) -> str:
    fixed = {"site": site_of(base_url, which.lang)}
    return handed_in(built_in(which.notice, SMS, which.lang).body, scheme, fixed)


def approve_all(session: Session, channel: str, scheme: str, now: datetime) -> int:
    """Write down that the demonstration's gateway has approved every notice; what a person has written down stays.

    May run twice.

    Args:
        session: The unit of work.
        channel: Code of the channel that leads to the simulator.
        scheme: That of its address.
        now: The instant, aware UTC.

    Returns:
        How many were written.
    """
    there = {(row.notice, row.lang) for row in rulings(session) if row.channel == channel and row.version == BUILT_IN}
    new = [each for each in filed(scheme) if (each.which.notice, each.which.lang) not in there]
    if new:
        write(session, [Ruling(channel, each.which, BUILT_IN, each.code, Approval.APPROVED) for each in new], SYSTEM, now)
    return len(new)
