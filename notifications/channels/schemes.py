"""Every scheme an administrator may use in a channel's address. A new channel is one entry here, and a file if Apprise lacks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Final

from notifications.channels.plugin import OwnPlugin


class Medium(StrEnum):
    """How words look on a channel: which template is used."""

    SMS = "sms"
    EMAIL = "email"
    IM = "im"
    VOICE = "voice"


class AddressKind(StrEnum):
    """What a channel needs to know of a recipient."""

    PHONE = "phone"
    EMAIL = "email"
    IM = "im"
    NONE = "none"


#: What a medium needs unless a scheme or `?address=` says otherwise.
ADDRESS_OF: Final = {
    Medium.SMS: AddressKind.PHONE,
    Medium.EMAIL: AddressKind.EMAIL,
    Medium.IM: AddressKind.IM,
    Medium.VOICE: AddressKind.PHONE,
}


@dataclass(frozen=True, slots=True)
class Scheme:
    """One scheme.

    Attributes:
        code: As written before `://`.
        plugin: `module:class` of ours; empty: a stock service of Apprise, whose word proves nothing.
        medium: None: `?medium=` says it, else the code of the channel (`sms2` is an SMS).
        address: None: what the medium needs, unless `?address=` says otherwise.
        public: Of a public gateway: approved templates only; `?public=` overrides it.
        receipts: It promises to tell later whether a message arrived.
        askable: It can be asked what became of a message; None: its plugin tells by the address.
        longest: UTF-16 units that it takes in one variable of a template; None: as many as ours have. `?longest=` says it of a contract.
        listens: It tells of itself over a kept connection, so that it must be open to hear anything.
        ascii_keys: Account and password travel where only ASCII can (headers, SMTP AUTH, SMPP).
        by_name: But only of one that it has given a name: without an answer to the sending there is nothing to ask about.
    """

    code: str
    plugin: str = ""
    medium: Medium | None = None
    address: AddressKind | None = None
    public: bool = False
    receipts: bool = False
    askable: bool | None = False
    by_name: bool = False
    listens: bool = False
    ascii_keys: bool = False
    longest: int | None = None

    def load(self) -> type[OwnPlugin]:
        """Our plugin for it."""
        module, _, name = self.plugin.partition(":")
        found: type[OwnPlugin] = getattr(import_module(module), name)
        return found


_OURS: Final = (
    Scheme("record", "notifications.channels.record:NotifyRecord"),
    Scheme("inbox", "notifications.channels.inbox:NotifyInbox", Medium.IM, AddressKind.NONE),
    Scheme("mail", "notifications.mail.plugin:NotifyMail", Medium.EMAIL, ascii_keys=True),
    Scheme("mails", "notifications.mail.plugin:NotifyMails", Medium.EMAIL, ascii_keys=True),
    Scheme(
        "alisms",
        "notifications.sms.aliyun:NotifyAliyun",
        Medium.SMS,
        public=True,
        receipts=True,
        askable=True,
        ascii_keys=True,
        longest=35,
    ),
    Scheme("tcsms", "notifications.sms.tencent:NotifyTencent", Medium.SMS, public=True, receipts=True, askable=True, ascii_keys=True),
    Scheme("hwsms", "notifications.sms.huawei:NotifyHuawei", Medium.SMS, public=True, receipts=True, longest=20, ascii_keys=True),
    Scheme(
        "smsc", "notifications.sms.smpp:NotifySmpp", Medium.SMS, receipts=True, askable=True, by_name=True, listens=True, ascii_keys=True
    ),
    Scheme("gwsms", "notifications.web.gateway:NotifyGatewaySms", Medium.SMS, receipts=True, askable=None),
    Scheme("voice", "notifications.web.gateway:NotifyVoice", Medium.VOICE, receipts=True, askable=None),
    Scheme("qywx", "notifications.im.wecom:NotifyWeCom", Medium.IM),
    Scheme("ding", "notifications.im.dingtalk:NotifyDingTalk", Medium.IM, AddressKind.NONE),
    Scheme("fsbot", "notifications.im.feishu:NotifyFeishu", Medium.IM, AddressKind.NONE),
    Scheme("hook", "notifications.web.hook:NotifyHook"),
)
#: Stock services of Apprise that were read and found fit: servers of the customer's own, and the application message of WeCom.
#: Left out: relays that hand government data to strangers, `smpp` (never reads the answer), and those that call a refusal a success
#: (`wecombot`, `dingtalk`, `feishu`, `lark`, `schan`).
_STOCK: Final = (
    *("mailto", "mailtos", "json", "jsons", "form", "forms", "xml", "xmls", "wechat"),
    *("gotify", "gotifys", "mmost", "mmosts", "matrix", "matrixs", "nctalk", "nctalks"),
)
#: The allow-list: a scheme that is not here cannot be configured.
SCHEMES: Final[Mapping[str, Scheme]] = {s.code: s for s in (*_OURS, *(Scheme(code) for code in _STOCK))}


@dataclass(frozen=True, slots=True)
class Traits:
    """What the pipeline has to know of one channel.

    Attributes:
        confirmed: False: a stock service, whose "sent" proves nothing.
        by_name: It can be asked only of what it has given a name.
        longest: UTF-16 units that it takes in one variable of a template; None: as many as ours have.
    """

    scheme: str
    medium: Medium
    address: AddressKind
    public: bool
    receipts: bool
    askable: bool
    confirmed: bool
    by_name: bool = False
    longest: int | None = None
