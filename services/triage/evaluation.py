"""How good the classifier is: on a file it has not seen, or by cross-validation in which no author is on both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rules.facts import Refused
from services.triage.calibration import FOLDS
from services.triage.features import Floats, Ints
from services.triage.model import Learned
from services.triage.texts import Lesson, Message, Prototype
from services.triage.training import Trained, train

LEAST: Final = 20  #: messages without which nothing can be measured
DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """How well classes were told.

    Attributes:
        macro_f1: Mean F1 of the classes, each counting alike.
        top2: Share of messages whose class was among the first two.
        per_class: Class → precision, recall, f1, support.
        sure: Share of messages of which the model was sure.
        sure_right: Share of those that were right; None: none.
    """

    macro_f1: float
    top2: float
    per_class: dict[str, dict[str, float]]
    sure: float
    sure_right: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What an evaluation found.

    Attributes:
        model: The model, learned from all training messages.
        figures: How good it is.
        n: Messages that were asked about.
        folds: Folds of the cross-validation; 0 with a test file.
    """

    model: Learned
    figures: Figures
    n: int
    folds: int

    def plain(self) -> dict[str, Any]:
        """As data, for programs."""
        figures = self.figures
        return {
            "macro_f1": figures.macro_f1,
            "top2": figures.top2,
            "per_class": figures.per_class,
            "n": self.n,
            "folds": self.folds,
            "model": self.model.answers_as,
            "threshold": round(self.model.threshold, DIGITS),
            "confident": {"share": figures.sure, "right": figures.sure_right},
        }


def evaluate(messages: Sequence[Message], test: Sequence[Message], taxonomy: Sequence[Prototype], *, semantic: bool) -> Measured:
    """Learn from messages and say how good the model is.

    A class of the test that no training message has counts as one that is never told.

    Args:
        messages: What is learned from.
        test: What is asked about; none: the messages themselves, by cross-validation.
        taxonomy: Words of classes; those of other classes are left out.
        semantic: Use the embeddings, which must be usable.

    Raises:
        Refused: `too_few_messages`, `too_few_labels`.
    """
    lesson = lesson_of(messages, taxonomy)
    trained = train(lesson, semantic=semantic)
    if not test:
        return Measured(trained.model, unseen(trained, lesson.classes), len(messages), FOLDS)
    classes = (*lesson.classes, *sorted({m.label for m in test} - set(lesson.classes)))
    said = trained.model.probabilities([(m.subject, m.body) for m in test])
    probabilities = np.zeros((len(test), len(classes)))
    probabilities[:, : said.shape[1]] = said
    truth = np.array([classes.index(m.label) for m in test])
    sure = said.max(axis=1) >= trained.model.threshold
    return Measured(trained.model, figures_of(probabilities, truth, sure, classes), len(test), 0)


def lesson_of(messages: Sequence[Message], taxonomy: Sequence[Prototype]) -> Lesson:
    """What is learned from messages and a taxonomy; a class that the taxonomy leaves out is known by its name.

    Raises:
        Refused: `too_few_messages`, `too_few_labels`.
    """
    if len(messages) < LEAST or len({m.author for m in messages}) < FOLDS:
        raise Refused("too_few_messages", count=len(messages), least=LEAST, authors=FOLDS)
    classes = tuple(sorted({m.label for m in messages}))
    if len(classes) < 2:
        raise Refused("too_few_labels", label=classes[0])
    known = [p for p in taxonomy if p.label in classes]
    named = [Prototype(label, label) for label in classes if known and label not in {p.label for p in known}]
    return Lesson(messages, [*known, *named], classes)


def unseen(trained: Trained, classes: Sequence[str]) -> Figures:
    """How good a model is on the messages it was learned from, each asked while its author was not known."""
    sure = trained.probabilities.max(axis=1) >= trained.thresholds
    return figures_of(trained.probabilities, trained.truth, sure, classes)


def figures_of(probabilities: Floats, truth: Ints, sure: Ints, classes: Sequence[str]) -> Figures:
    """Compare what was said with the truth.

    Args:
        probabilities: One row for each message.
        truth: Place of each message's class.
        sure: Whether the model was sure of it.
        classes: Names of the classes.
    """
    said = probabilities.argmax(axis=1)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    per_class = {classes[i]: _of_class(said == i, truth == i) for i in np.unique(np.concatenate([truth, said]))}
    right = (said == truth)[sure]
    return Figures(
        macro_f1=round(sum(each["f1"] for each in per_class.values()) / len(per_class), DIGITS),
        top2=round(float((best == truth[:, None]).any(axis=1).mean()), DIGITS),
        per_class={name: {key: round(value, DIGITS) for key, value in each.items()} for name, each in per_class.items()},
        sure=round(float(sure.mean()), DIGITS),
        sure_right=round(float(right.mean()), DIGITS) if len(right) else None,
    )


def _of_class(said: Ints, true: Ints) -> dict[str, float]:
    both, claimed, support = int((said & true).sum()), int(said.sum()), int(true.sum())
    return {
        "precision": both / claimed if claimed else 0.0,
        "recall": both / support if support else 0.0,
        "f1": 2 * both / (claimed + support),
        "support": support,
    }
