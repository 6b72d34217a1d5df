"""What the pages of the ledgers share: a form as data, one request with what was sent, and the one door for whatever is posted."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from services.catalogue import Catalogue
from services.moves import Conflict, Setting
from web.access.once import once
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.page import page
from web.errors import refusal_in_words
from web.site import Here, Lang, Now, Site
from web.views import Words
from web.words import translated

Option = tuple[str, str]
_TABLES: Final = (".csv", ".xlsx")
_DIGITS: Final = 9  #: of a number that a column holds


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of a form.

    Attributes:
        name: Under which it is sent.
        label, hint: In Chinese, as in the catalogues of pages.
        kind: text, textarea, select, many, number, date, month, tel, file or check.
        wanted: Whether it must be filled in.
        options: What may be chosen, worded already.
    """

    name: str
    label: str
    kind: str = "text"
    wanted: bool = True
    options: Sequence[Option] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page.

    Attributes:
        do: What it does, as it is sent.
        title: In Chinese; also on its button.
        fixed: What is sent besides what is typed.
        grave: It ends or undoes something: its button is red.
        key: Tells it from another form of the page that does the same.
    """

    do: str
    title: str
    asks: Sequence[Ask] = ()
    hint: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    grave: bool = False
    key: str = ""

    @property
    def files(self) -> bool:
        """Whether a file is sent with it."""
        return any(ask.kind == "file" for ask in self.asks)


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be said of a form that was refused: which, why, and what was typed."""

    do: str = ""
    sentence: str = ""
    key: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    many: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of these pages: who comes, when, in which language, and what was sent, if anything."""

    request: Request
    who: Visitor
    site: Site
    now: datetime
    lang: str
    form: Sent | None = None

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.who.actor

    @property
    def known(self) -> Catalogue:
        """The reference data."""
        return self.who.known

    @property
    def setting(self) -> Setting:
        """The instant, as moves take it."""
        return Setting(self.now)

    @property
    def words(self) -> Words:
        """Names of things in the language of the page."""
        return Words(self.known, self.lang)

    def asked(self, name: str, most: int = 60) -> str:
        """What the address says."""
        return self.request.query_params.get(name, "").strip()[:most]

    def text(self, name: str) -> str:
        """What was typed into a field; empty: nothing."""
        return self.form.fields.get(name, "").strip() if self.form is not None else ""

    def maybe(self, name: str) -> str | None:
        """The same; None: nothing."""
        return self.text(name) or None

    def many(self, name: str) -> tuple[str, ...]:
        """What was chosen in a field of many."""
        return tuple(each for each in self.form.many.get(name, ()) if each) if self.form is not None else ()

    def number(self, name: str) -> int | None:
        """A whole number; None: nothing was typed.

        Raises:
            Refused: `number_unreadable`.
        """
        text = self.text(name)
        if not text:
            return None
        if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > _DIGITS:
            raise Refused("number_unreadable", given=text[:20])
        return int(text)

    def whole(self, name: str) -> int:
        """A whole number that must be there.

        Raises:
            Refused: `number_unreadable`.
        """
        found = self.number(name)
        if found is None:
            raise Refused("number_unreadable", given="—")
        return found

    def day(self, name: str) -> date | None:
        """A day; None: nothing was typed.

        Raises:
            Refused: `bad_date_here`.
        """
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise Refused("bad_date_here", given=text[:20]) from None

    def moment(self, name: str, *, ends: bool = False) -> datetime | None:
        """A day as a moment: its beginning in local time, or its last minute; None: nothing was typed.

        Raises:
            Refused: `bad_date_here`.
        """
        day = self.day(name)
        return datetime.combine(day, time(23, 59) if ends else time(), self.known.zone) if day is not None else None

    @contextmanager
    def table(self, name: str, *suffixes: str) -> Iterator[Path]:
        """A table that was sent, as a file for the time that it is read; by default CSV or a spreadsheet.

        Raises:
            Refused: `table_wanted`, nothing was sent, or something else.
        """
        sent = self.form.files.get(name, ()) if self.form is not None else ()
        suffix = Path(sent[0].filename or "").suffix.lower() if sent else ""
        if suffix not in (suffixes or _TABLES):
            raise Refused("table_wanted", known=", ".join(suffixes or _TABLES))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"table{suffix}"
            path.write_bytes(sent[0].file.read())
            yield path


def _looking(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Turn:
    return Turn(request, who, site, now, lang)


def _acting(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Turn:
    return Turn(request, who, site, now, lang, form)


Looks = Annotated[Turn, Depends(_looking)]
Acts = Annotated[Turn, Depends(_acting)]
#: Does what a form asks for in one unit of work; gives back where to go then, None: the page from which it was sent.
Deed = Callable[[Session, Turn], str | None]
Again = Callable[[Turn, Said], Response]


def carried_out(turn: Turn, deeds: Mapping[str, Deed], again: Again, there: str) -> Response:
    """Do what was posted, once however often it comes, and go back to the page; what is refused shows the page again, with what was typed.

    Args:
        turn: The request.
        deeds: What may be asked for on this page, by the form's `do`.
        again: Makes the page.
        there: Its address.
    """
    do, form = turn.text("do"), turn.form
    try:
        if do not in deeds or form is None:
            raise Refused("unknown_action", action=do[:40])
        with turn.site.database.unit_of_work() as session:
            to = once(session, form, turn.actor, turn.now, lambda: deeds[do](session, turn) or f"{there}?done={do}")
    except Conflict:
        return again(turn, _said(turn, do, translated("这件事刚被别人改过，您填的还没有生效。看看最新情况，再决定。", turn.lang)))
    except Refused as refusal:
        return again(turn, _said(turn, do, refusal_in_words(refusal, turn.lang)))
    return RedirectResponse(to, 303)


def _said(turn: Turn, do: str, sentence: str) -> Said:
    form = turn.form
    if form is None:
        return Said(do, sentence)
    return Said(do, sentence, turn.text("key"), form.fields, form.many)


def shown(turn: Turn, template: str, said: Said | None, done: Mapping[str, str], **values: Any) -> Response:  # noqa: ANN401 - values of the template
    """A page of the ledgers.

    Args:
        turn: The request.
        template: File below web/templates/console.
        said: Of a form that was refused.
        done: What is said once a form has done its work, by its `do`, in Chinese.
        values: What the template names.
    """
    went = done.get(turn.asked("done"), "") if turn.form is None else ""
    status = 409 if said is not None and said.sentence else 200
    more = {"said": said or Said(), "went": went, "words": turn.words, "now": turn.now}
    return page(turn.request, turn.who, template, "ledgers", status, **more, **values)
