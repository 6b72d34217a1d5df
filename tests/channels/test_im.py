"""WeCom, DingTalk and Feishu over a real socket: what goes out, what errcode means whatever HTTP says, tokens kept and renewed."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from clock import utcnow
from notifications.channels.bus import Channels
from notifications.im.plugin import worded
from notifications.outcome import Outcome, Trouble, Verdict
from notifications.signing import robots
from tests.support.asking import at, channel, message, query_of, saying
from tests.support.listening import HANG_UP, Asked, Listening, http

SENT = {"errcode": 0, "errmsg": "ok", "msgid": "m-1"}


class WeCom:
    """A WeCom that gives a token of its own at each call, and says what it is told to messages."""

    def __init__(self) -> None:
        self.tokens = 0
        self.expires_in = 7200
        self.refuses_token: dict[str, Any] | None = None
        self.agent: dict[str, Any] = {"errcode": 0, "agentid": 1000002}
        self.says = saying(SENT)

    def __call__(self, asked: Asked) -> Any:
        match urlsplit(asked.path).path:
            case "/cgi-bin/gettoken":
                if self.refuses_token:
                    return 200, self.refuses_token
                self.tokens += 1
                return 200, {"errcode": 0, "errmsg": "ok", "access_token": f"token-{self.tokens}", "expires_in": self.expires_in}
            case "/cgi-bin/agent/get":
                return 200, self.agent
            case _:
                return self.says(asked)


@pytest.fixture
def wecom() -> WeCom:
    return WeCom()


@pytest.fixture
def server(wecom: WeCom) -> Iterator[Listening]:
    with http(wecom) as listening:
        yield listening


def opened(server: Listening) -> Channels:
    return channel(f"qywx://ww1234:App%2FSecret@{at(server)}/?agent=1000002&tls=no")


def said(server: Listening) -> list[Asked]:
    return [asked for asked in server.asked if "/message/send" in asked.path]


def test_wecom_a_message_to_one_user(server: Listening) -> None:
    assert opened(server).send(message("请处理 BH-1", to="zhangsan", subject="派单")) == Outcome(Verdict.ACCEPTED, "0", provider_id="m-1")
    token, sent = server.asked
    assert query_of(token) == {"corpid": "ww1234", "corpsecret": "App/Secret"}
    assert query_of(sent) == {"access_token": "token-1"}
    assert sent.json == {
        "touser": "zhangsan",
        "msgtype": "text",
        "agentid": 1000002,
        "text": {"content": "派单\n请处理 BH-1"},
        "safe": 0,
    }


def test_wecom_looks_for_a_twin_only_of_what_may_be_there_already(server: Listening) -> None:
    opened(server).send(message("请处理", to="zhangsan", resent=True))
    (asked,) = said(server)
    assert (asked.json["enable_duplicate_check"], asked.json["duplicate_check_interval"]) == (1, 1800)


def test_wecom_the_token_is_fetched_once_for_many_messages(server: Listening, wecom: WeCom) -> None:
    channels = opened(server)
    for _ in range(3):
        assert channels.send(message(to="zhangsan")).taken
    assert wecom.tokens == 1


def test_wecom_a_token_that_has_run_out_is_fetched_anew(server: Listening, wecom: WeCom) -> None:
    wecom.expires_in = 0
    channels = opened(server)
    for _ in range(2):
        assert channels.send(message(to="zhangsan")).taken
    assert [query_of(asked)["access_token"] for asked in said(server)] == ["token-1", "token-2"]


@pytest.mark.parametrize("code", [40014, 42001])
def test_wecom_a_token_it_no_longer_knows_is_fetched_anew_once(server: Listening, wecom: WeCom, code: int) -> None:
    wecom.says = saying({"errcode": code, "errmsg": "access_token expired"}, SENT)
    assert opened(server).send(message(to="zhangsan")).taken
    assert [query_of(asked)["access_token"] for asked in said(server)] == ["token-1", "token-2"]


def test_wecom_a_token_that_is_never_believed_is_the_channels_trouble(server: Listening, wecom: WeCom) -> None:
    wecom.says = saying({"errcode": 40014, "errmsg": "invalid access_token"})
    outcome = opened(server).send(message(to="zhangsan"))
    assert (outcome.verdict, outcome.trouble, wecom.tokens) == (Verdict.TEMPORARY, Trouble.CREDENTIALS, 2)


@pytest.mark.parametrize(
    ("answer", "verdict", "trouble"),
    [
        ({"errcode": 81013, "errmsg": "user & party & tag all invalid"}, Verdict.PERMANENT, Trouble.NUMBER),
        (SENT | {"invaliduser": "zhangsan"}, Verdict.PERMANENT, Trouble.NUMBER),
        (SENT | {"invaliduser": "ZhangSan"}, Verdict.PERMANENT, Trouble.NUMBER),
        ((502, SENT), Verdict.UNKNOWN, Trouble.DOWN),
        (SENT | {"unlicenseduser": "lisi|zhangsan"}, Verdict.PERMANENT, None),
        (SENT | {"invaliduser": "lisi"}, Verdict.ACCEPTED, None),
        ({"errcode": 40056, "errmsg": "invalid agentid"}, Verdict.TEMPORARY, Trouble.CREDENTIALS),
        ({"errcode": 60020, "errmsg": "not allow to access from your ip"}, Verdict.TEMPORARY, Trouble.CREDENTIALS),
        ({"errcode": 45009, "errmsg": "api freq out of limit"}, Verdict.TEMPORARY, None),
        ({"errcode": -1, "errmsg": "system busy"}, Verdict.TEMPORARY, Trouble.DOWN),
        ({"errcode": 999999, "errmsg": "new"}, Verdict.TEMPORARY, None),
        ((502, b"<html>"), Verdict.TEMPORARY, Trouble.DOWN),
        ((200, b"<html>"), Verdict.UNKNOWN, Trouble.DOWN),
        ((HANG_UP, ""), Verdict.UNKNOWN, Trouble.DOWN),
    ],
)
def test_wecom_an_answer_means_what_errcode_says(
    server: Listening, wecom: WeCom, answer: object, verdict: Verdict, trouble: Trouble | None
) -> None:
    wecom.says = saying(answer)
    outcome = opened(server).send(message(to="zhangsan"))
    assert (outcome.verdict, outcome.trouble) == (verdict, trouble)


def test_wecom_without_a_token_nothing_can_have_been_sent(wecom: WeCom) -> None:
    with http(saying((200, b"<html>"))) as server:
        outcome = opened(server).send(message(to="zhangsan"))
    assert (outcome.verdict, outcome.trouble) == (Verdict.TEMPORARY, Trouble.DOWN)
    assert said(server) == []


def test_wecom_a_check_tells_a_wrong_secret_a_wrong_application_and_what_is_right(server: Listening, wecom: WeCom) -> None:
    channels = opened(server)
    (right,) = channels.check("sms")
    wecom.agent = {"errcode": 301002, "errmsg": "no privilege"}
    (wrong_agent,) = channels.check("sms")
    wecom.refuses_token = {"errcode": 40001, "errmsg": "invalid credential"}
    (wrong_secret,) = channels.check("sms")
    assert [(each.ok, each.key) for each in (right, wrong_agent, wrong_secret)] == [
        (True, "channel_check.logged_in"),
        (False, "channel_check.agent_wrong"),
        (False, "channel_check.credentials"),
    ]
    assert said(server) == []


@pytest.mark.parametrize("user", ["@all", "zhangsan|lisi", "", "张三", "a" * 65])
def test_wecom_one_message_never_goes_to_many(server: Listening, user: str) -> None:
    outcome = opened(server).send(message(to=user))
    assert (outcome.verdict, outcome.trouble) == (Verdict.PERMANENT, Trouble.NUMBER)
    assert server.asked == []


def test_wecom_an_application_is_a_number(server: Listening) -> None:
    (found,) = channel(f"qywx://ww1:s@{at(server)}/?agent=cityapp&tls=no").check("sms")
    assert not found.ok
    assert server.asked == []


def test_a_private_host_may_keep_the_interface_below_a_path() -> None:
    wecom = WeCom()
    with http(lambda asked: wecom(Asked(asked.method, asked.path.removeprefix("/zwwx"), asked.headers, asked.body, 0))) as server:
        channels = channel(f"qywx://ww1:s@{at(server)}/zwwx/?agent=1&tls=no")
        assert channels.send(message(to="zhangsan")).taken
        assert all(asked.path.startswith("/zwwx/cgi-bin/") for asked in server.asked)


def ding(server: Listening, more: str = "&secret=SECexample") -> Channels:
    return channel(f"ding://token-1@{at(server)}/?tls=no{more}")


def test_dingtalk_signs_and_encodes_once() -> None:
    with http(saying({"errcode": 0, "errmsg": "ok"})) as server:
        assert ding(server).send(message("请处理", to="")) == Outcome(Verdict.ACCEPTED, "0")
    (asked,) = server.asked
    query = query_of(asked)
    assert query["access_token"] == "token-1"
    assert query["sign"] == robots.dingtalk("SECexample", int(query["timestamp"]))
    assert abs(int(query["timestamp"]) / 1000 - utcnow().timestamp()) < 60
    assert asked.json == {"msgtype": "text", "text": {"content": "请处理"}}


def test_dingtalk_without_a_secret_nothing_is_signed() -> None:
    with http(saying({"errcode": 0})) as server:
        assert ding(server, "").send(message(to="")).taken
    assert query_of(server.asked[0]) == {"access_token": "token-1"}


@pytest.mark.parametrize(
    ("code", "verdict", "trouble"),
    [
        (310000, Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (300005, Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (130101, Verdict.TEMPORARY, None),
        (430101, Verdict.PERMANENT, None),
        (-1, Verdict.TEMPORARY, Trouble.DOWN),
    ],
)
def test_dingtalk_a_refusal_with_status_200_is_a_refusal(code: int, verdict: Verdict, trouble: Trouble | None) -> None:
    with http(saying({"errcode": code, "errmsg": "no"})) as server:
        outcome = ding(server).send(message(to=""))
    assert (outcome.verdict, outcome.trouble, outcome.code) == (verdict, trouble, str(code))


@pytest.mark.parametrize(
    ("answer", "ok", "key"),
    [
        ({"errcode": 40035, "errmsg": "缺少参数 content"}, True, "robot_answers"),
        ({"errcode": 310000, "errmsg": "keywords not in content"}, True, "robot_answers"),
        ({"errcode": 310000, "errmsg": "sign not match"}, False, "credentials"),
        ({"errcode": 300005, "errmsg": "token is not exist"}, False, "credentials"),
        (b"<html>", False, "vendor_unreadable"),
    ],
)
def test_dingtalk_a_check_says_nothing_to_the_group(answer: object, ok: bool, key: str) -> None:
    with http(saying(answer)) as server:
        (found,) = ding(server).check("sms")
    assert (found.ok, found.key) == (ok, f"channel_check.{key}")
    assert server.asked[0].json["text"]["content"] == ""


def feishu(server: Listening) -> Channels:
    return channel(f"fsbot://token-1@{at(server)}/?secret=s3cret&tls=no")


@pytest.mark.parametrize("answer", [{"code": 0, "msg": "success", "data": {}}, {"StatusCode": 0, "StatusMessage": "success"}])
def test_feishu_signs_in_the_body(answer: object) -> None:
    with http(saying(answer)) as server:
        assert feishu(server).send(message("请处理", to="")) == Outcome(Verdict.ACCEPTED, "0")
    (asked,) = server.asked
    assert asked.path == "/open-apis/bot/v2/hook/token-1"
    assert asked.json["sign"] == robots.feishu("s3cret", int(asked.json["timestamp"]))
    assert (asked.json["msg_type"], asked.json["content"]) == ("text", {"text": "请处理"})


@pytest.mark.parametrize(
    ("code", "verdict", "trouble"),
    [
        (19021, Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (19001, Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (11232, Verdict.TEMPORARY, None),
        (9499, Verdict.PERMANENT, None),
        (77777, Verdict.TEMPORARY, None),
    ],
)
def test_feishu_a_refusal_with_status_200_is_a_refusal(code: int, verdict: Verdict, trouble: Trouble | None) -> None:
    with http(saying({"code": code, "msg": "no", "data": {}})) as server:
        outcome = feishu(server).send(message(to=""))
    assert (outcome.verdict, outcome.trouble, outcome.code) == (verdict, trouble, str(code))


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"code": 19021, "msg": "no", "StatusCode": 0}, Verdict.TEMPORARY),
        ({"StatusCode": 9499, "msg": "no"}, Verdict.PERMANENT),
        ((502, {"code": 0}), Verdict.UNKNOWN),
    ],
)
def test_feishu_a_yes_beside_a_no_is_none(answer: object, verdict: Verdict) -> None:
    with http(saying(answer)) as server:
        assert feishu(server).send(message(to="")).verdict is verdict


def test_dingtalk_a_yes_beside_a_no_is_none() -> None:
    with http(saying((403, {"errcode": 0}))) as server:
        assert ding(server).send(message(to="")).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("code", "words", "ok"), [(19021, "sign match fail", False), (19024, "Key Words Not Found", True), (9499, "Bad Request", True)]
)
def test_feishu_a_check_says_nothing_to_the_group(code: int, words: str, ok: bool) -> None:
    with http(saying({"code": code, "msg": words})) as server:
        (found,) = feishu(server).check("sms")
    assert found.ok is ok


def test_robots_cannot_be_asked() -> None:
    with http(saying({})) as server:
        assert feishu(server).ask(message(to=""), None).verdict is Verdict.UNKNOWN
    assert server.asked == []


def test_words_that_fit_are_left_alone() -> None:
    assert worded(message("两行\n链接", subject="题"), 100) == "题\n两行\n链接"


def test_words_that_are_too_long_keep_their_last_line() -> None:
    text = worded(message("很长" * 1000 + "\nhttps://bihuan.example.gov.cn/a/abcdefghijkl"), 2048)
    assert len(text.encode()) <= 2048
    assert text.endswith("…\nhttps://bihuan.example.gov.cn/a/abcdefghijkl")
    assert text.startswith("很长很长")


@pytest.mark.parametrize("words", ["长" * 3000, "短\n" + "长" * 3000])
def test_words_without_a_short_last_line_are_cut_at_the_end(words: str) -> None:
    text = worded(message(words), 2048)
    assert len(text.encode()) <= 2048
    assert text.endswith("…")
