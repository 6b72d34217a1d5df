"""The simulator's receipts and replies, pushed as each vendor does it and brought over the bind by SMPP; its pages; a restart."""

import asyncio
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs

import httpx
import pytest
import smpp34

from tests.support import vendor_clients as vendors
from tests.support.processes import until
from tests.support.receiver import Receiver, receiving
from tests.support.sim import SMPP_PASSWORD, USER, SimServer

PHONE = "10012345678"


@pytest.fixture
def ours() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def pushed(ours: Receiver, count: int = 1) -> list[bytes]:
    until(lambda: len(ours.came) >= count, what=f"{count} pushes")
    return ours.bodies


def reports(ours: Receiver) -> list[dict[str, object]]:
    return [report for body in ours.bodies for report in json.loads(body)]


def test_aliyun_pushes_an_array_and_repeats_it_until_it_is_taken(sim, ours):
    ours.answer = b'{"code": 1}'
    sim.set_up(callbacks={"aliyun": f"{ours.url}/secret"}, delay=0, again=[0.1, 0.1])
    said = vendors.send_aliyun(sim)[1]
    bodies = pushed(ours, 2)
    ours.answer = b'{"code": 0, "msg": "OK"}'
    until(lambda: sim.summary()["vendors"]["aliyun"].get("pushed_taken"))
    assert len(set(bodies)) == 1
    (report,) = json.loads(bodies[0])
    assert (report["phone_number"], report["biz_id"], report["out_id"]) == (PHONE, said["BizId"], "BH1")
    assert (report["success"], report["err_code"], report["sms_size"]) == (True, "DELIVERED", "1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", report["report_time"])


def test_a_push_that_is_never_taken_is_given_up(sim, ours):
    ours.status = 500
    sim.set_up(callbacks={"aliyun": ours.url}, delay=0, again=[0.05])
    vendors.send_aliyun(sim)
    until(lambda: sim.summary()["vendors"]["aliyun"].get("pushed_given_up"))
    assert len(ours.came) == 2


def test_tencent_pushes_an_array(sim, ours):
    ours.answer = b'{"result": 0, "errmsg": "OK"}'
    sim.set_up(callbacks={"tencent": ours.url}, delay=0)
    vendors.send_tencent(sim)
    (report,) = json.loads(pushed(ours)[0])
    assert (report["mobile"], report["report_status"], report["errmsg"]) == (PHONE, "SUCCESS", "DELIVRD")
    assert report["sid"] == sim.messages()[0]["provider_id"]


def test_huawei_pushes_a_form_to_where_the_request_said(sim, ours):
    sim.set_up(delay=0)
    vendors.send_huawei(sim, callback=f"{ours.url}/hw")
    form = parse_qs(pushed(ours)[0].decode())
    assert (ours.came[0][0], form["status"], form["extend"], form["to"]) == ("/hw", ["DELIVRD"], ["BH1"], [f"+86{PHONE}"])


@pytest.mark.parametrize(("path", "vendor", "status"), [("/gateway", "gateway", "DELIVRD"), ("/voice", "voice", "ANSWERED")])
def test_gateways_push_one_object(sim, ours, path, vendor, status):
    ours.answer = b'{"code": "0"}' if vendor == "gateway" else b'{"code": "ok"}'
    sim.set_up(callbacks={vendor: ours.url}, delay=0)
    vendors.send_gateway(sim, path)
    report = json.loads(pushed(ours)[0])
    assert (report["reference"], report["status"]) == ("BH1", status)
    until(lambda: sim.summary()["vendors"][vendor].get("pushed_taken") == 1)


