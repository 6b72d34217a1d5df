"""The plain model: two linear models of the same grams, added. One tells classes apart, the other says how each of them speaks.

The sum is linear again, so that what every gram of a message adds to a class can be named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.triage.features import Floats, Ints, Vector, Vocabulary, learn_vocabulary
from services.triage.texts import Lesson, parts

_PROTOTYPES_COUNT: Final = 2.0
LEAST_MASS: Final = 5.0  #: what the messages of a class weigh at least, as if there were so many, where there are few of any class
_FREEDOM: Final = 3.0  #: C of the logistic regression
_SMOOTHING: Final = 0.3  #: what every class is taken to have said of every gram
NEVER: Final = -1e4  #: score of a class of which nothing is known


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of grams for classes.

    Attributes:
        vocabulary: The grams.
        weights: Gram × class.
        bias: What each class begins with.
    """

    vocabulary: Vocabulary
    weights: Floats
    bias: Floats

    def scores(self, vector: Vector) -> Floats:
        """What speaks for each class; comparable within one message only."""
        return np.asarray(vector.values @ self.weights[vector.columns] + self.bias)

    def scores_of(self, messages: Sequence[tuple[str, str]]) -> Floats:
        """The scores of messages (subject and body), one row each."""
        return np.array([self.scores(self.vocabulary.vector(parts(*message))) for message in messages])

    def shares(self, vector: Vector, chosen: int) -> Floats:
        """What each gram of the message adds to one class, beyond what it adds to the classes on average."""
        rows = self.weights[vector.columns]
        return np.asarray(vector.values * (rows[:, chosen] - rows.mean(axis=1)))


def balanced(labels: Ints, own: int, classes: int, prototypes_count: float) -> Floats:
    """What each document weighs: every class alike.

    Args:
        labels: Class of each document.
        own: How many of them are messages; prototypes follow.
        classes: Number of classes.
        prototypes_count: What the prototypes of a class weigh together, its messages weighing 1.
    """
    mass = max(own / classes, LEAST_MASS)
    counts = np.bincount(labels[:own], minlength=classes), np.bincount(labels[own:], minlength=classes)
    weights = mass / np.maximum(counts[0], 1)[labels]
    weights[own:] = prototypes_count * mass / np.maximum(counts[1], 1)[labels[own:]]
    return np.asarray(weights)


def fit_linear(lesson: Lesson) -> tuple[Linear, list[Vector]]:
    """Learn the plain model.

    Returns:
        The model, and the messages as numbers.
    """
    texts = [parts(m.subject, m.body) for m in lesson.messages] + [parts(p.text, "") for p in lesson.prototypes]
    vocabulary = learn_vocabulary("。".join(each) for each in texts)
    vectors = [vocabulary.vector(each) for each in texts]
    places = {label: i for i, label in enumerate(lesson.classes)}
    labels = np.array([places[label] for label in (*(m.label for m in lesson.messages), *(p.label for p in lesson.prototypes))])
    own, classes = len(lesson.messages), len(lesson.classes)
    weights, bias = _weights(vectors, labels, balanced(labels, own, classes, _PROTOTYPES_COUNT), (len(vocabulary.names), classes))
    return Linear(vocabulary, weights, bias), vectors[:own]


def _weights(vectors: Sequence[Vector], labels: Ints, counts: Floats, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """The weights of both models together; a class without a document is never chosen."""
    from scipy.sparse import csr_array

    starts = np.cumsum([0, *(len(v.columns) for v in vectors)])
    columns, values = (np.concatenate(each) for each in zip(*vectors, strict=True))
    matrix = csr_array((values, columns, starts), shape=(len(vectors), shape[0]))
    matrix.sort_indices()
    weights, bias = np.zeros(shape, np.float32), np.full(shape[1], NEVER, np.float32)
    present = np.unique(labels)
    apart, begin = telling_apart(matrix, labels, counts, _FREEDOM)
    chosen = csr_array((counts, (labels, np.arange(len(labels)))), shape=(shape[1], len(labels)))
    said = (chosen @ matrix).toarray() + _SMOOTHING
    speaking = np.log(said / said.sum(axis=1, keepdims=True))
    weights[:, present] = (apart + speaking[present]).T
    bias[present] = begin
    return weights, bias


def telling_apart(matrix: object, labels: Ints, counts: Floats, freedom: float) -> tuple[Floats, Floats]:
    """Logistic regression: weights (class × column) and beginnings of the classes that have documents, in order."""
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) < 2:
        return np.zeros((1, 1)), np.zeros(1)
    found = LogisticRegression(C=freedom, solver="newton-cg", tol=3e-3, max_iter=200).fit(matrix, labels, sample_weight=counts)
    weights, begin = np.asarray(found.coef_), np.asarray(found.intercept_)
    return (weights, begin) if len(weights) > 1 else (np.vstack([-weights, weights]) / 2, np.concatenate([-begin, begin]) / 2)
