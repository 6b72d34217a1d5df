"""What a draft asks of the database while moves are made: next numbers, and what lies outside the case files that were read."""

from typing import Protocol


class GivesNumbers(Protocol):
    """Gives out the next number of a kind of affair, by its prefix, and takes back one that was not used after all."""

    def __call__(self, prefix: str) -> str:
        """The next number."""
        ...

    def give_back(self, no: str) -> None:
        """Nobody has this number after all."""
        ...


class Asks(Protocol):
    """Answers what moves of affairs ask of the database besides the case files that were read."""

    def is_case(self, case_id: object) -> bool:
        """Whether there is a case with this id, one of the loop."""
        ...

    def open_under(self, case_id: int, seq: int) -> int:
        """How many affairs that belong to this one have not ended."""
        ...

    def topic_of_month(self, month: str, but: str) -> str | None:
        """The number of the topic of a month, other than this one; None: it has none."""
        ...
