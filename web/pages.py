"""Pages for people: the list of cases with a small form, one case, and the door. Reading never changes anything."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic import ValidationError

from rules.facts import Refused, State
from services.catalogue import catalogue
from services.listing import Wanted, list_cases, read_case
from web import views
from web.guards import OwnForm, SignedIn, is_token, open_session, own_path, SESSION_COOKIE
from web.intake import HandedIn, choices, hand_in
from web.site import LANGUAGE_COOKIE, Here, Lang, Now, Site, language_of
from wording import LANGUAGES, say
