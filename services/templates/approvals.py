"""What public SMS gateways call our words and whether they have approved them: written down by an administrator, or as the gateway says."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from models import ProviderTemplate, begin_write, connection_of, table
from notifications.notices import NOTICES
from notifications.sms_text import SIGNATURE, VARIABLE
from notifications.variables import SMS, vocabulary
from rules.facts import Refused
from services.catalogue import reference_changed
from services.people.rights import on_record
from services.templates.stored import BUILT_IN, Which, check_person, version_of
from services.templates.using import APPROVED, stored_words
from wording import say

_provider = table(ProviderTemplate)
_CODE: Final = re.compile(r"[A-Za-z0-9_\-]{1,40}")


class Approval(StrEnum):
    """How far a gateway has come with our words."""

    PENDING = "pending"  #: handed in; reviewed on working days
    APPROVED = "approved"  #: may be used
    REJECTED = "rejected"  #: may not; the reason is the gateway's


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a gateway says of one version of our words.

    Attributes:
        channel: Code of the channel.
        version: Of our words; 0: those that came with the program.
        code: What the gateway calls them, e.g. `SMS_123456`.
        reason: Why it rejected them.
    """

    channel: str
    which: Which
    version: int
    code: str
    state: Approval
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A notice that a public gateway cannot send.

    Attributes:
        version: The newest words, which it would need.
        state: What the gateway has said of them; None: they were never handed in.
    """

    notice: str
    version: int
    state: str | None


def rule(session: Session, ruling: Ruling, by: str, now: datetime) -> None:
    """Write down what a gateway calls our words, and whether it has approved them; a later word replaces an earlier one.

    Raises:
        Refused: `provider_code_wrong`, `unknown_template_version`, `unknown_user`, `left`, `not_your_templates`.
    """
    begin_write(session)
    check_person(session, by)
    if not _CODE.fullmatch(ruling.code):
        raise Refused("provider_code_wrong", given=ruling.code)
    if ruling.version != BUILT_IN:
        version_of(session, ruling.which, ruling.version)
    write(session, [ruling], by, now)
    told = {"channel": ruling.channel, "version": ruling.version, "code": ruling.code, "state": ruling.state.value}
    on_record(session, by, "template_ruling", ruling.which.said, told, now)


def check_variables(ruling: Ruling, body: str, most: int | None) -> None:
    """Refuse words with a variable that may become longer than the gateway takes: it would refuse the message when somebody needs it.

    Args:
        ruling: What the words are for.
        body: The words.
        most: UTF-16 units that the gateway takes in a variable; None: any number.

    Raises:
        Refused: `template_variables_long`, with each of them.
    """
    known, lang = vocabulary().short, ruling.which.lang
    names = [name for name in VARIABLE.findall(body) if name in known and not known[name].fits(lang, most)]
    if names:
        said = say("short.list_comma").join(f"{name} ({known[name].longest[lang]})" for name in names)
        raise Refused("template_variables_long", channel=ruling.channel, most=most, names=said)


def write(session: Session, rulings: Iterable[Ruling], by: str, now: datetime) -> None:
    """Write rulings down, whoever asked the gateway; may run twice."""
    begin_write(session)
    run = connection_of(session).execute
    for ruling in rulings:
        key = {"channel": ruling.channel, "notice": ruling.which.notice, "lang": ruling.which.lang, "version": ruling.version}
        run(delete(_provider).where(*(_provider.c[name] == value for name, value in key.items())))
        said = {"code": ruling.code, "state": ruling.state.value, "reason": ruling.reason}
        run(insert(_provider).values(**key, **said, changed_at=now, changed_by=by))
    reference_changed(session)


def rulings(session: Session, which: Which | None = None) -> Sequence[Any]:
    """What gateways have said, of one notice and language or of all."""
    wanted = select(_provider).order_by(_provider.c.channel, _provider.c.notice, _provider.c.lang, _provider.c.version)
    if which is not None:
        wanted = wanted.where(_provider.c.notice == which.notice, _provider.c.lang == which.lang)
    return connection_of(session).execute(wanted).all()


def awaited(session: Session) -> list[Which]:
    """The words about which a gateway still has to decide: they were handed in, and nobody has said what became of it."""
    pending = select(_provider.c.notice, _provider.c.lang).where(_provider.c.state == Approval.PENDING.value)
    return [Which(row.notice, SMS, row.lang) for row in connection_of(session).execute(pending.order_by(_provider.c.notice))]


def missing(session: Session, channel: str, lang: str) -> list[Missing]:
    """The notices that a public gateway cannot send, because it has approved no words of them; they take another way.

    Args:
        session: The unit of work.
        channel: Code of a channel that is a public gateway.
        lang: The installation's language.
    """
    words = stored_words(session)
    said = {(row.notice, row.version): row.state for row in rulings(session) if row.channel == channel and row.lang == lang}
    able = {notice for (notice, _), state in said.items() if state == APPROVED and words.approved.get((channel, notice, lang))}
    found = []
    for template in sorted({notice.template for notice in NOTICES.values()} - able):
        version, _ = words.of(template, SMS, lang)
        found.append(Missing(template, version, said.get((template, version))))
    return found


#: How gateways write the n-th variable with this name.
_WRITTEN: Final[Mapping[str, Callable[[int, str], str]]] = {
    "alisms": lambda _, name: f"${{{name}}}",
    "tcsms": lambda n, _: f"{{{n}}}",
    "hwsms": lambda n, _: f"${{{n}}}",
}


def handed_in(body: str, scheme: str, fixed: Mapping[str, str]) -> str:
    """Words of a short message as they are handed in to a gateway: without the signature, which it keeps itself.

    Args:
        body: Our words.
        scheme: That of the channel's address; an unknown one gets names as we write them.
        fixed: The installation's fixed text, which is no variable: `site`.
    """
    written, known = _WRITTEN.get(scheme), vocabulary().short
    numbers = iter(range(1, 1000))

    def one(found: re.Match[str]) -> str:
        name = found[1]
        if name in known and known[name].fixed:
            return fixed.get(name, "")
        return found[0] if written is None else written(next(numbers), name)

    return VARIABLE.sub(one, body.removeprefix(SIGNATURE))
