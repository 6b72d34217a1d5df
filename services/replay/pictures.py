"""The photos of a replay: a small plain picture for each stage, kept like any other file."""

from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from services.attachments import Kept, keep

_SIZE: Final = (64, 48)
_COLOURS: Final = {"before": (150, 110, 90), "after": (110, 150, 100)}


def picture(files: Path, stage: str, round_no: int = 1) -> Kept:
    """Keep the picture of a stage; the same one whenever it is asked for, another one for each round.

    Args:
        files: Where files are kept.
        stage: `before` or `after`.
        round_no: Round of the case, from 1.
    """
    out = BytesIO()
    red, green, blue = _COLOURS[stage]
    Image.new("RGB", _SIZE, (red, green, (blue + round_no - 1) % 256)).save(out, "PNG")
    return keep(files, out.getvalue(), f"{stage}.png")
