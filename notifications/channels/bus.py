"""The bus: channels by code, opened once over Apprise and kept. What a provider does never raises here, it is an Outcome."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock, RLock
from typing import Final
from urllib.parse import parse_qsl, quote

import apprise
from apprise.manager_plugins import NotificationManager

from notifications.channels.cleaning import cleaned, cleaned_finding
from notifications.channels.endpoint import NO, YES, read_endpoint
from notifications.channels.errors import BadUrl, NoAnswer, NotSent, not_reached, on_the_way
from notifications.channels.plugin import Way
from notifications.channels.schemes import ADDRESS_OF, SCHEMES, AddressKind, Medium, Scheme, Traits
from notifications.channels.secrets import Secrets, secrets_in
from notifications.channels.stock import TO, Stock
from notifications.channels.succession import Ending, Succession
from notifications.outcome import UNANSWERED, Confirmation, Finding, Inbound, Outcome, Outgoing, TemplateAnswer, Trouble, Verdict

_log = logging.getLogger("bihuan.channels")
#: Apprise's list of plugins is one for the process.
_registering: Final = Lock()
#: `record://` without a place of its own.
_BARE_RECORD: Final = re.compile(r"^record://(?=$|\?)", re.IGNORECASE)
#: Options that stock services may have as well, and what each may be.
_CHOICES: Final = {"medium": tuple(Medium), "address": tuple(AddressKind), "public": ("yes", "no", *sorted((YES | NO) - {"yes", "no"}))}


class Channels(Succession["_Line"]):
    """The channels of an installation. Thread-safe: each channel is used by one thread at a time, and none waits for another."""

    def __init__(
        self, urls: Mapping[str, str], record_file: Path | None = None, *, allow_private: bool = True, secrets: Secrets | None = None
    ) -> None:
        """Open nothing yet: a bad address spoils its own channel only, when it is used or checked.

        Args:
            urls: Code of a channel → its address; `{secret:NAME}` in it is filled from `secrets`.
            record_file: Where `record://` writes; None: nowhere.
            allow_private: Every channel may dial private addresses; else only those whose address says `?private=yes`.
            secrets: The process's environment unless given.
        """
        own = f"record://_/{quote(str(record_file), safe='/')}" if record_file else "record://_/"
        known = secrets or Secrets()
        self._lines = {code: _Line(code, _BARE_RECORD.sub(own, url), allow_private, known) for code, url in urls.items()}

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of all channels, in the order in which they were given."""
        return tuple(self._lines)

    def traits(self, code: str) -> Traits:
        """What the pipeline has to know of a channel.

        Raises:
            KeyError: no such channel, or its scheme is not on the list.
        """
        return self._lines[code].traits

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand one message to its channel; never raises for what a provider does."""
        line = self._lines.get(outgoing.channel)
        if line is None:
            return Outcome(Verdict.PERMANENT, "no_channel", "no such channel")
        return line.send(outgoing)

    def ask(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        """Ask what became of a message: ABSENT when the provider never saw it, UNKNOWN when it cannot say."""
        line = self._lines.get(outgoing.channel)
        if line is None:
            return Outcome(Verdict.UNKNOWN, "no_channel", "no such channel")
        return line.ask(outgoing, provider_id)

    def heard(self, code: str) -> list[Confirmation | Inbound]:
        """What came back over a kept connection since it was asked last; empty for most channels and for one that is not there."""
        line = self._lines.get(code)
        return line.returned() + line.heard() if line is not None else []

    def check(self, code: str) -> list[Finding]:
        """Read the address, look whether it is allowed, log in or knock; nothing is sent to anybody.

        Raises:
            KeyError: no such channel.
        """
        return self._lines[code].check()

    def read(self, code: str) -> list[Finding]:
        """What is wrong with a channel's address, if anything; nobody is asked over the network.

        Raises:
            KeyError: no such channel.
        """
        return self._lines[code].read()

    def template_state(self, code: str, template: str) -> TemplateAnswer | None:
        """What a provider says of a template, or that it did not answer; None: this channel cannot be asked.

        Raises:
            KeyError: no such channel.
        """
        return self._lines[code].template_state(template)

    def close(self) -> None:
        """Let go of every kept connection, at once or as soon as what is being sent has been sent; the channels may be used again."""
        for line in self._lines.values():
            line.close()


class _Line(Ending):
    """One channel: its address, and the open plugin once it is needed."""

    def __init__(self, code: str, url: str, private: bool, secrets: Secrets) -> None:
        self.code = code
        self._url = url
        self._private = private
        self._secrets = secrets
        self._lock = RLock()
        self._ending = False
        self._way: Way | None = None
        self._secret: tuple[str, ...] = ()

    @cached_property
    def scheme(self) -> Scheme:
        """Its entry on the list; KeyError when it has none."""
        return SCHEMES[self._url.partition("://")[0].lower()]

    @cached_property
    def options(self) -> dict[str, str]:
        """What its address says after the question mark; nothing when it is no address."""
        return dict(parse_qsl(self._url.partition("?")[2]))

    @cached_property
    def traits(self) -> Traits:
        """What its scheme and its address say of it."""
        scheme, options = self.scheme, self.options
        medium = scheme.medium or _medium(options.get("medium", self.code).lower())
        reaches = bool(scheme.plugin) or TO in self._url
        address = scheme.address or (_address(options.get("address", "").lower(), medium) if reaches else AddressKind.NONE)
        public = options["public"].lower() in YES if "public" in options else scheme.public
        askable = scheme.load().is_askable(options) if scheme.askable is None else scheme.askable
        longest = int(options["longest"]) if options.get("longest", "").isdecimal() else scheme.longest
        return Traits(scheme.code, medium, address, public, scheme.receipts, askable, bool(scheme.plugin), scheme.by_name, longest)

    def send(self, outgoing: Outgoing) -> Outcome:
        with self._alone():
            return cleaned(self._delivered(outgoing), outgoing, self._secret)

    def ask(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        with self._alone():
            return cleaned(self._answered(outgoing, provider_id), outgoing, self._secret)

    def heard(self) -> list[Confirmation | Inbound]:
        with self._alone():
            if self._way is None and not self._listens:
                return []
            try:
                return list(self._opened().heard())
            except (BadUrl, NotSent, NoAnswer):
                return []
            except Exception:
                _log.exception("channel %s raised when listened to", self.code)
                return []

    def check(self) -> list[Finding]:
        with self._alone():
            try:
                return [cleaned_finding(found, self._secret) for found in self._opened().check()]
            except BadUrl as problem:
                return [Finding(False, problem.key, problem.values)]
            except (NotSent, NoAnswer) as problem:
                return [not_reached(problem)]
            except Exception as problem:
                _log.exception("channel %s raised when checked", self.code)
                return [Finding(False, "channel_check.raised", {"reason": type(problem).__name__})]

    def read(self) -> list[Finding]:
        with self._alone():
            try:
                self._opened()
            except BadUrl as problem:
                return [Finding(False, problem.key, problem.values)]
            return []

    def template_state(self, template: str) -> TemplateAnswer | None:
        with self._alone():
            try:
                return self._opened().template_state(template)
            except (BadUrl, NotSent, NoAnswer) as problem:
                return TemplateAnswer(UNANSWERED, problem.code)
            except Exception as problem:
                _log.exception("channel %s raised when asked about a template", self.code)
                return TemplateAnswer(UNANSWERED, type(problem).__name__)

    def close(self) -> None:
        self._ending = True
        if self._lock.acquire(blocking=False):
            self._end()
            self._lock.release()

    @cached_property
    def _listens(self) -> bool:
        known = SCHEMES.get(self._url.partition("://")[0].lower())
        return known is not None and known.listens

    def _delivered(self, outgoing: Outgoing) -> Outcome:
        try:
            return self._opened().deliver(outgoing)
        except BadUrl as problem:
            return Outcome(Verdict.TEMPORARY, problem.code, "the channel's address cannot be used", trouble=Trouble.CREDENTIALS)
        except (NotSent, NoAnswer) as problem:
            return on_the_way(problem)
        except Exception as problem:
            _log.exception("message %d: channel %s raised", outgoing.message_id, self.code)
            return Outcome(Verdict.UNKNOWN, type(problem).__name__, "the channel raised")

    def _answered(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        try:
            return self._opened().ask(outgoing, provider_id)
        except (BadUrl, NotSent, NoAnswer) as problem:
            return Outcome(Verdict.UNKNOWN, "not_answered", type(problem).__name__)
        except Exception as problem:
            _log.exception("message %d: channel %s raised when asked", outgoing.message_id, self.code)
            return Outcome(Verdict.UNKNOWN, type(problem).__name__, "the channel raised")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time; who closes meanwhile does not wait, the connection ends with what is being done."""
        with self._lock:
            try:
                yield
            finally:
                self._end()

    def _end(self) -> None:
        if self._ending:
            self._ending = self._over
            if self._way is not None:
                self._way.close()

    def _opened(self) -> Way:
        if self._way is None:
            self._way = self._open()
        return self._way

    def _open(self) -> Way:
        """Raises BadUrl."""
        try:
            scheme = self.scheme
        except KeyError:
            raise BadUrl("not_allowed", scheme=self._url.partition("://")[0][:20]) from None
        url = self._secrets.filled(self._url)
        self._secret = secrets_in(url)
        _look_right(scheme, url, self.options)
        if not scheme.plugin:
            return Stock(url, self._private or self.options.get("private", "").lower() in YES)
        _known_to_apprise(scheme)
        opened = apprise.Apprise.instantiate({"schema": scheme.code, "address": url, "private": self._private}, suppress_exceptions=False)
        if opened is None:
            raise BadUrl("bad_url", reason="Apprise")
        way: Way = opened
        return way


def _look_right(scheme: Scheme, url: str, options: Mapping[str, str]) -> None:
    """Raises BadUrl: something that every scheme understands is not as it must be."""
    for name, allowed in _CHOICES.items():
        if options.get(name, allowed[0]).lower() not in allowed:
            raise BadUrl("choice", option=name, allowed=", ".join(allowed))
    if scheme.ascii_keys:
        found = read_endpoint(url)
        if not (found.user + found.password).isascii():
            raise BadUrl("choice", option="user:password", allowed="ASCII")


def _known_to_apprise(scheme: Scheme) -> None:
    """Register one of our plugins."""
    with _registering:
        NotificationManager().add(scheme.load(), schemas=scheme.code, force=True)


def _medium(named: str) -> Medium:
    """The medium that an option or a channel's code names: `sms2` is an SMS; what names none reads like an instant message."""
    found = [medium for medium in Medium if named.startswith(medium)]
    return found[0] if found else Medium.IM


def _address(named: str, medium: Medium) -> AddressKind:
    return AddressKind(named) if named in set(AddressKind) else ADDRESS_OF[medium]
