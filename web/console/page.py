"""What every page of the console has around it: place, person, navigation, search."""

import secrets
from typing import Any

from fastapi import Request, Response

from web.access.visitor import Visitor
from web.console.nav import nav_of
from web.rendering import render
from web.site import language_of


def page(request: Request, who: Visitor, template: str, here: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - values of the template
    """Make a page of the console.

    Args:
        request: What is answered.
        who: Who is signed in.
        template: File below web/templates/console.
        here: Key of the navigation's present entry.
        status: HTTP status.
        values: What the template names.
    """
    lang = language_of(request)
    unit = who.known.names[who.person.unit_id]
    return render(
        request,
        f"console/{template}",
        status,
        who=who,
        csrf=who.csrf,
        post=getattr(who.person.title, lang),
        unit_name=getattr(unit, lang),
        place=getattr(who.known.names[who.known.district_id], lang),
        nav=nav_of(who.actor),
        here=here,
        zone=who.known.zone,
        form_key=secrets.token_hex(10),
        **values,
    )
