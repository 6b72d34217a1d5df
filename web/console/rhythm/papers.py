"""Handing out a paper as a file."""

from datetime import datetime
from typing import Final
from urllib.parse import quote

from fastapi import Response

from services.rhythm.document import Document
from services.rhythm.pdf import as_pdf

_KINDS: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def pdf(document: Document, made_at: datetime, name: str) -> Response:
    """A paper as a PDF.

    Args:
        document: What it says.
        made_at: When that was worked out, aware.
        name: Of the file, without its kind.
    """
    return handed_out(as_pdf(document, made_at), name, "pdf")


def handed_out(data: bytes, name: str, kind: str) -> Response:
    """A file to be saved under this name, which may be Chinese; `kind` is pdf or xlsx."""
    said = f"attachment; filename*=UTF-8''{quote(f'{name}.{kind}')}"
    return Response(data, media_type=_KINDS[kind], headers={"Content-Disposition": said, "Cache-Control": "no-store"})
