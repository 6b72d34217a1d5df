"""`bihuan sim` on the command line: what it says, and what it refuses."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sim import SimServer

ROOT = Path(__file__).parents[2]


def typed(folder: Path, *words: str, lang: str = "en") -> subprocess.CompletedProcess[str]:
    code = "import sys; from cli import run; sys.exit(run(['sim', *sys.argv[1:]]))"
    environment = {"PYTHONPATH": str(ROOT), "BIHUAN_LANG": lang, "PATH": "/usr/bin:/bin", "BIHUAN_DATA_DIR": str(folder)}
    ports = ["--http-port", "0", "--smtp-port", "0", "--smpp-port", "0"]
    command = [sys.executable, "-P", "-c", code, *ports, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(("lang", "said"), [("zh", "无法识别"), ("en", "is not known")])
@pytest.mark.parametrize("fault", ["sms=flood", "nobody=hang", "sms", "sms=hang:long", "aliyun=slow:9999", "sms=bad_number"])
def test_a_fault_that_cannot_be_read_is_refused(tmp_path, lang, said, fault):
    done = typed(tmp_path, "--fault", fault, lang=lang)
    assert (done.returncode, done.stdout) == (1, "")
    (sentence,) = done.stderr.splitlines()
    assert said in sentence
    assert fault in sentence
    assert not (lang == "zh" and re.search(r"one of|number of|seconds and", sentence)), "half of it English"


def test_a_port_in_use_gets_one_sentence(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = typed(tmp_path, "--smpp-port", str(other.getsockname()[1]))
    (sentence,) = done.stderr.splitlines()
    assert (done.returncode, "--smpp-port" in sentence) == (1, True)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"callbacks": {"nobody": "http://x"}}', '{"templates": [{"state": "approved"}]}', '{"delay": null}']
)
def test_a_settings_file_that_cannot_be_used_is_refused(tmp_path, text):
    (tmp_path / "setup.json").write_text(text)
    done = typed(tmp_path, "--setup", "setup.json")
    (sentence,) = done.stderr.splitlines()
    assert (done.returncode, "setup.json" in sentence) == (1, True)


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
