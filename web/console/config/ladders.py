"""The ladders (升级阶梯): who is told at which share of a limit; rungs are edited in a draft of the policy and published with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Refused
from rules.ladder import RED, Post
from rules.ladder_checks import WrittenLadder
from services.catalogue import catalogue
from services.policies import editing
from services.policies.stored import policy_file
from services.policy_files.values import PolicyRefused, worded
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.ladders_shown import FIRST, form_of, shown
from web.console.config.sla import check_looks, number
from web.console.config.words import said
from web.console.page import page
from web.site import Here, Lang, Now, Site, language_of
from web.views import Words

router = APIRouter(include_in_schema=False)
PATH: Final = "/config/ladders"
MOST: Final = 20  #: rungs that a form may have


@router.get(PATH)
def ladder_page(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """One ladder of a version."""
    check_looks(who)
    return _page(request, who, site, now)


@router.post(PATH)
def change(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Make a draft, or write the rungs of a ladder of one; what is refused is said on the page, with what was typed."""
    version, code, by = number(form.fields.get("v", "")), form.fields.get("l", "") or FIRST, who.person.name
    try:
        with site.database.unit_of_work() as session:
            if form.fields.get("do") == "draft":
                version = editing.start(session, by, now)
                return RedirectResponse(f"{PATH}?v={version}&l={code}", 303)
            if form.fields.get("do") != "rungs":
                raise Refused("unknown_action", action=form.fields.get("do", ""))
            editing.put_ladder(session, version, _written(session, version, code, form), by, now)
    except PolicyRefused as refusal:
        check_looks(who)
        return _page(request, who, site, now, 409, form, [worded(problem, lang) for problem in refusal.problems])
    except Refused as refusal:
        check_looks(who)
        return _page(request, who, site, now, 409, form, [said(refusal, lang)])
    return RedirectResponse(f"{PATH}?v={version}&l={code}&done=written", 303)


def _written(session: Session, version: int, code: str, form: Sent) -> WrittenLadder:
    """The ladder as the form has it; a rung that is crossed out, and an empty one, are left out."""
    stored = next((each for each in policy_file(session, version).ladders if each.code == code), None)
    if stored is None:
        raise Refused("unknown_ladder", ladder=code[:30])
    known = {str(rung["code"]): rung for rung in stored.rungs}
    kept = [i for i in range(MOST) if form.fields.get(f"r{i}_code", "").strip() and form.fields.get(f"r{i}_drop") != "yes"]
    return WrittenLadder(0, code, stored.zh, stored.en, tuple(_as_before(rung_of(i, form), known) for i in kept))


_FIELDS: Final = ("code", "number", "side", "unit", "act", "notice", "only", "low", "hold", "gap", "red")


def rung_of(i: int, form: Sent) -> dict[str, Any]:
    """A rung of the form as a policy file writes it; what is as it would be anyway is left out."""
    fields: Mapping[str, str] = {name: form.fields.get(f"r{i}_{name}", "").strip() for name in _FIELDS}
    unit, count = fields["unit"], fields["number"]
    at = f"{count}%" if unit == "%" else f"{'-' if fields['side'] == 'before' else '+'}{count}{unit}"
    rung: dict[str, Any] = {"code": fields["code"], "at": at, "act": fields["act"], "notice": fields["notice"]}
    more = {
        "only": "wd" if fields["only"] == "yes" else "",
        "to": list(form.many.get(f"r{i}_to", ())),
        "low": fields["low"] == "yes",
        "hold": "working" if fields["hold"] == "yes" else "",
        "gap": fields["gap"],
    }
    red = fields["red"] == "yes"
    own = {} if red == (fields["code"] in RED) else {"red": red}
    return rung | own | {name: value for name, value in more.items() if value}


def _as_before(rung: dict[str, Any], known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The rung with those whom it tells as they are written already, where they are the same: `above` is `clerk+1`."""
    old = known.get(rung["code"], {}).get("to", ())
    same = set(map(Post.parse, old)) == set(map(Post.parse, rung.get("to", ())))
    return rung | {"to": list(old)} if old and same else rung


def _page(
    request: Request,
    who: Visitor,
    site: Site,
    now: datetime,
    status: int = 200,
    form: Sent | None = None,
    sentences: Sequence[str] = (),
) -> Response:
    typed = dict(form.fields) if form is not None else {}
    asked: Mapping[str, str] = typed if form is not None else request.query_params
    with site.database.unit_of_work() as session:
        words = Words(catalogue(session), language_of(request))
        view = shown(session, who.actor, words, number(asked.get("v", "")), asked.get("l", ""), now)
    rungs = typed if typed.get("do") == "rungs" else {}
    view["form"] = form_of(view["written"], rungs, form.many if form else {}, words) if view["is_draft"] and view["may_edit"] else None
    return page(request, who, "config/ladders.html", "ladders", status, **view, sentences=sentences, done=asked.get("done", ""))
