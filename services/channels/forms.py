"""A channel's address made of what stands in the fields of a form, and taken apart into them again; what is secret only goes in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from notifications.channels.endpoint import Endpoint, read_endpoint
from notifications.channels.errors import BadUrl
from notifications.channels.secrets import NAMED
from notifications.outcome import Finding
from rules.facts import Refused
from services.channels.kinds import YES_NO, Field, Kind, Part, kind_named, kinds

#: A secret that an address names stands aside while the address is taken apart: its colon would be read as one of the address.
_ASIDE: Final = "\ue000"
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_MOST_PORT: Final = 65535
_IN_A_PATH: Final = "/%:;,=+$!*'()&~"  #: stay as they are typed; a path goes over the wire as it is written
_LONGEST: Final = 500  #: characters of one field
#: Fields that say where a secret on record goes, and how safely: with another of these it has to be typed again.
_WHERE_TO: Final = frozenset(("host", "port", "path", "tls", "ca", "private"))
_YES: Final = {"true": "yes", "1": "yes", "on": "yes", "false": "no", "0": "no", "off": "no"}  #: other ways to write them in an address


@dataclass(frozen=True, slots=True)
class Described:
    """A channel's address as a form shows it.

    Attributes:
        kind: What kind of channel it is.
        shown: Field → what stands there, of those that are not secret.
        kept: Secret fields that are filled: left empty in the form they stay as they are.
    """

    kind: Kind
    shown: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


class ChannelUnusable(Refused):
    """A channel that cannot be used, so that it is not written down.

    Attributes:
        findings: What was found, good and bad.
    """

    def __init__(self, channel: str, findings: list[Finding], reasons: str) -> None:
        """Take what was found, and the bad of it in words."""
        super().__init__("channel_unusable", channel=channel, reasons=reasons)
        self.findings = findings


def described(url: str) -> Described:
    """An address taken apart; one that no form knows, or that cannot be read, is secret as a whole."""
    try:
        at = _read(url)
    except BadUrl:
        return Described(kinds()["whole"], {}, frozenset({"whole"}))
    kind = kind_named(at.scheme, at.options.get("body", ""))
    values = {each.name: _stored(each, at, url) for each in kind.fields}
    shown = {each.name: values[each.name] for each in kind.fields if not each.secret}
    return Described(kind, shown, frozenset(each.name for each in kind.fields if each.secret and values[each.name]))


def composed(kind: Kind, typed: Mapping[str, str], before: str | None = None) -> tuple[str, list[Finding]]:
    """The address that a form describes.

    Args:
        kind: What kind of channel it is.
        typed: What was typed, by field; a secret that is empty stays as it is in `before`.
        before: The address on record, if there is one.

    Returns:
        The address, to be shown by `masked_url` only; and what is wrong with the fields: with any of it the address is not to be used.
    """
    kept = before if before is not None and described(before).kind == kind else None
    old = _read(kept) if kept is not None and kind.scheme else None
    values, wrong, stay = {}, [], False
    for each in kind.fields:
        given = typed.get(each.name, "")[:_LONGEST].strip()
        there = "" if kept is None or given or not each.secret else _stored(each, old, kept)
        stay = stay or bool(there)
        values[each.name] = given or there
        wrong += [*_wrong(each, values[each.name]), *_borrowed(each, given)]
    moved = [each.name for each in kind.fields if stay and old is not None and each.name in _WHERE_TO and _is_other(each, values, old)]
    wrong += [Finding(False, "channel_form.secrets_again", {"part": name}) for name in moved[:1]]
    return ("" if wrong else _address(kind, values, old)), wrong


def _borrowed(each: Field, given: str) -> list[Finding]:
    """A secret of the machine is named on the machine's command line only: a form could send any of them to any host."""
    return [Finding(False, "channel_form.secret_by_operator", {"part": each.name})] if NAMED.search(given) else []


