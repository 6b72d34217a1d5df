"""Which words are used: the newest published ones; on a public gateway the newest of those that it has approved."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models import MessageTemplate, ProviderTemplate, connection_of, table
from notifications.notices import NOTICES
from notifications.rendering import MEDIA, TemplateText, borrowed, instead, own_words
from notifications.variables import SMS
from services.catalogue import catalogue
from services.catalogue.reading import CHANGED
from services.templates.stored import BUILT_IN, TemplateState

if TYPE_CHECKING:
    from services.deliveries.setup import Setup

_template, _provider = table(MessageTemplate), table(ProviderTemplate)
_PUBLISHED = (
    select(*(_template.c[n] for n in ("notice", "medium", "lang", "version", "subject", "body")))
    .where(_template.c.state == TemplateState.PUBLISHED.value)
    .order_by(_template.c.version.desc())
)
APPROVED: Final = "approved"
_APPROVED = select(*(_provider.c[n] for n in ("channel", "notice", "lang", "version", "code"))).where(_provider.c.state == APPROVED)

Version = tuple[int, TemplateText]


@dataclass(frozen=True, slots=True)
class Words:
    """The words in use.

    Attributes:
        published: Versions that people have published, by template, medium and language; the newest first.
        approved: Codes of approved versions, by channel, template and language.
        public: Channels that send approved words only.
        revision: Of the reference data when they were read.
    """

    published: Mapping[tuple[str, str, str], Sequence[Version]]
    approved: Mapping[tuple[str, str, str], Mapping[int, str]]
    public: frozenset[str] = field(default=frozenset())
    revision: int = 0

    def of(self, notice: str, medium: str, lang: str, channel: str = "") -> Version:
        """The words of a notice and the number of their version.

        Args:
            notice: Its code.
            medium: `sms`, `email`, `im` or `voice`; what has no words of its own says it with those of another medium.
            lang: `zh` or `en`.
            channel: The channel by which they go. On a public gateway the newest approved words are used, so that a version
                which is still being looked at holds up nothing; where none is approved, `provider` says so.

        Raises:
            KeyError: there is no such notice or medium.
        """
        there = self._all(NOTICES[notice].template, medium, lang)
        if medium == SMS and channel in self.public:
            codes = self.approved.get((channel, NOTICES[notice].template, lang), {})
            there = [each for each in there if each[0] in codes] or there
        return there[0]

    def provider(self, channel: str, notice: str, lang: str, version: int) -> str | None:
        """What a public gateway calls these words; None: it has not approved them, and they cannot be sent by it."""
        return self.approved.get((channel, NOTICES[notice].template, lang), {}).get(version)

    def _all(self, template: str, medium: str, lang: str) -> list[Version]:
        """Every version that may be used, the newest first and that of the program last."""
        if medium not in MEDIA:
            raise KeyError(medium)
        published, own = list(self.published.get((template, medium, lang), ())), own_words(template, medium, lang)
        if own is not None:
            return [*published, (BUILT_IN, own)]
        if published:
            return published
        return [(version, borrowed(medium, words, lang)) for version, words in self._all(template, instead(medium), lang)]


_cache: "WeakKeyDictionary[Engine, Words]" = WeakKeyDictionary()


def words_for(session: Session, setup: "Setup") -> Words:
    """The words in use; read anew only when the reference data's revision has changed.

    Args:
        session: The unit of work.
        setup: How messages leave this installation: which channels are public gateways.
    """
    public = frozenset(code for code, traits in setup.channels.items() if traits.public)
    read = stored_words(session)
    return Words(read.published, read.approved, public, read.revision)


def stored_words(session: Session) -> Words:
    """What is published and approved, whatever channels there are."""
    revision, engine = catalogue(session).revision, session.get_bind()
    if not isinstance(engine, Engine):
        raise TypeError(engine)
    if CHANGED in session.info:  # not committed, and perhaps never: nobody else may see it
        return _read(session, revision)
    cached = _cache.get(engine)
    if cached is None or cached.revision != revision:
        cached = _cache[engine] = _read(session, revision)
    return cached


def _read(session: Session, revision: int) -> Words:
    published: dict[tuple[str, str, str], list[Version]] = defaultdict(list)
    for row in connection_of(session).execute(_PUBLISHED):
        published[row.notice, row.medium, row.lang].append((row.version, TemplateText(row.subject, row.body)))
    approved: dict[tuple[str, str, str], dict[int, str]] = defaultdict(dict)
    for row in connection_of(session).execute(_APPROVED):
        approved[row.channel, row.notice, row.lang][row.version] = row.code
    return Words(dict(published), dict(approved), revision=revision)
