"""A learned model: the likeliest classes of a message, each with the words that speak for it and the most similar past messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.triage.calibration import Calibration
from services.triage.features import Floats, Ints, Vector
from services.triage.linear import Linear
from services.triage.meaning import READY, Meaning, embed, semantic_state
from services.triage.texts import parts

PLAIN, SEMANTIC = "plain", "semantic"
TOP: Final = 3  #: classes that are suggested
WORDS: Final = 5  #: words that are named for a class
NEAREST: Final = 3  #: past messages that are named for a class
_STRONGEST: Final = 16  #: grams that words are put together from
_LIKE: Final = 0.1  #: likeness below which a past message says nothing


@dataclass(frozen=True, slots=True)
class Word:
    """Characters of the message that speak for a class, and how much."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A class that a message may be of.

    Attributes:
        label: The class.
        probability: 0 to 1.
        words: What speaks for it, strongest first.
        nearest: Keys of the most similar messages of that class, with their likeness (0 to 1), most similar first.
    """

    label: str
    probability: float
    words: tuple[Word, ...]
    nearest: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Past:
    """The messages learned from, as numbers: cell by cell its message, column and value; and each message's key and class."""

    rows: Ints
    columns: Ints
    values: Floats
    keys: tuple[str, ...]
    labels: Ints


@dataclass(frozen=True, slots=True)
class Learned:
    """A learned model, complete.

    Attributes:
        classes: The classes it tells apart.
        linear: The plain model.
        past: What it was learned from.
        calibrations: How scores become probabilities, by kind of model.
        meaning: The semantic model; None for a plain one.
    """

    classes: tuple[str, ...]
    linear: Linear
    past: Past
    calibrations: Mapping[str, Calibration]
    meaning: Meaning | None = None

    @property
    def kind(self) -> str:
        """`plain` or `semantic`, as it was learned."""
        return SEMANTIC if self.meaning is not None else PLAIN

    @property
    def answers_as(self) -> str:
        """The kind that answers here: the plain one where the package for meanings cannot be used."""
        return SEMANTIC if self.meaning is not None and semantic_state() == READY else PLAIN

    @property
    def threshold(self) -> float:
        """The probability below which it abstains here."""
        return self.calibrations[self.answers_as].threshold

    def probabilities(self, messages: Sequence[tuple[str, str]]) -> Floats:
        """Probabilities of the classes, one row for each message (subject and body)."""
        if not messages:
            return np.zeros((0, len(self.classes)))
        scores = self.linear.scores_of(messages)
        kind = self.answers_as
        if kind == SEMANTIC and self.meaning is not None:
            scores = scores + self.meaning.scores(embed(messages))
        return self.calibrations[kind].probabilities(scores)

    def suggest(self, messages: Sequence[tuple[str, str]]) -> list[tuple[Candidate, ...]]:
        """The likeliest classes of each message (subject and body), likeliest first."""
        if not messages:
            return []
        vectors = [self.linear.vocabulary.vector(parts(*message)) for message in messages]
        answers = zip(messages, vectors, self.probabilities(messages), strict=True)
        return [self._candidates(parts(*message), vector, chances) for message, vector, chances in answers]

    def _candidates(self, text: Sequence[str], vector: Vector, chances: Floats) -> tuple[Candidate, ...]:
        like = self._likeness(vector)
        best = np.argsort(-chances, kind="stable")[:TOP]
        return tuple(
            Candidate(self.classes[i], float(chances[i]), self._words(text, vector, int(i)), self._nearest(like, int(i))) for i in best
        )

    def _likeness(self, vector: Vector) -> Floats:
        """How like each past message is: the cosine."""
        whole = np.zeros(len(self.linear.vocabulary.names))
        whole[vector.columns] = vector.values
        return np.asarray(
            np.bincount(self.past.rows, self.past.values * whole[self.past.columns], minlength=len(self.past.keys)), np.float64
        )

    def _nearest(self, like: Floats, chosen: int) -> tuple[tuple[str, float], ...]:
        own = np.flatnonzero((self.past.labels == chosen) & (like >= _LIKE))
        best = own[np.argsort(-like[own], kind="stable")[:NEAREST]]
        return tuple((self.past.keys[i], float(like[i])) for i in best)

    def _words(self, text: Sequence[str], vector: Vector, chosen: int) -> tuple[Word, ...]:
        shares = self.linear.shares(vector, chosen)
        names = self.linear.vocabulary.names
        strongest = np.argsort(-shares, kind="stable")[:_STRONGEST]
        found = {names[vector.columns[i]]: float(shares[i]) for i in strongest if shares[i] > 0}
        return words_of(text, found)


def words_of(text: Sequence[str], found: Mapping[str, float]) -> tuple[Word, ...]:
    """Put grams together to the words they stand in: where they overlap in the text, they are one word of their common weight."""
    weights: dict[str, float] = {}
    for part in text:
        for begin, end in _stretches(part, [gram for gram in found if len(gram) > 1 and gram.isalnum()]):
            word = part[begin:end]
            weights[word] = sum(weight for gram, weight in found.items() if gram in word)
    best = sorted(weights.items(), key=lambda each: (-each[1], each[0]))
    kept: list[Word] = []
    for word, weight in best:
        if not any(word in other.text or other.text in word for other in kept):
            kept.append(Word(word, weight))
    return tuple(kept[:WORDS])


def _stretches(text: str, grams: Sequence[str]) -> list[tuple[int, int]]:
    """Where grams stand in a text, those that overlap as one stretch."""
    places = sorted((i, i + len(gram)) for gram in grams for i in range(len(text)) if text.startswith(gram, i))
    merged: list[tuple[int, int]] = []
    for begin, end in places:
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
