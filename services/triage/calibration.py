"""From scores to probabilities that can be believed, and the probability from which on a suggestion is sure enough."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.triage.features import Floats, Ints

FOLDS: Final = 5
RIGHT: Final = 0.93  #: share of sure suggestions that shall be right when measured, so that it is 0.9 on others
LEAST_SURE: Final = 20  #: sure suggestions without which their share says nothing
NOTHING_SURE: Final = 1.01  #: threshold of a model of which not enough is known: it is never sure
_SEED: Final = 20261122
_TEMPERATURES: Final = np.geomspace(0.05, 20, 121)
_DOUBT: Final = 0.02  #: share of messages whose class is taken to be any: a model that was never wrong yet shall not be certain
_LEAST_PROBABILITY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Calibration:
    """How scores become probabilities.

    Attributes:
        temperature: Scores are divided by it.
        threshold: Below this probability the model abstains.
    """

    temperature: float
    threshold: float

    def probabilities(self, scores: Floats) -> Floats:
        """Probabilities of the classes, along the last axis."""
        scaled = (scores - scores.max(axis=-1, keepdims=True)) / self.temperature
        raised = np.exp(scaled)
        return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def folds_of(labels: Sequence[str], authors: Sequence[str], count: int = FOLDS) -> Ints:
    """The fold of each message: an author is in one fold only, and every class is spread over all of them as evenly as that allows."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, author in enumerate(authors):
        groups[author].append(i)
    order = list(groups.values())
    random.Random(_SEED).shuffle(order)  # noqa: S311 - no secret
    order.sort(key=len, reverse=True)
    held: list[Counter[str]] = [Counter() for _ in range(count)]
    found = np.zeros(len(labels), np.int64)
    for group in order:
        own = [labels[i] for i in group]
        chosen = min(range(count), key=lambda fold: (sum(held[fold][label] for label in own), held[fold].total(), fold))
        held[chosen].update(own)
        found[group] = chosen
    return found


def calibrate(scores: Floats, truth: Ints, folds: Ints) -> tuple[Calibration, Floats, Floats]:
    """Find temperature and threshold from scores of messages that the model had not seen.

    Returns:
        The calibration; and by message its probabilities and threshold as found without its own fold, to measure with.
    """
    probabilities, thresholds = np.zeros(scores.shape), np.full(len(scores), NOTHING_SURE)
    for fold in np.unique(folds):
        others = folds != fold
        found = _calibrated(scores[others], truth[others]) if others.any() else Calibration(1.0, NOTHING_SURE)
        probabilities[~others] = found.probabilities(scores[~others])
        thresholds[~others] = found.threshold
    return _calibrated(scores, truth), probabilities, thresholds


def _calibrated(scores: Floats, truth: Ints) -> Calibration:
    losses = [_loss(Calibration(t, 0).probabilities(scores), truth) for t in _TEMPERATURES]
    temperature = float(_TEMPERATURES[int(np.argmin(losses))])
    probabilities = Calibration(temperature, 0).probabilities(scores)
    return Calibration(temperature, _threshold(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth))


def _loss(probabilities: Floats, truth: Ints) -> float:
    said = -np.log(np.maximum(probabilities, _LEAST_PROBABILITY))
    return float(((1 - _DOUBT) * said[np.arange(len(truth)), truth] + _DOUBT * said.mean(axis=1)).mean())


def _threshold(sureness: Floats, right: Floats) -> float:
    """The lowest probability from which on enough suggestions are right."""
    order = np.argsort(-sureness, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero((share >= RIGHT) & (np.arange(len(order)) + 1 >= LEAST_SURE))
    return float(sureness[order][enough[-1]]) if len(enough) else NOTHING_SURE
