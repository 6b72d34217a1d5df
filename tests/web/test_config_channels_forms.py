"""Channels by page: added, tried before they are saved, put in another's place with the secrets that stay, taken away."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from models import Message, connection_of, table
from services.channels import Wanted, code_of_callback, configure, configured
from services.channels.forms import composed, described
from services.channels.kinds import kinds
from services.people.addresses import set_addresses
from tests.support.sim import PASSWORD, USER, SimServer
from tests.support.town import Town
from tests.support.website import NOW, at, visit

_message = table(Message)
NEW = "/config/channels/new"


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[SimServer]:
    server = SimServer(tmp_path)
    server.start()
    yield server
    server.stop()


def _url(app: FastAPI, code: str) -> str:
    with app.state.site.database.unit_of_work() as session:
        found = configured(session, app.state.site.settings)
    return found[code].url if code in found else ""


def _reach_admin(app: FastAPI) -> None:
    with app.state.site.database.unit_of_work() as session:
        set_addresses(session, "admin", {"email": "admin@example.cn"}, "admin", NOW)


def test_a_mailbox_is_tried_then_added_then_changed(sqlite_app: FastAPI, sqlite_town: Town, sim: SimServer) -> None:
    app, admin = sqlite_app, visit(sqlite_app, "admin")
    _reach_admin(app)
    assert "邮箱（587 端口）" in admin.get(NEW).text
    host, port = sim.smtp.split(":")
    fields = {"kind": "mail", "code": "email", "host": host, "port": port, "from": "bihuan@example.cn", "tls": "none", "user": USER}
    wrong = admin.send_form(NEW, do="save", **fields, password=PASSWORD)
    assert wrong.status_code == 409
    assert "“内部地址”选“是”" in wrong.text  # of the form, not of an address
    assert "private=yes" not in wrong.text
    assert PASSWORD not in wrong.text
    assert f'value="{port}"' in wrong.text
    assert _url(app, "email").startswith("record:")
    empty = admin.send_form(NEW, do="save", **(fields | {"host": ""}))
    assert "“主机”没有填" in empty.text

    fields |= {"private": "yes", "password": PASSWORD}
    tried = admin.send_form(NEW, do="test", **fields)
    assert (tried.status_code, "✓" in tried.text, PASSWORD in tried.text) == (200, True, False)
    (mail,) = [each for each in map(json.loads, sim.record.read_text().splitlines()) if "admin@example.cn" in json.dumps(each)]
    assert mail
    assert _url(app, "email").startswith("record:")  # a test saves nothing
    assert admin.send_form(NEW, do="save", **fields).status_code == 303
    assert _url(app, "email").startswith(f"mail://{USER}:{PASSWORD}@{sim.smtp}")
    assert "请在列表里点它的“更换”" in admin.send_form(NEW, do="save", **fields).text  # twice is once

    shown = admin.get("/config/channels/email/edit").text
    assert PASSWORD not in shown
    assert 'value="bihuan@example.cn"' in shown
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    changed = fields | {"password": "", "user": "", "name": "五治联动", "seen": seen}
    elsewhere = admin.send_form("/config/channels/email/edit", do="save", **(changed | {"host": "mail.example.cn"}))
    assert (elsewhere.status_code, "要重新填" in elsewhere.text) == (409, True)
    stale = admin.send_form("/config/channels/email/edit", do="save", **(changed | {"seen": "2020-01-01T00:00:00+00:00"}))
    assert (stale.status_code, "刚被别人改过" in stale.text) == (409, True)
    assert admin.send_form("/config/channels/email/edit", do="save", **changed).status_code == 303
    assert described(_url(app, "email")).shown["name"] == "五治联动"
    assert f"{USER}:{PASSWORD}@" in _url(app, "email")
    at(app, NOW + timedelta(minutes=1))
    told = admin.send_form("/config/channels", do="test", channel="email")
    assert "✓" in told.text
    with app.state.site.database.unit_of_work() as session:
        rows = connection_of(session).execute(select(_message.c.state).where(_message.c.notice == "channel_test")).all()
    assert [row.state for row in rows] == ["accepted", "accepted"]


def test_a_gateway_tells_its_receipt_address_once(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    app, admin = sqlite_app, visit(sqlite_app, "admin")
    typed = {"user": "k@1", "password": "s:/?#&%", "sign": "五治联动", "host": "sms.example.cn", "unasked": "1"}
    made = admin.send_form(NEW, do="save", kind="alisms", code="sms", **typed)
    assert made.status_code == 200
    address = made.text.split("/callbacks/sms/")[1].split("<")[0]
    with app.state.site.database.unit_of_work() as session:
        assert code_of_callback(session, address) == "sms"
    again = admin.send_form("/config/channels/sms/edit", do="callback")
    assert address not in again.text
    assert "/callbacks/sms/" in again.text
    assert described(_url(app, "sms")).kind == kinds()["alisms"]
    for file in ("record:////tmp/x", " RECORD://_//tmp/x"):
        refused = admin.send_form(NEW, do="save", kind="whole", code="im", whole=file)
        assert (refused.status_code, "只记录，不发出" in refused.text) == (409, True)
    assert "http" in admin.send_form(NEW, do="save", kind="mail", code="im", host="http://x/", **{"from": "a@b.cn"}).text
    assert admin.send_form("/config/channels/inbox/edit", do="remove").status_code == 409
    assert admin.send_form("/config/channels/sms/edit", do="remove").status_code == 303
    assert "sms" not in _url(app, "sms")
    head = visit(app, "centre.head")
    for path in (NEW, f"{NEW}?kind=mail", "/config/channels/sms/edit"):
        assert head.get(path).status_code == 409
    assert head.send_form(NEW, do="save", kind="record", code="im").status_code == 409


def test_an_address_survives_the_form(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    for url in (
        "alisms://k%40:s%7Bx%7D@h.cn/?sign=%E4%BA%94&tls=no&private=yes&longest=60",
        "gwsms://{secret:A}:{secret:B_K}@h:88/a%2Fb/c?body=yunmas&ec=%E4%BC%81&signcode=x",
        "smsc://a:b@[::1]:2775/?from=106&tls=no",
        "hook://:sec@h/p?medium=sms&address=phone",
        "mails://a%40b:c@h:465/?from=a%40b.cn",
        "json://user:pass@h/x",
    ):
        known = described(url)
        address, wrong = composed(known.kind, known.shown, url)
        assert wrong == []
        with_all = described(address)
        assert (with_all.kind, with_all.shown, with_all.kept) == (known.kind, known.shown, known.kept)
        again, _ = composed(known.kind, known.shown, address)
        assert again == address
    admin = visit(sqlite_app, "admin", "en")
    with sqlite_app.state.site.database.unit_of_work() as session:
        configure(session, Wanted("im", "hook://:sec@h.example.cn/p"), "admin", NOW)
    for code in kinds():
        assert admin.get(f"{NEW}?kind={code}").status_code == 200
        assert admin.get(f"/config/channels/im/edit?kind={code}").status_code == 200


def test_a_secret_on_record_goes_nowhere_else_and_no_form_names_one_of_the_machine() -> None:
    url = "smsc://acc:pw@smsc.example.cn:2775?from=106"
    known = described(url)
    assert composed(known.kind, known.shown | {"tls": "yes", "port": "", "wait": "9"}, url)[1] == [], "the same place"
    for name, other in (("port", "9999"), ("tls", "no"), ("host", "evil.example"), ("private", "yes"), ("ca", "/x")):
        address, wrong = composed(known.kind, known.shown | {name: other}, url)
        assert (address, [finding.key for finding in wrong]) == ("", ["channel_form.secrets_again"]), name
        assert composed(known.kind, known.shown | {name: other, "user": "acc", "password": "pw"}, url)[1] == [], name
    hook = "hook://:{secret:HOOK}@h.example.cn/p"
    kept = composed(described(hook).kind, described(hook).shown, hook)
    assert (kept[0].count("{secret:HOOK}"), kept[1]) == (1, [])
    moved = composed(described(hook).kind, described(hook).shown | {"path": "/other"}, hook)
    assert [finding.key for finding in moved[1]] == ["channel_form.secrets_again"]
    for kind, typed in (
        ("hook", {"password": "{secret:SESSION}", "host": "h.cn", "path": "/p"}),
        ("whole", {"whole": "json://{secret:X}@h"}),
    ):
        address, wrong = composed(kinds()[kind], typed)
        assert (address, "channel_form.secret_by_operator" in [finding.key for finding in wrong]) == ("", True)
    yes = described("alisms://k:s@h.cn/?sign=x&private=true&tls=off").shown
    assert (yes["private"], yes["tls"]) == ("yes", "no")
