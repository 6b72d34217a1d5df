"""The demonstration's channels: they lead to the simulator, and stand back where a person or the environment has said otherwise."""

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from models import Channel, ProviderTemplate, table
from services.channels.demonstration import point_at_simulator, setup_file
from services.channels.opening import open_channels
from services.channels.stored import Wanted, code_of_callback, configure
from settings import Settings, load
from tests.support.processes import until

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
channel = table(Channel)


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    for name in [name for name in os.environ if name.startswith("BIHUAN_")]:
        monkeypatch.delenv(name)
    return load(data_dir=tmp_path)


def rows(database) -> dict[str, Any]:
    with database.unit_of_work() as session:
        return {row.code: row for row in session.connection().execute(select(channel))}


def told(settings) -> dict[str, Any]:
    return dict(json.loads(setup_file(settings).read_text()))


def test_messages_go_to_the_simulator_and_it_knows_where_receipts_go(database, settings):
    point_at_simulator(database, settings, NOW)
    found = rows(database)
    schemes = {code: row.url.partition(":")[0] for code, row in found.items()}
    assert schemes == {"sms": "alisms", "email": "mail", "voice": "voice", "im": "qywx"}
    assert {row.changed_by for row in found.values()} == {"system"}
    callbacks = told(settings)["callbacks"]
    assert {vendor: url.split("/")[2:5] for vendor, url in callbacks.items()} == {
        "aliyun": ["127.0.0.1:8000", "callbacks", "sms"],
        "voice": ["127.0.0.1:8000", "callbacks", "voice"],
    }
    with database.unit_of_work() as session:
        assert [code_of_callback(session, url.rpartition("/")[2]) for url in callbacks.values()] == ["sms", "voice"]
    assert setup_file(settings).stat().st_mode & 0o777 == 0o600


def test_every_notice_has_approved_words_at_the_simulator(database, settings):
    point_at_simulator(database, settings, NOW)
    with database.unit_of_work() as session:
        approved = {row.code: row.state for row in session.connection().execute(select(table(ProviderTemplate)))}
    assert set(approved.values()) == {"approved"}
    assert {template["code"] for template in told(settings)["templates"]} == approved.keys()


def test_a_second_start_changes_nothing(database, settings):
    point_at_simulator(database, settings, NOW)
    before, setup = rows(database), told(settings)
    point_at_simulator(database, settings, NOW + timedelta(days=1))
    assert (rows(database), told(settings)) == (before, setup)


def test_another_port_is_followed(database, settings):
    point_at_simulator(database, settings, NOW)
    point_at_simulator(database, load(data_dir=settings.data_dir, sim_port=18025), NOW)
    assert "127.0.0.1:18025" in rows(database)["sms"].url
    assert code_at(database, told(settings)) == "sms"


def code_at(database, setup: dict[str, Any]) -> str | None:
    with database.unit_of_work() as session:
        return code_of_callback(session, setup["callbacks"]["aliyun"].rpartition("/")[2])


def test_what_a_person_has_configured_stands(database, settings):
    with database.unit_of_work() as session:
        configure(session, Wanted("sms", "record://"), "admin", NOW)
    point_at_simulator(database, settings, NOW)
    found = rows(database)
    assert (found["sms"].url, found["sms"].changed_by, found["email"].changed_by) == ("record://", "admin", "system")
    assert set(told(settings)["callbacks"]) == {"voice"}


@pytest.mark.parametrize("given", [{"sim": "off"}, {"demo": False}, {"channels": {"sms": "record://"}}])
def test_without_the_simulator_its_channels_are_taken_away_and_a_persons_stay(database, settings, given):
    with database.unit_of_work() as session:
        configure(session, Wanted("voice", "record://"), "admin", NOW)
    point_at_simulator(database, settings, NOW)
    point_at_simulator(database, load(data_dir=settings.data_dir, **given), NOW)
    assert list(rows(database)) == ["voice"]
    assert not setup_file(settings).exists()


def test_the_channels_that_are_configured_can_be_used(sqlite_database, tmp_path, sim):
    ports = {name: int(place.rpartition(":")[2]) for name, place in (("sim_port", sim.url), ("sim_smtp_port", sim.smtp))}
    settings = load(data_dir=tmp_path, **ports)
    point_at_simulator(sqlite_database, settings, NOW)
    channels = open_channels(sqlite_database, settings)
    try:
        found = {code: channels.check(code) for code in ("sms", "email", "voice", "im")}
    finally:
        channels.close()
    assert [code for code, findings in found.items() if not all(finding.ok for finding in findings)] == []
    assert sim.messages() == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Machine:
    """A whole machine in a folder, as a newcomer starts it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.sim = folder, f"http://127.0.0.1:{(port := free_port())}"
        ports = {"PORT": free_port(), "SIM_PORT": port, "SIM_SMTP_PORT": free_port(), "SIM_SMPP_PORT": free_port()}
        own = {name: value for name, value in os.environ.items() if not name.startswith(("BIHUAN_", "PREFECT_"))}
        own |= {f"BIHUAN_{name}": str(value) for name, value in ports.items()}
        self.env = own | {"PYTHONPATH": str(ROOT), "BIHUAN_PREFECT": "off", "BIHUAN_DATA_DIR": str(folder / "data")}
        self.up: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "out").open("wb") as out:
            self.up = subprocess.Popen(self._typed("up"), cwd=self.folder, env=self.env, stdout=out, stderr=subprocess.STDOUT)

    def _typed(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "cli", *words]

    def type(self, *words: str) -> None:
        subprocess.run(self._typed(*words), cwd=self.folder, env=self.env, check=True, capture_output=True)

    def said(self) -> str:
        return (self.folder / "out").read_text()

    def media(self) -> set[str]:
        found = httpx.get(f"{self.sim}/api/messages", params={"accepted": "yes"}, trust_env=False).json()["messages"]
        return {message["medium"] for message in found}

    def stop(self) -> None:
        if self.up is not None:
            self.up.send_signal(2)
            self.up.wait(timeout=60)


@pytest.mark.soak
def test_a_newcomer_sees_sms_and_email_arrive(tmp_path):
    machine = Machine(tmp_path)
    machine.start()
    try:
        until(lambda: "Ctrl-C" in machine.said(), 60, "the box")
        assert machine.sim in machine.said()
        machine.type("submit", "--area", "chenguang-1", "--phone", "10012345678", "--body", "楼道里闻到煤气味")
        machine.type("submit", "--area", "chenguang-1", "--phone", "10012345679", "--body", "想反映一件事，不知道归谁管")
        until(lambda: {"sms", "email"} <= machine.media(), 60, "SMS and e-mail")
    finally:
        machine.stop()