@pytest.mark.parametrize(
    ("kind", "options", "statuses"),
    [
        ("failed_receipt", {}, ["UNDELIV"]),
        ("bad_number", {"numbers": [PHONE]}, ["MOBILE_NOT_ON_SERVICE"]),
        ("duplicate_receipt", {}, ["DELIVERED", "DELIVERED"]),
        ("failed_receipt", {"code": "MI:0024"}, ["MI:0024"]),
    ],
)
def test_receipts_go_wrong_as_they_are_told(sim, ours, kind, options, statuses):
    sim.set_up(callbacks={"aliyun": ours.url}, delay=0)
    sim.fault("aliyun", kind, **options)
    vendors.send_aliyun(sim)
    until(lambda: len(reports(ours)) >= len(statuses))
    found = reports(ours)
    assert [report["err_code"] for report in found] == statuses
    assert {report["success"] for report in found} == {statuses[0] == "DELIVERED"}


def test_without_receipts_a_message_stays_on_its_way(sim, ours):
    sim.set_up(callbacks={"aliyun": ours.url}, delay=0)
    sim.fault("aliyun", "no_receipt", times=1)
    vendors.send_aliyun(sim, reference="BH1")
    vendors.send_aliyun(sim, reference="BH2")
    (report,) = json.loads(pushed(ours)[0])
    assert report["out_id"] == "BH2"
    assert {message["reference"]: message["receipt"] for message in sim.messages()} == {"BH1": "", "BH2": "DELIVERED"}


@pytest.mark.parametrize(
    ("vendor", "read"),
    [
        ("aliyun", lambda body: (json.loads(body)[0]["phone_number"], json.loads(body)[0]["content"])),
        ("tencent", lambda body: (json.loads(body)["mobile"], json.loads(body)["text"])),
        ("huawei", lambda body: (parse_qs(body.decode())["from"][0].removeprefix("+86"), parse_qs(body.decode())["body"][0])),
        ("gateway", lambda body: (json.loads(body)["mobile"], json.loads(body)["content"])),
        ("yunmas", lambda body: (json.loads(body)["mobile"], json.loads(body)["smsContent"])),
    ],
)
def test_a_reply_is_brought_as_the_vendor_does_it(sim, ours, vendor, read):
    ours.answer = b'{"code": 0, "result": 0}' if vendor != "gateway" else b'{"code": "0"}'
    sim.set_up(callbacks={f"{vendor}_reply": ours.url})
    assert sim.reply(PHONE, "Y 满意", vendor)
    assert read(ours.bodies[0]) == (PHONE, "Y 满意")


def test_a_reply_goes_by_whoever_brought_the_last_message(sim, ours):
    ours.answer = b'{"result": 0}'
    sim.set_up(callbacks={"tencent": ours.url})
    vendors.send_tencent(sim)
    assert sim.reply(PHONE, "TD")
    assert json.loads(ours.bodies[-1])["text"] == "TD"
    assert not sim.reply(PHONE, "TD", "aliyun")


async def bound(sim: SimServer, password: str = SMPP_PASSWORD, patience_ms: int = 5000) -> tuple[smpp34.Client, smpp34.Smsc]:
    host, port = sim.smpp.split(":")
    client = smpp34.Client(host=host, port=int(port), system_id=USER, password=password, bind_type="TRX", connect_timeout_ms=patience_ms)
    return client, await client.connect()


def test_smpp_takes_a_long_chinese_text_and_brings_its_receipt_over_the_bind(sim):
    sim.set_up(delay=0)
    text = "您有新工单。" * 20

    async def story() -> tuple[smpp34.SubmitSmResp, object]:
        client, smsc = await bound(sim)
        payload = smpp34.Tlv(0x0424, text.encode("utf-16-be"))
        taken = await smsc.submit_sm(PHONE, b"", source_addr="10690", data_coding=8, registered_delivery=1, tlvs=[payload])
        receipt = await asyncio.wait_for(smsc.next(), 10)
        await client.stop()
        return taken, receipt

    taken, receipt = asyncio.run(story())
    (message,) = sim.messages(vendor="smpp")
    assert (message["text"], message["to"], message["sender"]) == (text, PHONE, "10690")
    assert (taken.is_success, taken.message_id) == (True, message["provider_id"])
    assert isinstance(receipt, smpp34.DeliverSmEvent)
    assert (receipt.esm_class, receipt.short_message.startswith(f"id:{taken.message_id} ".encode())) == (4, True)
    assert b"stat:DELIVRD err:000" in receipt.short_message


