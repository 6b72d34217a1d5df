"""A channel added or put in another's place: a form drawn from what its kind takes, tried before it is saved; secrets only go in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from notifications.chains import IN_CHAINS
from notifications.channels.secrets import masked_url
from notifications.outcome import Finding
from rules.facts import Refused
from services.channels import Configured, Wanted, configured
from services.channels.forms import ChannelUnusable, Described, composed, described
from services.channels.kinds import Kind, kinds
from services.channels.setting_up import SetUp, callback_address, check_own, look, refuse_unusable, set_up
from services.channels.stored import check_administrator, may_configure, new_secret, remove
from services.messages.trying import TryOut, try_out
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.channels import told
from web.console.config.channels_words import fields_shown, findings_shown, said
from web.console.page import page
from web.site import Here, Now, Site, language_of
from web.views import Words

router = APIRouter(include_in_schema=False)
_NOTE: Final = 200  #: characters


@dataclass(frozen=True, slots=True)
class _Form:
    """One form: which channel, of which kind, what is on record and what was typed.

    Attributes:
        code: None: a new channel, whose code is typed.
        present: The channel as it is configured.
        typed: None: nothing was typed yet.
    """

    code: str | None
    kind: Kind
    present: Configured | None = None
    typed: Mapping[str, str] | None = None

    @property
    def known(self) -> Described | None:
        """What is on record, as a form shows it."""
        return described(self.present.url) if self.present is not None and self.code is not None else None

    @property
    def path(self) -> str:
        """Where it is sent."""
        return "/config/channels/new" if self.code is None else f"/config/channels/{self.code}/edit"


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said above a form.

    Attributes:
        tried: Whether a test message was taken, and the sentence about it.
        callback: Where receipts are to come, shown this once.
    """

    sentence: str = ""
    findings: list[Finding] = field(default_factory=list)
    tried: dict[str, Any] | None = None
    callback: str = ""
    status: int = 200


@router.get("/config/channels/new")
def new(request: Request, who: Signed, site: Here) -> Response:
    """Which kind of channel, then its form."""
    with site.database.unit_of_work() as session:
        check_administrator(session, who.actor.name)
    asked = request.query_params.get("kind", "")
    if not asked:
        offered = [(code, each.suits) for code, each in kinds().items()]
        return page(request, who, "config/channel_kinds.html", "config", kinds=offered)
    return _page(request, who, site, _Form(None, _kind(asked)), _Said())


@router.get("/config/channels/{code}/edit")
def edit(request: Request, code: str, who: Signed, site: Here) -> Response:
    """A channel as it is, without its secrets."""
    return _page(request, who, site, _form(site, who, code[:20], request.query_params.get("kind", ""), None), _Said())


@router.post("/config/channels/new")
def add(request: Request, form: Posted, who: Signed, site: Here, now: Now) -> Response:
    """Try it, or write it down."""
    with site.database.unit_of_work() as session:
        check_administrator(session, who.actor.name)
    return _done(request, who, site, _Form(None, _kind(form.fields.get("kind", "")), None, form.fields), form, now)


@router.post("/config/channels/{code}/edit")
def change(request: Request, code: str, form: Posted, who: Signed, site: Here, now: Now) -> Response:
    """Try it, put it in the other's place, take it away, or give it another address for receipts."""
    return _done(request, who, site, _form(site, who, code[:20], form.fields.get("kind", ""), form.fields), form, now)


def _form(site: Site, who: Visitor, code: str, kind: str, typed: Mapping[str, str] | None) -> _Form:
    """Raises Refused: `unknown_channel`, `channel_of_environment`, `channel_built_in`, `channel_admins_only`."""
    with site.database.unit_of_work() as session:
        check_administrator(session, who.actor.name)
        present = configured(session, site.settings).get(code)
    if present is None:
        raise Refused("unknown_channel", channel=code)
    check_own(present.origin, code)
    return _Form(code, _kind(kind) if kind else described(present.url).kind, present, typed)


def _kind(code: str) -> Kind:
    """Raises Refused: `unknown_channel_kind`."""
    if code not in kinds():
        raise Refused("unknown_channel_kind")
    return kinds()[code]


