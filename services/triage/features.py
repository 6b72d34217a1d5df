"""Texts as numbers: characters and pairs of them, weighed by how rare they are (TF-IDF)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log, sqrt
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.triage.texts import grams

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]
MANY: Final = 1000  #: texts from which on a gram that stands in one of them only is left out


class Vector(NamedTuple):
    """A text as numbers: the columns that are not zero, and their values; of length 1."""

    columns: Ints
    values: Floats


@dataclass(frozen=True)
class Vocabulary:
    """The grams that are known, in the order of their columns, and their rarity."""

    names: tuple[str, ...]
    rarity: Floats

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """The column of each gram."""
        return {gram: i for i, gram in enumerate(self.names)}

    def vector(self, parts: Sequence[str]) -> Vector:
        """A text as numbers; its parts (heading, body) count alike."""
        whole: dict[int, float] = {}
        for part in parts:
            for column, value in _unit(self._weights(part)).items():
                whole[column] = whole.get(column, 0.0) + value
        whole = _unit(whole)
        return Vector(np.fromiter(whole, np.int64, len(whole)), np.fromiter(whole.values(), np.float64, len(whole)))

    def _weights(self, part: str) -> dict[int, float]:
        found = ((self.columns.get(gram), n) for gram, n in grams(part).items())
        return {column: (1 + log(n)) * float(self.rarity[column]) for column, n in found if column is not None}


def learn_vocabulary(texts: Iterable[str]) -> Vocabulary:
    """The grams of these texts; the rarer, the more they say."""
    seen: Counter[str] = Counter()
    count = 0
    for count, text in enumerate(texts, start=1):  # noqa: B007 - the last one is the number of texts
        seen.update(grams(text).keys())
    least = 2 if count > MANY else 1
    kept = sorted(gram for gram, n in seen.items() if n >= least)
    rarity = np.array([log((1 + count) / (1 + seen[gram])) + 1 for gram in kept])
    return Vocabulary(tuple(kept), rarity)


def _unit(weights: Mapping[int, float]) -> dict[int, float]:
    length = sqrt(sum(value * value for value in weights.values())) or 1.0
    return {column: value / length for column, value in weights.items()}