def test_smpp_puts_the_parts_of_a_long_message_together(sim):
    async def story() -> None:
        client, smsc = await bound(sim)
        for number, part in enumerate(("前一半，", "后一半。"), start=1):
            header = bytes((5, 0, 3, 77, 2, number))
            await smsc.submit_sm(PHONE, header + part.encode("utf-16-be"), source_addr="10690", data_coding=8, esm_class=0x40)
        await client.stop()

    asyncio.run(story())
    assert [message["text"] for message in sim.messages(vendor="smpp")] == ["前一半，后一半。"]


@pytest.mark.parametrize(("kind", "status"), [("throttle", 0x58), ("refuse", 0x65)])
def test_smpp_refuses_by_command_status(sim, kind, status):
    sim.fault("smpp", kind)

    async def story() -> smpp34.SubmitSmResp:
        client, smsc = await bound(sim)
        answer = await smsc.submit_sm(PHONE, b"hello", source_addr="10690")
        await client.stop()
        return answer

    assert asyncio.run(story()).command_status == status


def test_smpp_wants_the_right_password(sim):
    with pytest.raises(smpp34.SmppError):
        asyncio.run(bound(sim, "wrong", 1000))


def test_smpp_brings_a_reply_over_the_bind(sim):
    async def story() -> object:
        client, smsc = await bound(sim)
        taken = await asyncio.to_thread(sim.reply, PHONE, "N 没修好", "smpp")
        event = await asyncio.wait_for(smsc.next(), 10)
        await client.stop()
        return taken, event

    taken, event = asyncio.run(story())
    assert (taken, event.source_addr, event.short_message.decode("utf-16-be")) == (True, PHONE, "N 没修好")


def test_the_inbox_shows_a_column_for_each_phone_and_escapes_what_came(sim):
    sim.template("SMS_1", "<script>alert(1)</script>${no}，见 https://a.example/x?a=1&b=2。")
    vendors.send_aliyun(sim)
    sim.fault("aliyun", "refuse")
    vendors.send_aliyun(sim, to="10000000009")
    page = sim.api.get("/")
    assert "script" not in page.text.replace("&lt;script&gt;", "").replace("&lt;/script&gt;", "")
    assert '<a href="https://a.example/x?a=1&amp;b=2" rel="noopener noreferrer">' in page.text
    assert re.findall(r"<h2>.*?</span> (\S+)</h2>", page.text) == [PHONE]
    assert "isv.SMS_CONTENT_ILLEGAL" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert '<meta http-equiv="refresh"' in page.text
    assert '<meta http-equiv="refresh"' not in sim.api.get("/?still=1").text
    assert 'lang="en"' in sim.api.get("/?lang=en").text