def _done(request: Request, who: Visitor, site: Site, form: _Form, posted: Sent, now: datetime) -> Response:
    lang, what, by = language_of(request), posted.fields.get("do", ""), who.actor.name
    try:
        if form.code is not None and what == "remove":
            with site.database.unit_of_work() as session:
                remove(session, form.code, by, now)
            return RedirectResponse("/config/channels?done=remove", 303)
        if form.code is not None and what == "callback":
            with site.database.unit_of_work() as session:
                secret = new_secret(session, form.code, by, now)
            again = _form(site, who, form.code, "", None)
            return _page(request, who, site, again, _Said(callback=callback_address(site.settings, form.code, secret)))
        if what == "test":
            return _page(request, who, site, form, _tried(request, who, site, form, now))
        if what != "save":
            raise Refused("unknown_action", action=what[:20])
        return _saved(request, who, site, form, now)
    except ChannelUnusable as refusal:
        return _page(request, who, site, form, _Said(said(refusal, lang), refusal.findings, status=409))
    except Refused as refusal:
        return _page(request, who, site, form, _Said(said(refusal, lang), status=409))


def _wanted(form: _Form) -> Wanted:
    """The channel that was typed.

    Raises:
        ChannelUnusable: its fields do not make an address.
    """
    typed = form.typed or {}
    code = form.code if form.code is not None else typed.get("code", "")[:40].strip()
    url, wrong = composed(form.kind, typed, form.present.url if form.present is not None else None)
    refuse_unusable(code, wrong)
    return Wanted(code, url, typed.get("public") == "yes", typed.get("note", "")[:_NOTE].strip(), form.code is not None)


def _saved(request: Request, who: Visitor, site: Site, form: _Form, now: datetime) -> Response:
    typed, wanted = form.typed or {}, _wanted(form)
    seen = form.present.changed_at if form.present is not None and form.present.changed_at is not None else None
    if seen is not None and typed.get("seen", "") != seen.isoformat():
        raise Refused("channel_changed", channel=wanted.code)
    made: SetUp = set_up(site.database, site.settings, wanted, who.actor.name, lambda: now, ask="unasked" not in typed, seen=seen)
    if made.secret is None or not made.called_back:
        return RedirectResponse(f"/config/channels?done={'spare' if made.spare else 'save'}#{wanted.code}", 303)
    there = _form(site, who, wanted.code, "", None)
    address = callback_address(site.settings, wanted.code, made.secret)
    return _page(request, who, site, there, _Said(findings=made.findings, callback=address))


def _tried(request: Request, who: Visitor, site: Site, form: _Form, now: datetime) -> _Said:
    """What a look at the channel found and, if it can be used, what became of a message to oneself by it."""
    wanted, by, lang = _wanted(form), who.actor.name, language_of(request)
    with site.database.unit_of_work() as session:
        may_configure(session, replace(wanted, replace=True), by)
    findings = look(site.settings, wanted)
    refuse_unusable(wanted.code, findings)
    try:
        tried = try_out(site.database, site.settings, TryOut(wanted.code, by, url=wanted.address), lambda: now)
    except Refused as refusal:
        return _Said(said(refusal, lang), findings, status=409)
    return _Said(findings=findings, tried=told((wanted.code, tried), Words(who.known, lang), now))


def _page(request: Request, who: Visitor, site: Site, form: _Form, about: _Said) -> Response:
    lang, present, known = language_of(request), form.present, form.known
    fields = fields_shown(form.kind, known, form.typed, lang)
    typed = form.typed if form.typed is not None else {}
    stored_note = present.note if present is not None else ""
    values: dict[str, Any] = {"code": form.code, "kind": form.kind.code, "path": form.path, "kinds": list(kinds()), "in_chains": IN_CHAINS}
    values |= {
        "url": masked_url(present.url) if present is not None else "",
        "paused": present is not None and not present.enabled,
        "seen": present.changed_at.isoformat() if present is not None and present.changed_at is not None else "",
        "note": typed.get("note", stored_note)[:_NOTE],
        "typed_code": typed.get("code", "") or form.kind.suits,
        "unasked": "unasked" in typed,
        "usual": [each for each in fields if not each["rare"]],
        "rare": [each for each in fields if each["rare"]],
    }
    values |= {"sentence": about.sentence, "tried": about.tried, "callback": about.callback}
    found = findings_shown(about.findings, form.kind, lang)
    return page(request, who, "config/channel.html", "config", about.status, found=found, **values)
