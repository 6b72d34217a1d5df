"""Versions of words as they stand in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import MessageTemplate, connection_of, table
from notifications.notices import NOTICES
from notifications.rendering import EMAIL, MEDIA, TemplateText
from rules.facts import Actor, Refused
from services.catalogue import catalogue
from wording import LANGUAGES

_template = table(MessageTemplate)
#: Roles that may write and publish words, if they are of the centre or the district.
MAY_WRITE: Final = frozenset({"admin", "head"})
BUILT_IN: Final = 0  #: number of the version that came with the program


class TemplateState(StrEnum):
    """How far a version of the words has come."""

    DRAFT = "draft"  #: being written; may change
    PROPOSED = "proposed"  #: checked, waits for a second person; never changes again
    PUBLISHED = "published"  #: in use, the newest of them first
    REFUSED = "refused"  #: a second person said no
    RETIRED = "retired"  #: no longer used; what was sent with it stays on record


@dataclass(frozen=True, slots=True)
class Which:
    """What words are for: a notice (that of its template where several notices share one), a medium, a language."""

    notice: str
    medium: str
    lang: str

    @classmethod
    def of(cls, notice: str, medium: str, lang: str) -> "Which":
        """Check what somebody wrote.

        Raises:
            Refused: `unknown_notice`, `unknown_medium`, `unknown_language`.
        """
        if notice not in NOTICES:
            raise Refused("unknown_notice", notice=notice)
        if medium not in MEDIA:
            raise Refused("unknown_medium", given=medium, known=", ".join(MEDIA))
        if lang not in LANGUAGES:
            raise Refused("unknown_language", given=lang, known=", ".join(LANGUAGES))
        return cls(NOTICES[notice].template, medium, lang)

    @property
    def said(self) -> str:
        """How it is called on record."""
        return f"{self.notice}:{self.medium}:{self.lang}"


def versions(session: Session, which: Which | None = None) -> Sequence[Any]:
    """Every version in the database, the newest of each first; of one notice, medium and language, or of all."""
    wanted = select(_template).order_by(_template.c.notice, _template.c.medium, _template.c.lang, _template.c.version.desc())
    if which is not None:
        wanted = wanted.where(_template.c.notice == which.notice, _template.c.medium == which.medium, _template.c.lang == which.lang)
    return connection_of(session).execute(wanted).all()


def version_of(session: Session, which: Which, version: int) -> Any:  # noqa: ANN401 - a result row
    """One version.

    Raises:
        Refused: `unknown_template_version`.
    """
    found = next((row for row in versions(session, which) if row.version == version), None)
    if found is None:
        raise Refused("unknown_template_version", notice=which.notice, medium=which.medium, in_lang=which.lang, version=version)
    return found


def text_of(row: Any) -> TemplateText:  # noqa: ANN401 - a result row
    """The words of a row."""
    return TemplateText(row.subject, row.body)


def check_person(session: Session, user: str) -> Actor:
    """The person, if he or she may deal with words: an administrator, or the head of the district's 网格中心.

    Raises:
        Refused: `unknown_user`, `left`; `not_your_templates`.
    """
    known = catalogue(session)
    actor = known.actor(user)
    if not actor.roles & MAY_WRITE or actor.unit_id not in (known.district_id, known.desk_id):
        raise Refused("not_your_templates", user=user)
    return actor


def read_text(medium: str, written: str) -> TemplateText:
    """Words as people write them into a file: of an e-mail the first line is the subject, then an empty line, then the body.

    Raises:
        Refused: `template_empty`; `template_no_subject`.
    """
    text = written.replace("\r\n", "\n").strip("\n")
    if not text.strip():
        raise Refused("template_empty")
    if medium != EMAIL:
        return TemplateText("", text.strip())
    subject, _, body = text.partition("\n\n")
    if "\n" in subject or not body.strip():
        raise Refused("template_no_subject")
    return TemplateText(subject.strip(), body.strip("\n"))


def written_text(words: TemplateText) -> str:
    """Words as `read_text` reads them."""
    return f"{words.subject}\n\n{words.body}" if words.subject else words.body
