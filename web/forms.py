"""Plain forms of pages that need no session."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form; the body is limited and read already."""
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


Form = Annotated[dict[str, str], Depends(form_fields)]
