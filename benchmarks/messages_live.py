"""How long a message takes from the commit of the move to the hands of its channel, with a real engine that has nothing else to do."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Final

from sqlalchemy import select

from benchmarks.outside import Outside
from clock import pause, utcnow
from models import EngineInstance, Message, table
from services.intake import Report, submit
from services.moves import Setting

_ROOT: Final = Path(__file__).parents[1]
_GRAIN_S: Final = 0.005
_PATIENCE_S: Final = 30.0
_message, _engine = table(Message), table(EngineInstance)


def accept_seconds(where: Outside, moves: int) -> list[float]:
    """Hand in one case after the other; the seconds until the simulator has the SMS about each."""
    settings = where.settings
    given = {"DATA_DIR": settings.data_dir, "DATABASE_URL": settings.database_url, "PREFECT": "off", "SIM_PORT": settings.sim_port}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BIHUAN_")} | {f"BIHUAN_{k}": str(v) for k, v in given.items()}
    with tempfile.TemporaryFile() as log:
        engine = subprocess.Popen([sys.executable, "-m", "cli", "engine"], cwd=_ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_for_engine(where, engine)
            return [_one(where, i) for i in range(moves)]
        finally:
            engine.terminate()
            engine.wait(timeout=30)


def _wait_for_engine(where: Outside, engine: "subprocess.Popen[bytes]") -> None:
    started = perf_counter()
    while perf_counter() - started < _PATIENCE_S * 2:
        with where.database.unit_of_work() as session:
            if session.connection().execute(select(_engine.c.id).where(_engine.c.pid == engine.pid)).first():
                pause(1.0)
                return
        pause(0.1)
    raise SystemExit("the engine did not start")


def _one(where: Outside, number: int) -> float:
    pause(0.2)  # idle again
    phone = f"1009{number:07}"
    report = Report("请帮忙代办老年证", f"想请社区帮忙代办老年证（{number}）", area="chenguang-1", requester=phone, phone=phone)
    with where.database.unit_of_work() as session:
        submit(session, [report], Setting(utcnow()))
    made = perf_counter()
    while perf_counter() - made < _PATIENCE_S:
        if where.arrived(to=phone):
            return perf_counter() - made
        pause(_GRAIN_S)
    raise SystemExit("the message did not arrive")
