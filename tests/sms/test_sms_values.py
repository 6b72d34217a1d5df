"""The last guard before a public gateway: numbers in one form, no links and mobile numbers as variables, templates only."""

from collections.abc import Iterator

import pytest

from notifications.outcome import ProviderWords, Trouble, Verdict
from notifications.sms.values import forbidden, mobile
from tests.support.asking import at, channel, message, saying
from tests.support.listening import Listening, http


@pytest.mark.parametrize("written", ["13800138000", "+8613800138000", "008613800138000", "8613800138000", "138 0013 8000", "138-0013-8000"])
def test_a_mobile_number_has_one_form(written: str) -> None:
    assert mobile(written) == "13800138000"


def test_the_numbers_of_the_demonstration_are_used_like_mobiles() -> None:
    assert mobile("100 1234 5678") == "10012345678"


@pytest.mark.parametrize(
    "written", ["", "1380013800", "138001380001", "05922012345", "12345", "+85261234567", "12800138000", "1380013800a"]
)
def test_what_is_no_mobile_number_of_the_mainland_is_none(written: str) -> None:
    assert mobile(written) is None


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example/x",
        "WWW.example",
        "见 bihuan.gov.cn/a",
        "xm.gov.cn",
        "t.cn/AbC",
        "ｈｔｔｐｓ：／／ａ．ｃｎ",
        "bihuan.example.com",
        "10.1.2.3:8080",
        "见10.0.0.1。",
        "见xm.gov.cn查看",
        "看a.info，",
        "党.中国",
        "打开evil.example/x看",
    ],
)
def test_links_are_found(value: str) -> None:
    assert forbidden({"no": "BH-1", "what": value}) == ("what", "link")


@pytest.mark.parametrize(
    "value",
    [
        "13800138000",
        "电话13800138000。",
        "138 0013 8000",
        "138-0013-8000",
        "+8613800138000",
        "１３８００１３８０００",
        "138.1234.5678",
        "008613800138000",
    ],
)
def test_mobile_numbers_are_found(value: str) -> None:
    assert forbidden({"what": value}) == ("what", "mobile")


@pytest.mark.parametrize(
    "value", ["BH-20261122-0001", "滨海街道晨光小区5号楼", "11月25日17:30前", "A7K2QX", "0592-2012345", "2026.11.25", "12345", "3.5吨", ""]
)
def test_what_messages_say_may_go(value: str) -> None:
    assert forbidden({"what": value}) is None


@pytest.fixture
def server() -> Iterator[Listening]:
    with http(saying({})) as listening:
        yield listening


URLS = {
    "alisms": "alisms://k:s@{at}/?sign=S&tls=no",
    "tcsms": "tcsms://k:s@{at}/?app=1400&sign=S&tls=no",
    "hwsms": "hwsms://k:s@{at}/?sender=88&sign=S&tls=no",
}


@pytest.mark.parametrize("scheme", URLS)
@pytest.mark.parametrize(
    ("changed", "code", "trouble"),
    [
        ({"words": ProviderWords("T", {"what": "见 https://a.example"})}, "link_in_variable", Trouble.TEMPLATE),
        ({"words": ProviderWords("T", {"what": "找 13900139000"})}, "mobile_in_variable", Trouble.TEMPLATE),
        ({"words": None}, "no_template", Trouble.TEMPLATE),
        ({"to": "0592-2012345"}, "bad_number", Trouble.NUMBER),
    ],
)
def test_a_public_gateway_never_sees_what_it_must_not(
    server: Listening, scheme: str, changed: dict[str, object], code: str, trouble: Trouble
) -> None:
    outcome = channel(URLS[scheme].format(at=at(server))).send(message(**changed))
    assert (outcome.verdict, outcome.code, outcome.trouble) == (Verdict.PERMANENT, code, trouble)
    assert "13900139000" not in outcome.words
    assert server.asked == []
