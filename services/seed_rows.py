"""The mechanisms that communities described, row by row, and the story test that shows each (seeds/mechanisms.toml)."""

from dataclasses import dataclass

from seeds import read


@dataclass(frozen=True, slots=True)
class SeedRow:
    """One row.

    Attributes:
        row: Its number, 1 to 33.
        seed: The articles that it comes from.
        mechanisms: Keys of `rules.handling.HANDLING` that answer it.
        test: File of its story test, from the top of the repository; None: it has none, and `why` says why.
        why: `comes_later` or `out_of_scope`.
    """

    row: int
    zh: str
    en: str
    seed: str
    mechanisms: tuple[str, ...]
    test: str | None = None
    why: str | None = None


def seed_rows() -> list[SeedRow]:
    """All rows, in their order."""
    return [SeedRow(**{**row, "mechanisms": tuple(row["mechanisms"])}) for row in read("mechanisms.toml")["row"]]
