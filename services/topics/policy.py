"""When something is a topic, and when it counts as solved: seeds/topics.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

from seeds import read

CODE: Final = "topics"  #: the mechanism


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers.

    Attributes:
        times: So many cases within `within` are a topic.
        of: Categories that need another number.
        below: With fewer cases than this within `quiet` it counts as eased.
        returns: What comes up again within this time after the end is the same topic.
    """

    times: int
    within: timedelta
    of: Mapping[str, int]
    below: int
    quiet: timedelta
    returns: timedelta

    def needed(self, category: str) -> int:
        """How many cases of a category are a topic."""
        return self.of.get(category, self.times)


@cache
def policy() -> Policy:
    """The numbers in force."""
    said = read("topics.toml")
    found, solved = said["found"], said["solved"]
    within, quiet = timedelta(days=found["within_days"]), timedelta(days=solved["quiet_days"])
    return Policy(found["times"], within, dict(found["of"]), solved["below"], quiet, timedelta(days=said["returns"]["within_days"]))
