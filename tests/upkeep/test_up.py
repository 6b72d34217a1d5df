"""`bihuan up` with a real parent and small real children: it starts, restarts, stops in order, and leaves nobody behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

import clock
from commands.up.checks import CannotStartError, check_port, check_python
from commands.up.children import children_of
from commands.up.outfiles import last_lines, limit, turn_over
from commands.up.screen import given_here
from settings import load
from wording import LANGUAGES, sentences

ROOT = Path(__file__).parents[2]
PARENT = """
import json, os, signal, sys
from commands.up import run
from commands.up.children import Child
from commands.up.family import Patience
from settings import get_settings
children = [
    Child(c["name"], (sys.executable, "-c", c["code"]), dict(os.environ), c.get("url"), signal.Signals(c.get("stop", 15)))
    for c in json.loads(sys.argv[1])
]
patience = Patience(first_wait=0.05, grace=1.0)
sys.exit(run(get_settings(), children, lambda settings, now: [("clerk", "网格员", "grid worker")], patience))
"""
WAITS = "import time; time.sleep(600)"
SERVES = """
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", {port}), H).serve_forever()
"""
TELLS_ITS_SIGNAL = """
import signal, sys, pathlib, time
def told(number, _):
    with pathlib.Path("stopped").open("a") as file: file.write("{name} " + signal.Signals(number).name + "\\n")
    sys.exit(0)
for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, told)
pathlib.Path("{name}.ready").touch()
time.sleep(600)
"""
HAS_GRANDCHILDREN = """
import pathlib, subprocess, sys, time
for apart in (False, True):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=apart)
pathlib.Path("grandchildren.ready").touch()
time.sleep(600)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(true: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, f"waited {seconds} s in vain: {what}"
        clock.pause(0.05)


class House:
    """A data folder, and the parents started on it; every process is found by a mark in its environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex
        self.port = free_port()
        self.parents: list[subprocess.Popen[str]] = []
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("BIHUAN_")} | {
            "HOUSE": self.mark,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", "")))),
            "BIHUAN_PREFECT": "off",
            "BIHUAN_SIM": "off",
            "BIHUAN_PORT": str(self.port),
            "BIHUAN_DATA_DIR": str(folder / "data"),
            "BIHUAN_LANG": "en",
        }

    def up(self, *children: dict[str, object], code: str = PARENT, **env: str) -> subprocess.Popen[str]:
        number = len(self.parents)
        with (self.folder / f"out{number}").open("w") as out, (self.folder / f"err{number}").open("w") as err:
            parent = subprocess.Popen(
                [sys.executable, "-c", code, json.dumps(children)],
                cwd=self.folder,
                env=self.env | env,
                stdout=out,
                stderr=err,
                text=True,
                start_new_session=True,
            )
        self.parents.append(parent)
        return parent

    def said(self, stream: str, number: int = -1) -> str:
        return (self.folder / f"{stream}{number % len(self.parents)}").read_text(encoding="utf-8")

    def wait_for_box(self) -> None:
        wait_until(lambda: "Ctrl-C stops everything" in self.said("out"), "the box")

    def processes(self) -> list[int]:
        """Find whoever carries the mark and lives."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"HOUSE={self.mark}".encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def wait_until_empty(self) -> None:
        wait_until(lambda: not self.processes(), "no process left", 5.0)


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    for parent in house.parents:
        parent.kill()
        parent.wait()
    for process in house.processes():
        os.kill(process, signal.SIGKILL)


def ready(house: House, *names: str) -> Callable[[], bool]:
    return lambda: all((house.folder / f"{name}.ready").exists() for name in names)


def test_ctrl_c_stops_engine_then_web_then_prefect(house):
    house.up(
        {"name": "prefect", "code": TELLS_ITS_SIGNAL.format(name="prefect")},
        {"name": "web", "code": TELLS_ITS_SIGNAL.format(name="web")},
        {"name": "engine", "code": TELLS_ITS_SIGNAL.format(name="engine"), "stop": signal.SIGINT},
    )
    house.wait_for_box()
    wait_until(ready(house, "prefect", "web", "engine"), "children ready")
    house.parents[0].send_signal(signal.SIGINT)
    assert house.parents[0].wait(10) == 0
    assert (house.folder / "stopped").read_text().split("\n")[:3] == ["engine SIGINT", "web SIGTERM", "prefect SIGTERM"]
    assert house.said("err") == ""
    house.wait_until_empty()


def test_an_interrupt_stops_it_also_where_a_script_left_interrupts_ignored(house):
    ignoring = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + PARENT
    notes = "import pathlib, time\npathlib.Path('engine.ready').touch()\ntry: time.sleep(600)\n"
    notes += "except KeyboardInterrupt: pathlib.Path('finished').touch()"
    parent = house.up({"name": "engine", "code": notes, "stop": signal.SIGINT}, code=ignoring)
    house.wait_for_box()
    wait_until(ready(house, "engine"), "engine")
    parent.send_signal(signal.SIGINT)
    assert parent.wait(10) == 0
    assert (house.folder / "finished").exists()


def test_the_box_says_where_everything_is(house):
    house.up({"name": "web", "code": SERVES.format(port=house.port), "url": f"http://127.0.0.1:{house.port}/livez"})
    house.wait_for_box()
    box = house.said("out")
    token = (house.folder / "data" / "token").read_text().strip()
    for part in (f"http://127.0.0.1:{house.port}", token, "clerk  grid worker", str(house.folder / "data" / "logs")):
        assert part in box


def test_no_box_before_the_children_answer(house):
    parent = house.up({"name": "web", "code": WAITS, "url": f"http://127.0.0.1:{house.port}/livez"})
    wait_until((house.folder / "data" / "logs" / "web.out").exists, "web started")
    clock.pause(1.0)
    assert "Bihuan is running" not in house.said("out")
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(10) == 0


def test_kill_9_of_the_parent_leaves_nobody_and_the_next_start_works(house):
    parent = house.up({"name": "engine", "code": HAS_GRANDCHILDREN}, {"name": "web", "code": WAITS})
    house.wait_for_box()
    wait_until(ready(house, "grandchildren"), "grandchildren")
    assert len(house.processes()) == 1 + 2 * 2 + 2
    parent.kill()
    parent.wait()
    house.wait_until_empty()
    house.up({"name": "web", "code": WAITS})
    house.wait_for_box()


def test_kill_9_of_a_launcher_takes_its_child_along_and_both_come_back(house):
    parent = house.up({"name": "engine", "code": WAITS})
    house.wait_for_box()
    before = set(house.processes()) - {parent.pid}
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(set(house.processes()) - before) == 3, "both are back")
    wait_until(lambda: not before & set(house.processes()), "the old ones are gone")
    assert "engine stopped unexpectedly" in house.said("err")