def _is_other(each: Field, values: Mapping[str, str], old: Endpoint) -> bool:
    """Whether a field leads elsewhere, or there less safely, than the address before."""
    now, then = (text.lower().strip("[]/") or each.otherwise for text in (values[each.name], _stored(each, old, "")))
    return now != then


def _read(url: str) -> Endpoint:
    """Raises BadUrl: it is no address."""
    return read_endpoint(NAMED.sub(lambda found: f"{{secret{_ASIDE}{found[1]}}}", url))


def _stored(each: Field, at: Endpoint | None, url: str) -> str:
    """What stands in an address at a field's place."""
    if each.part is Part.WHOLE or at is None:
        return url
    if each.part is Part.PORT:
        return str(at.port or "")
    value = at.options.get(each.name, "") if each.part is Part.OPTION else str(getattr(at, each.part.value))
    if each.choices == YES_NO:
        return _YES.get(value.lower(), value)
    return f"[{value}]" if each.part is Part.HOST and ":" in value else value.replace(_ASIDE, ":")


def _wrong(each: Field, value: str) -> list[Finding]:
    """What is wrong with one field, before anybody is asked."""
    if not value:
        return [Finding(False, "channel_check.missing", {"part": each.name})] if each.needed else []
    if each.choices and value not in each.choices:
        return [Finding(False, "channel_check.choice", {"option": each.name, "allowed": ", ".join(each.choices)})]
    host_wrong = each.part is Part.HOST and not _HOST.fullmatch(value)
    port_wrong = each.part is Part.PORT and not (_PORT.fullmatch(value) and int(value) <= _MOST_PORT)
    file = each.part is Part.WHOLE and value.lower().startswith("record:")
    return [
        Finding(False, f"channel_form.{key}", {})
        for key, is_so in (("host_form", host_wrong), ("port_form", port_wrong), ("no_file", file))
        if is_so
    ]


def _address(kind: Kind, values: Mapping[str, str], old: Endpoint | None) -> str:
    """The address of these values; what the one before says besides its fields stays."""
    if not kind.scheme:
        return values["whole"]
    before = {} if old is None else {Part.HOST: old.host, Part.PATH: old.path}
    parts = before | {each.part: values[each.name] for each in kind.fields if each.part is not Part.OPTION}
    user, password = _quoted(parts.get(Part.USER, "")), _quoted(parts.get(Part.PASSWORD, ""))
    account = f"{user}{':' if password else ''}{password}{'@' if user or password else ''}"
    port = f":{parts[Part.PORT]}" if parts.get(Part.PORT) else ""
    path = "/" + quote(parts.get(Part.PATH, "").removeprefix("/"), safe=_IN_A_PATH)
    options = _options(kind, values, old)
    said = "&".join(f"{quote(name, safe='')}={_quoted(value)}" for name, value in options.items())
    return f"{kind.scheme}://{account}{parts.get(Part.HOST, '')}{port}{path if said or len(path) > 1 else ''}{'?' if said else ''}{said}"


def _options(kind: Kind, values: Mapping[str, str], old: Endpoint | None) -> dict[str, str]:
    """The options of an address; those of the one before that the form does not ask for stay."""
    body = {"body": kind.body} if kind.body else {}
    asked = {each.name: values[each.name] for each in kind.fields if each.part is Part.OPTION}
    rest = {} if old is None else {name: value.replace(_ASIDE, ":") for name, value in old.options.items() if name not in asked}
    usual = {each.name: each.otherwise for each in kind.fields if each.choices}
    return {**rest, **body, **{name: value for name, value in asked.items() if value not in ("", usual.get(name))}}


def _quoted(value: str) -> str:
    """Percent-encoded, but for secrets that it names."""
    pieces, at = [], 0
    for found in NAMED.finditer(value):
        pieces += [quote(value[at : found.start()], safe=""), found[0]]
        at = found.end()
    return "".join([*pieces, quote(value[at:], safe="")])
