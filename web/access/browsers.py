"""By what people know the place they are signed in at: browser and system, told from what a browser says of itself."""

from collections.abc import Sequence
from typing import Final

from web.words import translated

#: What stands in the header → what it is called; the first that stands there holds, for many name others beside themselves.
_BROWSERS: Final[Sequence[tuple[str, str]]] = (
    *(("MicroMessenger", "微信"), ("DingTalk", "钉钉"), ("Lark", "飞书"), ("Edg", "Edge"), ("OPR", "Opera"), ("QQBrowser", "QQ浏览器")),
    *(("UCBrowser", "UC浏览器"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome")),
    ("Safari", "Safari"),
)
_SYSTEMS: Final[Sequence[tuple[str, str]]] = (
    *(("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")),
    *(("Mac OS X", "macOS"), ("Linux", "Linux")),
)


def browser_of(header: str, lang: str) -> str:
    """Browser and system, as `Chrome · Windows`; one that nobody knows is another browser."""
    browser = next((name for sign, name in _BROWSERS if sign in header), "")
    system = next((name for sign, name in _SYSTEMS if sign in header), "")
    return " · ".join(filter(None, (translated(browser or "其他浏览器", lang), system)))