def test_a_child_that_dies_once_is_started_again(house):
    once = "import pathlib, sys, time\nmark = pathlib.Path('once')\nif not mark.exists(): mark.touch(); sys.exit(7)\ntime.sleep(600)"
    house.up({"name": "engine", "code": once})
    wait_until(lambda: "engine stopped unexpectedly (exit code 7)" in house.said("err"), "the death")
    house.wait_for_box()
    assert house.said("err").count("unexpectedly") == 1


def test_a_child_that_dies_over_and_over_ends_everything_with_its_last_lines(house):
    dies = "print(*(f'line {n}' for n in range(30)), sep='\\n'); raise SystemExit(3)"
    parent = house.up({"name": "web", "code": HAS_GRANDCHILDREN}, {"name": "engine", "code": dies})
    assert parent.wait(20) == 1
    complaint = house.said("err")
    assert complaint.count("unexpectedly") == 4
    assert "engine kept stopping within a minute (last exit code 3)" in complaint
    assert complaint.splitlines()[-15:] == [f"  line {n}" for n in range(15, 30)]
    house.wait_until_empty()


def test_a_child_that_will_not_stop_is_killed_when_its_time_is_up(house):
    stubborn = "import pathlib, signal, time\nsignal.signal(15, signal.SIG_IGN)\npathlib.Path('stubborn.ready').touch()\ntime.sleep(600)"
    parent = house.up({"name": "web", "code": stubborn})
    wait_until(ready(house, "stubborn"), "stubborn")
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(10) == 0
    house.wait_until_empty()


def test_a_second_up_on_the_same_folder_is_refused(house):
    first = house.up({"name": "engine", "code": WAITS})
    house.wait_for_box()
    second = house.up({"name": "engine", "code": WAITS})
    assert second.wait(20) == 2
    (sentence,) = house.said("err").splitlines()
    assert f"already running on the data folder {house.folder / 'data'} (process {first.pid})" in sentence
    assert first.poll() is None


@pytest.mark.parametrize(("lang", "expected"), [("zh", "已被其他程序占用"), ("en", "is used by another program")])
def test_a_port_in_use_gets_one_sentence(house, lang, expected):
    with socket.socket() as other:
        other.bind(("127.0.0.1", house.port))
        other.listen()
        assert house.up(BIHUAN_LANG=lang).wait(20) == 2
    (sentence,) = house.said("err").splitlines()
    assert expected in sentence
    assert str(house.port) in sentence
    assert "BIHUAN_PORT" in sentence


def test_a_port_of_the_simulator_in_use_names_its_setting(house):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert house.up(BIHUAN_SIM="on", BIHUAN_SIM_PORT=str(free_port()), BIHUAN_SIM_SMTP_PORT=str(other.getsockname()[1])).wait(20) == 2
    (sentence,) = house.said("err").splitlines()
    assert "BIHUAN_SIM_SMTP_PORT" in sentence


@pytest.mark.parametrize("folder", ["a-file/data", "/proc/bihuan"])
def test_an_unwritable_folder_gets_one_sentence(house, folder):
    (house.folder / "a-file").touch()
    assert house.up(BIHUAN_DATA_DIR=folder).wait(20) == 2
    (sentence,) = house.said("err").splitlines()
    assert folder in sentence
    assert "BIHUAN_DATA_DIR" in sentence


