"""Words said of a real case, for whoever looks before they are used; nothing is sent and no code or link is made."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, Clock, Message, WorkOrder, connection_of, table
from notifications.notices import NOTICES
from notifications.rendering import TemplateText, render
from notifications.sms_text import longest, segments, words_refused, worst_case
from notifications.variables import SMS
from rules.facts import Refused, State
from services.catalogue import catalogue
from services.deliveries.loading import affairs, loaded, orders
from services.deliveries.setup import Setup
from services.deliveries.wording import of_affair, values
from services.templates.checking import check
from services.templates.stored import BUILT_IN, Which, text_of, version_of
from services.templates.using import Words, stored_words

_case, _clock, _message, _order = table(Case), table(Clock), table(Message), table(WorkOrder)
#: What only the moment of sending makes.
_SPECIMENS: Final[Mapping[str, str]] = {"code": "ABC234", "rating_code": "ABCD-2345"}


@dataclass(frozen=True, slots=True)
class Occasion:
    """What words are tried on.

    Attributes:
        setup: How messages leave this installation: signature, site, channels.
        no: A case; None: the newest one that is not sensitive.
    """

    setup: Setup
    no: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a recipient would read.

    Attributes:
        version: Of the words; 0: those that came with the program.
        variables: Of a short message: what a gateway would be given.
        segments: Of a short message: so many are charged for this one, and `worst` with variables as long as they may be.
        longest: Of a short message: UTF-16 units at the worst.
        refused_words: Words in it that public gateways refuse; they may come from a variable.
    """

    no: str
    version: int
    subject: str
    text: str
    variables: Mapping[str, str]
    segments: int | None = None
    worst: int | None = None
    longest: int | None = None
    refused_words: tuple[str, ...] = ()


def preview(session: Session, which: Which, occasion: Occasion, version: int | None = None) -> Preview:
    """Say words of a case.

    Args:
        session: The unit of work; nothing is written.
        which: What they are for.
        occasion: What they are tried on.
        version: Which words, a draft too; None: those in use.

    Raises:
        Refused: `unknown_case`, `no_case_to_try`, `preview_sensitive`, `unknown_template_version`.
        TemplateRefused: a version that somebody wrote cannot be used or cannot be said of this case; with each line.
    """
    number, words = words_of(session, which, version)
    told = values_of(session, which, occasion)
    if version:
        check(which, words, told)
    return _said(which, words, number, told)


def tried(session: Session, which: Which, words: TemplateText, occasion: Occasion) -> Preview:
    """Say words of a case that nobody has written down yet; the version is that of no words, 0.

    Raises:
        Refused: `unknown_case`, `no_case_to_try`, `preview_sensitive`.
        TemplateRefused: they cannot be used or cannot be said of this case; with each line.
    """
    told = values_of(session, which, occasion)
    check(which, words, told)
    return _said(which, words, BUILT_IN, told)


def _said(which: Which, words: TemplateText, number: int, told: Mapping[str, Any]) -> Preview:
    said = render(which.notice, which.medium, which.lang, told, words=words)
    fixed = {name: str(told[name]) for name in ("sign", "site") if told.get(name)}
    found = Preview(str(told["no"]), number, said.subject, said.text, said.variables)
    if which.medium != SMS:
        return found
    worst, most = worst_case(words.body, which.lang, fixed), longest(words.body, which.lang, fixed)
    return replace(found, segments=segments(said.text), worst=worst, longest=most, refused_words=tuple(words_refused(said.text)))


def words_of(session: Session, which: Which, version: int | None) -> tuple[int, TemplateText]:
    """Words and the number of their version: those in use, unless a version is named.

    Raises:
        Refused: `unknown_template_version`.
    """
    if version is None:
        return stored_words(session).of(which.notice, which.medium, which.lang)
    if version == BUILT_IN:
        return Words({}, {}).of(which.notice, which.medium, which.lang)
    return version, text_of(version_of(session, which, version))


def values_of(session: Session, which: Which, occasion: Occasion) -> dict[str, Any]:
    """What words of this notice would be given now, about this case: as its newest such message was, or as one would be.

    Raises:
        Refused: `unknown_case`, `no_case_to_try`, `preview_sensitive`.
    """
    setup = replace(occasion.setup, voice=replace(occasion.setup.voice, lang=which.lang))
    case = _case_of(session, occasion.no)
    sharing = [notice.code for notice in NOTICES.values() if notice.template == which.notice]
    newest = select(func.max(_message.c.id)).where(_message.c.case_id == case.id, _message.c.notice.in_(sharing))
    told_of = connection_of(session).execute(newest).scalar()
    row = loaded(session, [told_of])[0] if told_of is not None else _as_a_message(session, case)
    order = orders(session, [row]).get((row.case_id, row.about.get("supervision")))
    affair = affairs(session, [row]).get((row.case_id, row.about.get("affair")))
    beside = of_affair(affair, row.about, catalogue(session), which.lang)
    link = f"{setup.base_url.rstrip('/')}/a/…" if setup.base_url else ""
    return {**values(row, order, catalogue(session), setup), **beside, **_SPECIMENS, "link": link, "no": case.no}


def _case_of(session: Session, no: str | None) -> Any:  # noqa: ANN401 - a result row
    newest = select(_case).where(_case.c.sensitive.is_(None), _case.c.state != State.BESIDE.value).order_by(_case.c.id.desc()).limit(1)
    case = connection_of(session).execute(newest if no is None else select(_case).where(_case.c.no == no)).one_or_none()
    if case is None:
        raise Refused("no_case_to_try") if no is None else Refused("unknown_case", case=no)
    if case.sensitive is not None:
        raise Refused("preview_sensitive", no=no)
    return case


def _as_a_message(session: Session, case: Any) -> SimpleNamespace:  # noqa: ANN401 - a result row
    """A case as `loading` would give it with a message that was never queued: about its lead's limit."""
    run = connection_of(session).execute
    clocks = select(_clock).where(_clock.c.case_id == case.id).order_by(_clock.c.stopped_at.is_(None).desc(), _clock.c.id.desc())
    clock = run(clocks.limit(1)).first()
    lead = run(select(_order.c.unit_id).where(_order.c.case_id == case.id).order_by(_order.c.no).limit(1)).scalar()
    about: dict[str, Any] = {"unit_id": lead, "count": 3, "nos": case.no, "channel": SMS}
    if clock is not None:
        due = clock.due_at.isoformat()
        about |= {"clock": clock.kind, "limit": clock.limit, "due": due, "again": due, "provisional": clock.provisional}
    return SimpleNamespace(**{**case._mapping, "case_id": case.id, "case_state": case.state, "about": about})
