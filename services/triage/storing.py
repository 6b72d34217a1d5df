"""Learned models as rows: kept as plain arrays (never as code that runs when it is read), the active one in memory."""

import hashlib
import io
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary
from zipfile import BadZipFile

import numpy as np
from sqlalchemy import Engine, bindparam, insert, select, update
from sqlalchemy.orm import Session

from models import TriageModel, begin_write, connection_of, table
from services.triage.calibration import Calibration
from services.triage.evaluation import Figures
from services.triage.features import Vocabulary
from services.triage.linear import Linear
from services.triage.meaning import Meaning
from services.triage.model import Learned, Past

_model = table(TriageModel)
_ACTIVE: Final = select(_model.c.id).where(_model.c.active.is_(True)).order_by(_model.c.id.desc()).limit(1)
_BLOB: Final = select(_model.c.blob, _model.c.sha256).where(_model.c.id == bindparam("key_id"))
_ABOUT: Final = select(*(c for c in _model.c if c.name != "blob"))
_loaded: "WeakKeyDictionary[Engine, tuple[int, Learned | None]]" = WeakKeyDictionary()


def to_bytes(model: Learned) -> bytes:
    """A model as the bytes of an .npz file."""
    arrays: dict[str, Any] = {
        "classes": np.array(model.classes),
        "grams": np.array(model.linear.vocabulary.names),
        "rarity": model.linear.vocabulary.rarity,
        "weights": model.linear.weights,
        "bias": model.linear.bias,
        "kinds": np.array(list(model.calibrations)),
        "temperatures": np.array([each.temperature for each in model.calibrations.values()]),
        "thresholds": np.array([each.threshold for each in model.calibrations.values()]),
        "keys": np.array(model.past.keys),
        **{f"past_{name}": getattr(model.past, name) for name in _PAST},
    }
    if model.meaning is not None:
        arrays |= {f"meaning_{name}": getattr(model.meaning, name) for name in _MEANING}
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


_PAST: Final = ("rows", "columns", "values", "labels")
_MEANING: Final = ("centre", "weights", "bias", "prototypes", "of")


def from_bytes(blob: bytes) -> Learned:
    """A model from the bytes of an .npz file; nothing in it can be code.

    Raises:
        ValueError: they are none, or hold something else.
    """
    try:
        with np.load(io.BytesIO(blob), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return _from_arrays(arrays)
    except (BadZipFile, KeyError, OSError, EOFError) as problem:
        raise ValueError(type(problem).__name__) from problem


def _from_arrays(arrays: dict[str, Any]) -> Learned:
    vocabulary = Vocabulary(tuple(arrays["grams"].tolist()), arrays["rarity"])
    calibrations = [Calibration(float(t), float(p)) for t, p in zip(arrays["temperatures"], arrays["thresholds"], strict=True)]
    rows, columns, values, labels = (arrays[f"past_{name}"] for name in _PAST)
    return Learned(
        classes=tuple(arrays["classes"].tolist()),
        linear=Linear(vocabulary, arrays["weights"], arrays["bias"]),
        past=Past(rows, columns, values, tuple(arrays["keys"].tolist()), labels),
        calibrations=dict(zip(arrays["kinds"].tolist(), calibrations, strict=True)),
        meaning=Meaning(*(arrays[f"meaning_{name}"] for name in _MEANING)) if "meaning_of" in arrays else None,
    )


def store(session: Session, model: Learned, figures: Figures | None, samples: int, by: str, now: datetime) -> int:
    """Keep a model and make it the active one; those before stay on record.

    Args:
        session: The unit of work.
        model: What was learned.
        figures: How good it is by cross-validation; None: not measured.
        samples: Confirmed decisions it was learned from.
        by: User name of whoever had it learned.
        now: The instant.

    Returns:
        Its id.
    """
    begin_write(session)
    blob = to_bytes(model)
    row = {
        "trained_at": now,
        "trained_by": by,
        "kind": model.kind,
        "samples": samples,
        "classes": list(model.classes),
        "threshold": model.calibrations[model.kind].threshold,
        "macro_f1": figures.macro_f1 if figures else None,
        "top2": figures.top2 if figures else None,
        "blob": blob,
        "sha256": hashlib.sha256(blob).hexdigest(),
        "active": True,
    }
    connection = connection_of(session)
    connection.execute(update(_model).where(_model.c.active.is_(True)).values(active=False))
    return int(connection.execute(insert(_model).returning(_model.c.id), row).scalar_one())


def active_id(session: Session) -> int | None:
    """The id of the model that suggests now; None: none was learned."""
    found = connection_of(session).execute(_ACTIVE).scalar()
    return None if found is None else int(found)


def about(session: Session, model_id: int) -> Any:  # noqa: ANN401 - a result row
    """What is on record about a model, its numbers apart."""
    return connection_of(session).execute(_ABOUT.where(_model.c.id == model_id)).one()


def active_model(session: Session) -> tuple[int | None, Learned | None]:
    """The model that suggests now, with its id; read once for each process.

    A model whose bytes are not those that were stored is not used: the id is given, and no model.
    """
    engine = session.get_bind()
    if not isinstance(engine, Engine):
        raise TypeError(engine)
    wanted = active_id(session)
    if wanted is None:
        return None, None
    found = _loaded.get(engine)
    if found is None or found[0] != wanted:
        found = _loaded[engine] = (wanted, _read(session, wanted))
    return found


def _read(session: Session, model_id: int) -> Learned | None:
    row = connection_of(session).execute(_BLOB, {"key_id": model_id}).one()
    if hashlib.sha256(row.blob).hexdigest() != row.sha256:
        return None
    try:
        return from_bytes(row.blob)
    except ValueError:
        return None
