"""Learning a model, and measuring it on messages of authors from whom it did not learn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.triage.calibration import NOTHING_SURE, Calibration, calibrate, folds_of
from services.triage.features import Floats, Ints, Vector
from services.triage.linear import fit_linear
from services.triage.meaning import Meaning, embed, embed_texts, fit_meaning
from services.triage.model import PLAIN, SEMANTIC, Learned, Past
from services.triage.texts import Lesson


@dataclass(frozen=True, slots=True)
class _Embedded:
    """Embeddings of the messages and of the prototypes of a lesson."""

    messages: Floats
    prototypes: Floats


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, and what it said of each message while it had not learned from the message's author.

    Attributes:
        model: The model, learned from all messages.
        truth: Class of each message, as its place among the classes.
        probabilities: What was said, one row for each message.
        thresholds: From which probability on that would have been sure.
    """

    model: Learned
    truth: Ints
    probabilities: Floats
    thresholds: Floats


def train(lesson: Lesson, *, semantic: bool) -> Trained:
    """Learn a model; deterministic.

    Args:
        lesson: Messages of at least two authors.
        semantic: Blend with the embeddings, which must be usable (`semantic_state`).
    """
    embedded = _embed(lesson) if semantic else None
    places = {label: i for i, label in enumerate(lesson.classes)}
    truth = np.array([places[m.label] for m in lesson.messages])
    folds = folds_of([m.label for m in lesson.messages], [m.author for m in lesson.messages])
    scores = _unseen(lesson, embedded, folds)
    found = {kind: calibrate(each, truth, folds) for kind, each in scores.items()}
    learned = _fit(lesson, embedded)
    model = replace(learned, calibrations={kind: calibration for kind, (calibration, _, _) in found.items()})
    _, probabilities, thresholds = found[model.kind]
    return Trained(model, truth, probabilities, thresholds)


def _embed(lesson: Lesson) -> _Embedded:
    own = embed([(m.subject, m.body) for m in lesson.messages])
    known = embed_texts([p.text for p in lesson.prototypes]) if lesson.prototypes else own[:0]
    return _Embedded(own, known)


def _unseen(lesson: Lesson, embedded: _Embedded | None, folds: Ints) -> dict[str, Floats]:
    """Scores of every message by a model that did not learn from its fold, by kind of model."""
    scores: dict[str, Floats] = {
        kind: np.zeros((len(folds), len(lesson.classes))) for kind in ((PLAIN, SEMANTIC) if embedded else (PLAIN,))
    }
    for fold in np.unique(folds):
        own, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        part = replace(lesson, messages=[lesson.messages[int(i)] for i in others])
        model = _fit(part, _Embedded(embedded.messages[others], embedded.prototypes) if embedded else None)
        messages = [(m.subject, m.body) for m in (lesson.messages[int(i)] for i in own)]
        said = model.linear.scores_of(messages)
        scores[PLAIN][own] = said
        if embedded is not None and model.meaning is not None:
            scores[SEMANTIC][own] = said + model.meaning.scores(embedded.messages[own])
    return scores


def _fit(lesson: Lesson, embedded: _Embedded | None) -> Learned:
    """Learn from all of a lesson; not yet calibrated."""
    linear, vectors = fit_linear(lesson)
    places = {label: i for i, label in enumerate(lesson.classes)}
    labels = np.array([places[m.label] for m in lesson.messages])
    past = _past(vectors, tuple(m.key for m in lesson.messages), labels)
    meaning = _meaning(lesson, embedded, labels, places) if embedded is not None else None
    kinds = (PLAIN, SEMANTIC) if meaning is not None else (PLAIN,)
    return Learned(lesson.classes, linear, past, dict.fromkeys(kinds, Calibration(1.0, NOTHING_SURE)), meaning)


def _meaning(lesson: Lesson, embedded: _Embedded, labels: Ints, places: dict[str, int]) -> Meaning:
    of = np.array([places[p.label] for p in lesson.prototypes], np.int64)
    return fit_meaning(embedded.messages, labels, embedded.prototypes, of, len(lesson.classes))


def _past(vectors: Sequence[Vector], keys: tuple[str, ...], labels: Ints) -> Past:
    rows = np.repeat(np.arange(len(vectors)), [len(v.columns) for v in vectors])
    columns, values = (np.concatenate(each) for each in zip(*vectors, strict=True))
    return Past(rows.astype(np.int32), columns.astype(np.int32), values.astype(np.float32), keys, labels)