def test_a_bad_setting_gets_one_sentence(house):
    parent = house.up(code="import sys; from commands.up import up; sys.exit(up())", BIHUAN_PORT="many")
    assert parent.wait(20) == 2
    (sentence,) = house.said("err").splitlines()
    assert sentence == "BIHUAN_PORT cannot be “many”; allowed: 1–65535."


def test_both_languages_say_the_same_things_with_the_same_details():
    details = {lang: {key: sorted(re.findall(r"{(\w+)}", text)) for key, text in sentences(lang)["up"].items()} for lang in LANGUAGES}
    assert details["zh"] == details["en"]


def test_a_wrong_python_is_refused():
    check_python((3, 11, 0))
    with pytest.raises(CannotStartError, match="python_too_old"):
        check_python((3, 10, 14))


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(CannotStartError) as error:
        check_port("prefect_port", "192.0.2.1", 4200)
    assert error.value.key == "host_unknown"
    assert error.value.values["host_variable"] == "BIHUAN_PREFECT_HOST"


def test_an_address_of_another_machine_names_the_setting_of_the_address():
    with pytest.raises(CannotStartError) as error:
        check_port("sim_smtp_port", "192.0.2.1", 2525, "sim_host")
    assert error.value.values["host_variable"] == "BIHUAN_SIM_HOST"


def test_the_box_tells_a_newcomer_what_to_type(house):
    house.up(
        {"name": "web", "code": WAITS},
        BIHUAN_SIM="on",
        BIHUAN_SIM_PORT=str(port := free_port()),
        BIHUAN_SIM_SMTP_PORT=str(free_port()),
        BIHUAN_SIM_SMPP_PORT=str(free_port()),
    )
    wait_until(lambda: "不知道归谁管" in house.said("out"), "what to type")
    assert f"http://127.0.0.1:{port}" in house.said("out")
    lines = house.said("out").splitlines()
    submits = [line for line in lines if "submit --area chenguang-1" in line]
    assert [line[-1] for line in submits] == ['"', '"'], "a command that stands whole on its line, outside of the box"
    assert not [line for line in submits if "│" in line]
    (exports,) = [line for line in lines if line.startswith("export ")]
    assert f"BIHUAN_SIM_PORT={port}" in exports
    assert f"BIHUAN_DATA_DIR={house.folder / 'data'}" in exports


def test_what_another_terminal_must_export_hides_secrets(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("BIHUAN_")]:
        monkeypatch.delenv(name)
    assert given_here(load()) == ([], [])
    monkeypatch.setenv("BIHUAN_TOKEN", "geheim")
    monkeypatch.setenv("BIHUAN_SECRET_SMS", "geheim")
    monkeypatch.setenv("BIHUAN_PORT", "8001")
    monkeypatch.setenv("BIHUAN_SMS_SIGN", "it's")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIHUAN_DATA_DIR", "here")
    shown, hidden = given_here(load())
    assert shown == [f"BIHUAN_DATA_DIR={tmp_path / 'here'}", "BIHUAN_PORT=8001", "BIHUAN_SMS_SIGN='it'\"'\"'s'"]
    assert hidden == ["BIHUAN_TOKEN", "BIHUAN_SECRET_SMS"]


def test_prefect_is_left_out_when_off_or_elsewhere(tmp_path):
    assert [child.name for child in children_of(load(data_dir=tmp_path, prefect="on"))] == ["prefect", "sim", "web", "engine"]
    assert [child.name for child in children_of(load(data_dir=tmp_path, prefect="off"))] == ["sim", "web", "engine"]
    elsewhere = children_of(load(data_dir=tmp_path, prefect_api_url="http://prefect.example/api"))
    assert [child.name for child in elsewhere] == ["sim", "web", "engine"]
    assert elsewhere[2].env["PREFECT_API_URL"] == "http://prefect.example/api"


@pytest.mark.parametrize(
    ("given", "there"), [({}, True), ({"demo": False}, False), ({"demo": False, "sim": "on"}, True), ({"sim": "off"}, False)]
)
def test_the_simulator_belongs_to_the_demonstration(tmp_path, given, there):
    assert ("sim" in [child.name for child in children_of(load(data_dir=tmp_path, **given))]) is there


def test_what_children_print_is_turned_over(tmp_path):
    out = tmp_path / "web.out"
    for text in ("first", "second", "third", "fourth"):
        turn_over(out, keep=2)
        out.write_text(text)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "web.out": "fourth",
        "web.out.1": "third",
        "web.out.2": "second",
    }


def test_what_a_child_prints_too_much_is_put_aside_while_it_goes_on(tmp_path):
    out = tmp_path / "web.out"
    with out.open("ab", buffering=0) as child:
        child.write(b"x" * 100)
        limit(out, keep=2, max_bytes=50)
        child.write(b"more\n")
    assert out.read_bytes() == b"more\n"
    assert (tmp_path / "web.out.1").stat().st_size == 100
    assert last_lines(out, 15) == ["more"]
    assert last_lines(tmp_path / "none", 15) == []
