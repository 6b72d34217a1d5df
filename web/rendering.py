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

from web.site import LANGUAGE_COOKIE, language_of
from wording import LANGUAGES, say

_YEAR: Final = 365 * 24 * 3600


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("web", "templates"), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["local"] = _local
    environment.globals["style_version"] = _style_version()
    return environment


def _style_version() -> str:
    """A fingerprint of the style sheet, so that browsers fetch a new one and keep an old one."""
    return hashlib.sha256(resources.files("web").joinpath("static/bihuan.css").read_bytes()).hexdigest()[:8]


def _local(moment: datetime, zone: tzinfo, *, short: bool = False) -> str:
    """A moment on the district's clock; both languages read this form."""
    return f"{moment.astimezone(zone):{'%m-%d %H:%M' if short else '%Y-%m-%d %H:%M'}}"


def in_words(seconds: int, lang: str) -> str:
    """A stretch of natural time as people say it: minutes below an hour, hours below two days, then days."""
    minutes = abs(seconds) // 60
    unit, size = next(((u, s) for u, s, least in (("days", 1440, 2880), ("hours", 60, 60)) if minutes >= least), ("minutes", 1))
    return say(f"web.{unit}", lang, n=minutes // size)


def render(request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any) -> HTMLResponse:  # noqa: ANN401 - values of the template
    """Make a page in the language asked for; a language chosen in the address is kept in a cookie.

    Args:
        request: What is answered.
        template: File in web/templates.
        status: HTTP status.
        headers: More headers.
        values: What the template names.
    """
    lang = language_of(request)
    words = partial(_sentence, lang)
    page = (
        _environment()
        .get_template(template)
        .render(
            t=words,
            lang=lang,
            other_lang_link=_other_language(request, lang),
            in_words=partial(in_words, lang=lang),
            **{"signed_in": False, **values},
        )
    )
    answer = HTMLResponse(page, status, dict(headers or {}) | {"Content-Language": "zh-CN" if lang == "zh" else "en"})
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, lang, max_age=_YEAR, httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return answer


def _sentence(lang: str, key: str, **values: object) -> str:
    return say(key, lang, **values)


def _other_language(request: Request, lang: str) -> str:
    """The same page in the other language; of an answer to a form, the list."""
    other = next(x for x in LANGUAGES if x != lang)
    if request.method != "GET":
        return f"/cases?{urlencode({'lang': other})}"
    return f"{request.url.path}?{urlencode([(k, v) for k, v in request.query_params.multi_items() if k != 'lang'] + [('lang', other)])}"
