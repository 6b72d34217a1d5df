"""`bihuan sim` on the command line: what it says, and what it refuses."""

import json
import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.sim import SimServer


@pytest.fixture
def typed(bare, tmp_path, monkeypatch) -> Callable[..., Any]:
    """`bihuan sim` in an empty folder, on ports that are free."""
    monkeypatch.chdir(tmp_path)
    return lambda *words, lang="en": bare("sim", "--http-port", "0", "--smtp-port", "0", "--smpp-port", "0", *words, "--lang", lang)


@pytest.mark.parametrize(("lang", "said"), [("zh", "无法识别"), ("en", "is not known")])
@pytest.mark.parametrize("fault", ["sms=flood", "nobody=hang", "sms", "sms=hang:long", "aliyun=slow:9999", "sms=bad_number"])
def test_a_fault_that_cannot_be_read_is_refused(typed, lang, said, fault):
    done = typed("--fault", fault, lang=lang)
    assert (done.code, done.out) == (1, "")
    (sentence,) = done.err.splitlines()
    assert said in sentence
    assert fault in sentence
    assert not (lang == "zh" and re.search(r"one of|number of|seconds and", sentence)), "half of it English"


def test_a_port_in_use_gets_one_sentence(typed):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = typed("--smpp-port", str(other.getsockname()[1]))
    (sentence,) = done.err.splitlines()
    assert (done.code, "--smpp-port" in sentence) == (1, True)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"callbacks": {"nobody": "http://x"}}', '{"templates": [{"state": "approved"}]}', '{"delay": null}']
)
def test_a_settings_file_that_cannot_be_used_is_refused(typed, tmp_path, text):
    (tmp_path / "setup.json").write_text(text)
    done = typed("--setup", "setup.json")
    (sentence,) = done.err.splitlines()
    assert (done.code, "setup.json" in sentence) == (1, True)


def test_faults_and_settings_given_at_the_start_are_in_force(tmp_path):
    (tmp_path / "setup.json").write_text(json.dumps({"delay": 7, "signs": ["湖滨"], "templates": [{"code": "SMS_9", "content": "好"}]}))
    server = SimServer(tmp_path, ("--setup", "setup.json", "--fault", "sms=hang:5", "--fault", "mail=refuse:451"))
    server.start()
    try:
        faults = {(f["vendor"], f["kind"], f["seconds"], f["code"]) for f in server.api.get("/api/faults").json()["faults"]}
        templates = server.api.get("/api/templates").json()
        delay = server.api.get("/api/setup").json()["delay"]
    finally:
        assert server.stop() == 0
    assert {("mail", "refuse", 0.0, "451"), ("aliyun", "hang", 5.0, ""), ("smpp", "hang", 5.0, "")} <= faults
    assert (delay, templates["templates"][0]["code"], templates["signs"]["湖滨"]) == (7.0, "SMS_9", "approved")
