"""Turning values into a page: Jinja2 with autoescape, no script, no inline style, local time."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache, partial
from importlib import resources
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from web import words
from web.site import LANGUAGE_COOKIE, SIZE_COOKIE, is_large, language_of, site_of
from wording import LANGUAGES, say

TOUR_COOKIE: Final = "bihuan_tour"  #: number of the case that a newcomer carries through a demonstration
_YEAR: Final = 365 * 24 * 3600


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("web", "templates"), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    words.install(environment)
    environment.filters["local"] = _local
    environment.globals["style_version"] = _style_version()
    return environment


def _style_version() -> str:
    """A fingerprint of style sheets and scripts, so that browsers fetch new ones and keep old ones."""
    files = sorted(resources.files("web").joinpath("static").iterdir(), key=lambda each: each.name)
    return hashlib.sha256(b"".join(each.read_bytes() for each in files if each.is_file())).hexdigest()[:8]


def _local(moment: datetime, zone: tzinfo, *, short: bool = False) -> str:
    """A moment on the district's clock; both languages read this form."""
    return f"{moment.astimezone(zone):{'%m-%d %H:%M' if short else '%Y-%m-%d %H:%M'}}"


def render(request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any) -> HTMLResponse:  # noqa: ANN401 - values of the template
    """Make a page in the language asked for; a language chosen in the address is kept in a cookie.

    Args:
        request: What is answered.
        template: File in web/templates.
        status: HTTP status.
        headers: More headers.
        values: What the template names.
    """
    lang, large = language_of(request), is_large(request)
    own = {
        "t": partial(_sentence, lang),
        "lang": lang,
        "large": large,
        "other_lang_link": _with(request, "lang", next(x for x in LANGUAGES if x != lang)),
        "demo": site_of(request).settings.demo,
        "tour": TOUR_COOKIE in request.cookies and site_of(request).settings.demo,
        "size_link": _with(request, "size", "standard" if large else "large"),
    }
    page = _environment().get_template(template).render({**own, **values})
    answer = HTMLResponse(page, status, dict(headers or {}) | {"Content-Language": "zh-CN" if lang == "zh" else "en"})
    if request.query_params.get("lang") in LANGUAGES:
        _remember(answer, request, LANGUAGE_COOKIE, lang)
    if "size" in request.query_params:
        _remember(answer, request, SIZE_COOKIE, "large" if large else "standard")
    return answer


def _remember(answer: HTMLResponse, request: Request, cookie: str, value: str) -> None:
    answer.set_cookie(cookie, value, max_age=_YEAR, httponly=True, samesite="lax", secure=request.url.scheme == "https")


def _sentence(lang: str, key: str, **values: object) -> str:
    return say(key, lang, **values)


def _with(request: Request, name: str, value: str) -> str:
    """The same page with one thing in its address changed; of an answer to a form, the page it stands on."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != name] if request.method == "GET" else []
    return f"{request.url.path}?{urlencode([*kept, (name, value)])}"
