"""What a form has to ask for each kind of channel: data. A new kind of JSON gateway is here as soon as its file is there."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from notifications.channels.schemes import AddressKind, Medium
from notifications.channels.secrets import is_open
from notifications.web.kinds import METHODS
from notifications.web.kinds import kinds as gateways


class Part(StrEnum):
    """Where in an address a field stands."""

    USER = "user"
    PASSWORD = "password"  # noqa: S105 - the name of a part
    HOST = "host"
    PORT = "port"
    PATH = "path"
    WHOLE = "whole"  #: it is the whole address
    OPTION = "option"  #: its name is that of the option


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form of a kind of channel; its words stand under `[channel_field]`.

    Attributes:
        name: As the form and the address call it.
        needed: It cannot be left empty, unless there is a secret on record that stays.
        otherwise: What an empty form proposes; of several choices what holds where the address says nothing.
        choices: What it may be; empty: anything.
        rare: Only few need it.
    """

    name: str
    part: Part = Part.OPTION
    needed: bool = False
    otherwise: str = ""
    choices: tuple[str, ...] = ()
    rare: bool = False

    @property
    def secret(self) -> bool:
        """Whether what stands there is never shown again."""
        return self.part in (Part.USER, Part.PASSWORD, Part.WHOLE) or (self.part is Part.OPTION and not is_open(self.name))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of channel; its words stand under `[channel_kind]`.

    Attributes:
        code: As a page calls it: its scheme, or scheme and kind of gateway.
        scheme: What its address begins with; empty: the address says it.
        body: The kind of JSON gateway; empty: it is none, or the one that its scheme has anyway.
        suits: The code of the channel that it is mostly used as.
    """

    code: str
    scheme: str
    fields: tuple[Field, ...]
    suits: str
    body: str = ""


YES_NO: Final = ("yes", "no")
_USER, _PASSWORD = Field("user", Part.USER, needed=True), Field("password", Part.PASSWORD, needed=True)
_HOST, _SIGN = Field("host", Part.HOST, needed=True), Field("sign", needed=True)
_PRIVATE, _WAIT, _CA = Field("private", otherwise="no", choices=YES_NO), Field("wait", rare=True), Field("ca", rare=True)
_PORT, _PATH = Field("port", Part.PORT, rare=True), Field("path", Part.PATH, needed=True)
_TLS: Final = Field("tls", otherwise="yes", choices=YES_NO)
_PUBLIC, _LONGEST = Field("public", choices=YES_NO, rare=True), Field("longest", rare=True)
_NET: Final = (_TLS, _PRIVATE, _PORT, _WAIT, _CA, _PUBLIC)
_HTTP: Final = (*_NET, Field("path", Part.PATH, rare=True))
_SMPP: Final = (Field("prefix", rare=True), Field("type", rare=True))
_MEDIUM, _ADDRESS = Field("medium", choices=tuple(Medium), rare=True), Field("address", choices=tuple(AddressKind), rare=True)
_FROM: Final = Field("from", needed=True)
_MAILBOX: Final = (_HOST, Field("user", Part.USER), Field("password", Part.PASSWORD), _FROM, Field("name"))
_MAIL_TLS: Final = Field("tls", otherwise="starttls", choices=("starttls", "none", "tls"))


def _host(name: str) -> Field:
    return Field("host", Part.HOST, needed=True, otherwise=name)


def _robot(scheme: str, host: str) -> Kind:
    return Kind(scheme, scheme, (_USER, Field("secret"), _host(host), *_HTTP), "im")


def _vendor(scheme: str, host: str, *fields: Field) -> Kind:
    return Kind(scheme, scheme, (_USER, _PASSWORD, _SIGN, *fields, _host(host), *_NET, _LONGEST), "sms")


_FIXED: Final = (
    _vendor("alisms", "dysmsapi.aliyuncs.com"),
    _vendor("tcsms", "sms.tencentcloudapi.com", Field("app", needed=True), Field("region", rare=True)),
    _vendor("hwsms", "smsapi.cn-north-4.myhuaweicloud.com", Field("sender", needed=True), Field("callback")),
    Kind(
        "smsc",
        "smsc",
        (_USER, _PASSWORD, _HOST, Field("port", Part.PORT, otherwise="2775"), _FROM, _TLS, _PRIVATE, *_SMPP, _WAIT, _CA, _PUBLIC),
        "sms",
    ),
    Kind("mail", "mail", (*_MAILBOX, _MAIL_TLS, _PRIVATE, _PORT, _WAIT, _CA), "email"),
    Kind("mails", "mails", (*_MAILBOX, _PRIVATE, _PORT, _WAIT, _CA), "email"),
    Kind("qywx", "qywx", (_USER, _PASSWORD, Field("agent", needed=True), _host("qyapi.weixin.qq.com"), *_HTTP), "im"),
    _robot("ding", "oapi.dingtalk.com"),
    _robot("fsbot", "open.feishu.cn"),
    Kind("hook", "hook", (_PASSWORD, _HOST, _PATH, *_NET, _MEDIUM, _ADDRESS), "im"),
    Kind("record", "record", (_MEDIUM, _ADDRESS), "sms"),
    Kind("whole", "", (Field("whole", Part.WHOLE, needed=True),), "im"),
)
#: Kinds of JSON gateways that ring up; all others send short messages.
_CALLING: Final = frozenset(("call",))
#: The kind that the scheme has where its address names none.
_OWN_BODY: Final = {"gwsms": "plain", "voice": "call"}


@cache
def kinds() -> dict[str, Kind]:
    """Every kind of channel that a form can describe, by its code, in the order in which they are offered."""
    by_file = list(_gateways())
    before = [kind for kind in by_file if kind.scheme == "gwsms"]
    found = [*_FIXED[:3], *before, _FIXED[3], *(k for k in by_file if k not in before), *_FIXED[4:]]
    return {kind.code: kind for kind in found}


def _gateways() -> Iterable[Kind]:
    for name, kind in gateways().items():
        scheme = "voice" if name in _CALLING else "gwsms"
        signed = [method for method in METHODS if method in kind.sign]
        own = [Field(option, needed=must, rare=not must) for option, must in kind.options.items()]
        fields = (_USER, Field("password", Part.PASSWORD), _HOST, _PATH, *own, Field("sign", choices=(*signed, "none"), rare=True), *_NET)
        yield Kind(f"{scheme}-{name}", scheme, fields, "voice" if scheme == "voice" else "sms", name)


def kind_named(scheme: str, body: str) -> Kind:
    """The kind to which an address belongs: by its scheme and, of a JSON gateway, what it calls its kind."""
    wanted = body or _OWN_BODY.get(scheme, "")
    code = f"{scheme}-{wanted}" if scheme in _OWN_BODY else scheme
    return kinds().get(code, kinds()["whole"])
