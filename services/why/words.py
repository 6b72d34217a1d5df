"""Words of an explanation: names, moments and amounts of time in one language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.catalogue import Named
from services.why.explanation import Day, Explanation, Party
from wording import say, sentences

_PARTS: Final = (("hour", 3600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class Words:
    """How one explanation is said in one language; its moments are local.

    Attributes:
        lang: `zh` or `en`.
        about: The explanation.
    """

    lang: str
    about: Explanation

    def sentence(self, name: str, **values: object) -> str:
        """A sentence of `[why]`."""
        return say(f"why.{name}", self.lang, **values)

    def word(self, section: str, key: object) -> str:
        """A word of the locale, or the key itself where none is given."""
        return str(sentences(self.lang).get(section, {}).get(str(key), key))

    def named(self, name: Named | None) -> str:
        """A name, or nothing."""
        return "" if name is None else str(getattr(name, self.lang))

    def listed(self, parts: Sequence[str]) -> str:
        """Several in a row."""
        return self.sentence("comma").join(parts)

    def limit(self, limit: str) -> str:
        """A limit in words: `3wd` is 3 working days."""
        number = limit.rstrip("mhwd")
        return say(f"limit.{limit.removeprefix(number)}", self.lang, n=number)

    def who(self, party: Party) -> str:
        """The person's post and user name where they may be named, else the unit; the system and residents in words."""
        if party.post is not None:
            return " ".join(filter(None, (self.named(party.post), party.user if party.unit else None)))
        return self.named(party.unit) or self.word("actor", party.user)

    def reason(self, text: str) -> str:
        """What somebody gave as a reason, or nothing."""
        return self.sentence("reason", text=text) if text else ""

    def moment(self, at: datetime) -> str:
        """A local day and time."""
        return f"{at.astimezone(self.about.zone):%Y-%m-%d} {self.time(at)}"

    def day(self, at: datetime) -> str:
        """The local day that ends at this moment or holds it."""
        return f"{(at - timedelta(seconds=1)).astimezone(self.about.zone):%Y-%m-%d}"

    def date(self, day: Day) -> str:
        """A local day, without its year while that is the year of the start."""
        start = self.about.start
        year = start.at.astimezone(self.about.zone).year if start else None
        return f"{day.day:%m-%d}" if day.day.year == year else f"{day.day:%Y-%m-%d}"

    def time(self, at: datetime) -> str:
        """A local time; seconds only where there are any."""
        local = at.astimezone(self.about.zone)
        return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"

    def closing(self, at: datetime) -> str:
        """The local time at which a stretch ends: midnight is the end of its day."""
        return {"00:00": "24:00"}.get(self.time(at), self.time(at))

    def lasting(self, seconds: int) -> str:
        """An amount of time, the parts that are nothing left out."""
        parts, rest = [], seconds
        for name, length in _PARTS:
            count, rest = divmod(rest, length)
            if count:
                parts.append(self.sentence(name, n=count))
        return self.sentence("between_parts").join(parts) or self.sentence("minute", n=0)