def test_people_flip_switches_and_answer_by_sms_on_the_pages(sim, ours):
    sim.set_up(callbacks={"aliyun": ours.url})
    on = sim.api.post("/switches", data={"vendor": "sms", "kind": "slow", "seconds": "0"})
    assert (on.status_code, on.headers["location"]) == (303, "/switches?lang=zh")
    assert "<b>阿里云短信</b>" in sim.api.get("/switches").text
    sim.api.post("/switches/off", data={})
    assert "一切正常" in sim.api.get("/switches").text
    answered = sim.api.post("/reply", data={"from": PHONE, "text": "Y"})
    assert (answered.headers["location"].endswith("taken=yes"), json.loads(ours.bodies[0])[0]["content"]) == (True, "Y")
    vendors.send_aliyun(sim)
    sim.api.post("/clear")
    assert sim.messages() == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "slow", "seconds": "abc"}, "不能是“abc”"),
        ({"kind": "hang", "seconds": "9999"}, "不能是“9999”"),
        ({"kind": "refuse", "times": "-1"}, "不能是“-1”"),
        ({"kind": "bad_number"}, "空号要写明是哪个号码"),
        ({"kind": "flood"}, "没有“flood”这种故障"),
        ({"kind": "hang", "vendor": "nobody"}, "没有“nobody”这一方"),
    ],
)
def test_a_switch_that_cannot_be_is_said_on_the_page_and_does_nothing(sim, form, said):
    wrong = sim.api.post("/switches", data={"vendor": "sms", **form})
    assert (wrong.status_code, 'role="alert"' in wrong.text, said in wrong.text) == (400, True, True)
    assert "一切正常" in wrong.text
    assert all(f'value="{value}"' in wrong.text for value in form.values() if value not in ("flood", "nobody"))


def test_an_empty_number_named_on_the_page_concerns_nobody_else(sim):
    sim.api.post("/switches", data={"vendor": "aliyun", "kind": "bad_number", "numbers": f"{PHONE}，10000000009"})
    (fault,) = sim.api.get("/api/faults").json()["faults"]
    assert fault["numbers"] == [PHONE, "10000000009"]


def test_the_form_offers_everybody_once_and_has_a_field_for_each_value(sim):
    page = sim.api.get("/switches").text
    offered = re.findall(r'<option value="(\w+)"', page)
    assert len(offered) == len(set(offered))
    assert {"sms", "voice", "hook", "all", "aliyun", "smpp"} <= set(offered)
    assert re.findall(r'<input name="(\w+)"', page) == ["seconds", "code", "numbers", "times"]


@pytest.mark.parametrize(("lang", "told"), [("zh", "回执 已送达"), ("en", "receipt delivered")])
def test_the_inbox_says_what_a_receipt_means(sim, ours, lang, told):
    sim.set_up(callbacks={"aliyun": ours.url}, delay=0)
    vendors.send_aliyun(sim)
    until(lambda: sim.messages()[0]["receipt"], what="the receipt")
    assert told in sim.api.get(f"/?lang={lang}").text


@pytest.mark.parametrize("path", ["/switches", "/clear", "/reply", "/api/faults", "/api/messages"])
def test_another_sites_page_cannot_touch_anything(sim, path):
    vendors.send_aliyun(sim)
    method = "DELETE" if path == "/api/messages" else "POST"
    assert sim.api.request(method, path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert len(sim.messages()) == 1


def test_what_was_accepted_outlives_a_kill(tmp_path):
    server = SimServer(tmp_path)
    server.start()
    try:
        vendors.send_aliyun(server, reference="BH1")
        before, where = server.messages(), server.url
        server.kill()
        server.start()
        assert (server.messages(), server.url) == (before, where)
        vendors.send_aliyun(server, reference="BH1")
        assert [message["duplicate_of"] for message in server.messages()] == [1, None]
        assert [json.loads(line)["message"]["id"] for line in server.record.read_text().splitlines() if "message" in json.loads(line)] == [
            1,
            2,
        ]
        assert server.record.stat().st_mode & 0o777 == 0o600
    finally:
        code = server.stop()
    assert code == 0


def test_a_large_or_broken_request_costs_only_its_own_connection(sim):
    for head in (
        b"POST /hook HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        with pytest.raises(httpx.HTTPError):
            raw(sim, head)
    assert sim.api.get("/livez").status_code == 200


def raw(sim: SimServer, head: bytes) -> None:
    """Send it as it is; a connection that is closed without an answer is an error."""
    import socket
    from urllib.parse import urlsplit

    place = urlsplit(sim.url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as line:
        line.sendall(head)
        try:
            answered = line.recv(1)
        except ConnectionError:
            answered = b""
    if not answered:
        raise httpx.ReadError("closed")
