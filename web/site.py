"""What a running web process holds, and what every request is handed: one instant, one language, the database."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Request

import clock
from models import Database
from rules.facts import Refused
from settings import Settings
from web.meters import Meters
from wording import LANGUAGES

LANGUAGE_COOKIE: Final = "bihuan_lang"
SIZE_COOKIE: Final = "bihuan_size"
_CASE_NO: Final = re.compile(r"BH-\d{8}-\d{4,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Site:
    """What is opened once and shared by all requests.

    Attributes:
        token: The token of intake and list; never empty.
        head: The newest migration this program knows.
    """

    settings: Settings
    database: Database
    token: str
    head: str | None
    meters: Meters


def site_of(request: Request) -> Site:
    """The site this request came to."""
    site = request.app.state.site
    if not isinstance(site, Site):
        raise TypeError(site)
    return site


def this_moment() -> datetime:
    """The instant of this request: read once, handed to everything that is decided in it."""
    return clock.utcnow()


def language_of(request: Request) -> str:
    """The language asked for: in the address, by cookie, by the browser; the installation's own otherwise."""
    asked = [request.query_params.get("lang", ""), request.cookies.get(LANGUAGE_COOKIE, ""), *_accepted(request)]
    return next((lang for lang in asked if lang in LANGUAGES), site_of(request).settings.lang)


def is_large(request: Request) -> bool:
    """Whether pages are wanted in large print (大字版): in the address, or by cookie."""
    return request.query_params.get("size", request.cookies.get(SIZE_COOKIE, "")) == "large"


def _accepted(request: Request) -> list[str]:
    """Languages of `Accept-Language`, best first: `en-GB;q=0.8, zh-CN` → zh, en."""
    weighted = []
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        tag, _, weight = part.partition(";q=")
        try:
            weighted.append((-float(weight or 1), tag.strip()[:2].lower()))
        except ValueError:
            continue
    return [tag for _, tag in sorted(weighted, key=lambda found: found[0])]


def case_number(no: str) -> str:
    """A case number from the address; what cannot be one never reaches the database.

    Raises:
        Refused: `unknown_case`.
    """
    if not _CASE_NO.fullmatch(no):
        raise Refused("unknown_case", case=no)
    return no


Here = Annotated[Site, Depends(site_of)]
Now = Annotated[datetime, Depends(this_moment)]
Lang = Annotated[str, Depends(language_of)]
CaseNo = Annotated[str, Depends(case_number)]
