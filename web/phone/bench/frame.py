"""What the pages of the bench share: who may open them, and what a form of them is answered, once, to a browser and to its queue."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from rules.facts import STAFF, Refused
from services.attachments import Kept, check_number
from services.attachments.carrying import carried, taken_back
from services.intake.submissions import claim, key_of, settle
from services.moves import Conflict
from services.visibility import places_of
from web.access.visitor import Sent, Visitor
from web.console.moves import said_of
from web.errors import explained
from web.intake import kept
from web.rendering import render
from web.site import Site, language_of
from web.words import translated
from wording import say

Pieces = dict[str, tuple[Kept, ...]]  #: photos by the name of their field
Does = Callable[[Session, Pieces], str]
_JSON: Final = "application/json"
_SEEN_ELSEWHERE: Final = ("unknown_case", "unknown_action")  #: refusals after which there is no form to show again


@dataclass(frozen=True, slots=True)
class Call:
    """A form that was sent to the bench.

    Attributes:
        given: Its fields, as they were typed.
    """

    request: Request
    form: Sent
    who: Visitor
    site: Site
    now: datetime

    @property
    def lang(self) -> str:
        """The language of the answer."""
        return language_of(self.request)

    @property
    def key(self) -> str:
        """The key of the form, with whose it is.

        Raises:
            Refused: `submission_key`.
        """
        return key_of(self.who.actor, self.form.fields.get("key", ""))

    def text(self, name: str) -> str:
        """What was typed into a field, without the blanks around it."""
        return self.form.fields.get(name, "").strip()

    def photos(self, name: str) -> tuple[Kept, ...]:
        """The photos of a field: those of a form that was refused before, then those that were added; kept on disk.

        Raises:
            Refused: `report_form_old`, `too_many_files`, as `services.attachments.keep`.
        """
        before = taken_back(self.form.fields.get(f"kept_{name}", ""), self.key)
        found = (*before, *kept(self.form.files.get(name, ()), self.site.settings))
        check_number(found)
        return found


@dataclass(frozen=True, slots=True)
class Again:
    """A form that is shown once more.

    Attributes:
        sentence: Why.
        typed: What was typed.
        photos: What was sent along and is kept, by field.
    """

    sentence: str = ""
    typed: dict[str, str] | None = None
    photos: Pieces | None = None


def check_staff(who: Visitor) -> None:
    """See to it that whoever opens the bench is one of the staff.

    Raises:
        Refused: `bench_staff_only`.
    """
    if not who.actor.roles & STAFF:
        raise Refused("bench_staff_only")


def once(call: Call, photos: tuple[str, ...], does: Does, show: Callable[[Again], Response]) -> Response:
    """Do what a form asks for, once, however often it is sent, and answer as it was asked: with a page, or in a few words to the queue.

    Args:
        call: The form.
        photos: Names of its fields with photos.
        does: Does it in one unit of work, and says which page tells of it.
        show: Shows the form once more.
    """
    pieces: Pieces = {}
    try:
        check_staff(call.who)
        key = call.key
        for name in photos:
            pieces[name] = call.photos(name)
        with call.site.database.unit_of_work() as session:
            before = claim(session, key, call.who.actor, call.now)
            where = before if before is not None else settle(session, key, does(session, pieces))
    except ValidationError as error:
        found = explained([{**each, "loc": ("body", *each["loc"])} for each in error.errors()], call.lang)
        return _refused(call, 422, say("web.comma", call.lang).join(each["sentence"] for each in found), pieces, show)
    except Conflict:
        return _refused(call, 409, translated("这件案件刚被别人改过，这一次没有生效。请看最新情况再决定。", call.lang), pieces, show)
    except Refused as refusal:
        if refusal.code in _SEEN_ELSEWHERE:
            raise
        return _refused(call, 409, said_of(refusal, call.lang), pieces, show)
    return JSONResponse({"where": where}, 201) if _to_queue(call.request) else RedirectResponse(where, 303)


def _refused(call: Call, status: int, sentence: str, pieces: Pieces, show: Callable[[Again], Response]) -> Response:
    if _to_queue(call.request):
        return JSONResponse({"sentence": sentence}, status)
    answer = show(Again(sentence, dict(call.form.fields), pieces))
    answer.status_code = status
    return answer


def _to_queue(request: Request) -> bool:
    return _JSON in request.headers.get("accept", "")


def bench_page(request: Request, who: Visitor, template: str, again: Again | None = None, **values: Any) -> Response:  # noqa: ANN401 - values of the template
    """Make a page of the bench.

    Args:
        request: What is answered.
        who: Who is signed in.
        template: File below web/templates/phone/bench.
        again: What was typed and refused; the same key is kept, because nothing was done under it.
        values: What the template names.

    Raises:
        Refused: `bench_staff_only`.
    """
    check_staff(who)
    lang, again = language_of(request), again or Again()
    key = (again.typed or {}).get("key") or secrets.token_hex(10)
    lines = {name: carried(files, key_of(who.actor, key)) for name, files in (again.photos or {}).items()} if again.photos else {}
    return render(
        request,
        f"phone/bench/{template}",
        who=who,
        csrf=who.csrf,
        key=key,
        post=getattr(who.person.title, lang),
        unit_name=getattr(who.known.names[who.person.unit_id], lang),
        zone=who.known.zone,
        sentence=again.sentence,
        typed=again.typed or {},
        kept=lines,
        kept_n={name: len(files) for name, files in (again.photos or {}).items()},
        **values,
    )


def areas_of(who: Visitor, lang: str) -> list[tuple[str, str]]:
    """The places that somebody works for, from the top down, as (code, name); of others all of the district's."""
    known = who.known
    mine = places_of(who.actor, known) or frozenset(known.units)
    wanted = [u for u in known.units.values() if u.id in mine and u.code in known.areas and not u.retired]
    by_line = sorted(wanted, key=lambda u: [known.units[i].code for i in reversed(known.line(u.id))])
    return [(u.code, str(getattr(known.names[u.id], lang))) for u in by_line]


def own_area(who: Visitor) -> str:
    """The place that somebody works for; empty where there is none."""
    code = who.known.units[who.person.unit_id].code
    return code if code in who.known.areas else ""
