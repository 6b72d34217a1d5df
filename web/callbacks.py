"""Where providers bring receipts and replies: a secret path for each channel; an unknown one is a page that does not exist."""

import logging
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse

from services.callbacks import caller_of, take
from web.site import Here, Now

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)
_NO_PAGE: Final = 404
_UNREADABLE: Final = 400


async def whole_body(request: Request) -> bytes:
    """What was pushed; its size is limited and it is read already."""
    return await request.body()


Body = Annotated[bytes, Depends(whole_body)]


@router.post("/callbacks/{secret}")
@router.post("/callbacks/{code}/{secret}")
def pushed(request: Request, secret: str, body: Body, site: Here, now: Now, code: str | None = None) -> Response:
    """Take what a provider pushes, and answer as it wants, so that it does not push it again.

    The channel's code in the path is for people who look at the provider's console; the secret alone decides.

    Raises:
        HTTPException: 404, the path is no channel's.
    """
    with site.database.unit_of_work() as session:
        caller = caller_of(session, site.settings, secret)
    if caller is None or code not in (None, caller.channel):
        raise HTTPException(_NO_PAGE)
    try:
        found = caller.read(body, request.headers)
    except ValueError as problem:
        log.warning("channel %s: cannot read what was pushed: %s", caller.channel, problem)
        return PlainTextResponse(str(problem), _UNREADABLE)
    with site.database.unit_of_work() as session:
        take(session, caller.channel, [*found.confirmations, *found.replies], now)
    return Response(found.answer, media_type="application/json")
