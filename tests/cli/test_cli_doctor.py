"""What the doctor finds, and the engine as a process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import update

from models import Journal, table
from tests.cli.conftest import Answer

ROOT = Path(__file__).parents[2]


def check(answer: Answer, name: str) -> bool:
    return next(c["ok"] for c in answer.json["checks"] if c["name"] == name)


def test_the_doctor_finds_what_needs_a_person(bihuan):
    from clock import utcnow
    from services.engine import engines

    no = bihuan.submits()
    bihuan.engine_turns(no)
    without = bihuan("doctor", "--json")
    assert (without.code, check(without, "engines")) == (1, False)
    with bihuan.database.unit_of_work() as session:
        engines.begin(session, utcnow(), events_on=False)
    well = bihuan("doctor", "--json")
    assert [c["name"] for c in well.json["checks"] if not c["ok"]] == []
    assert (well.code, well.json["ok"]) == (0, True)
    assert bihuan("doctor").code == 0
    with bihuan.database.unit_of_work() as session:
        session.execute(update(table(Journal)).values(actor="somebody else"))
    altered = bihuan("doctor", "--json")
    assert (altered.code, check(altered, "journal"), check(altered, "clocks")) == (1, False, True)


def test_the_doctor_looks_at_what_is_not_there_without_making_it(bare, tmp_path, monkeypatch):
    answer = bare("doctor", "--json")
    assert (answer.code, check(answer, "database"), check(answer, "key")) == (1, False, False)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("BIHUAN_PREFECT", "on")
    monkeypatch.setenv("BIHUAN_PREFECT_API_URL", "http://127.0.0.1:1/api")
    assert check(bare("doctor", "--json"), "prefect") is False
    monkeypatch.setenv("BIHUAN_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert check(bare("doctor", "--json"), "database") is False


def test_the_doctor_knows_a_key_that_does_not_fit(bihuan, tmp_path):
    from cryptography.fernet import Fernet

    from models import Sealed

    before = Sealed.keys
    (tmp_path / "secret.key").write_bytes(Fernet.generate_key())
    try:
        answer = bihuan("doctor", "--json")
        shown = bihuan("case", "list")
    finally:
        Sealed.keys = before
    assert (answer.code, check(answer, "key"), check(answer, "sealed")) == (1, True, False)
    assert shown.code == 0, "the list shows nothing personal, so it needs no key"


def test_the_engine_runs_until_it_is_asked_to_stop_and_a_second_one_is_refused(bihuan, tmp_path):
    no = bihuan.submits()
    environment = dict(os.environ) | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cli", "engine"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as engine:
        try:
            deadline = time.monotonic() + 60
            while bihuan.state(no) != "dispatched" and time.monotonic() < deadline:
                time.sleep(0.2)  # noqa: TID251 - a real process needs real time
            assert bihuan.state(no) == "dispatched"
            second = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60)
            assert (second.returncode, str(engine.pid) in second.stderr) == (1, True)
            assert "Traceback" not in second.stderr
            assert bihuan("db", "reset", "--yes").code == 1
        finally:
            engine.send_signal(signal.SIGTERM)
        out, err = engine.communicate(timeout=60)
    assert (engine.returncode, err) == (0, "")
    assert "已停止" in out
    assert (tmp_path / "logs" / "engine.log").exists()
