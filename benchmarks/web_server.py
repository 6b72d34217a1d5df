"""The web processes of an installation for one benchmark, as `bihuan up` starts them, on a free port of this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import httpx

from benchmarks.installation import Place
from benchmarks.postgres import free_port
from clock import pause, utcnow

_PATIENCE: Final = timedelta(seconds=60)
LIVE: Final = "/livez"  #: answers without asking the database: what a request costs before any work of ours


@contextmanager
def web_server(place: Place) -> Iterator[str]:
    """Start `bihuan web` on a place's database; stopped on leaving.

    Args:
        place: Where it works.

    Yields:
        Its address.

    Raises:
        SystemExit: it does not answer; its log is in the text.
    """
    port, log = free_port(), place.settings.data_dir / "web.log"
    given = {
        "DATA_DIR": str(place.settings.data_dir),
        "DATABASE_URL": place.settings.database_url,
        "DEMO": "on",
        "PREFECT": "off",
        "PORT": str(port),
    }
    environment = {**os.environ, **{f"BIHUAN_{name}": value for name, value in given.items()}}
    with log.open("wb") as out:
        process = subprocess.Popen((sys.executable, "-m", "cli", "web"), env=environment, stdout=out, stderr=out)
        try:
            address = f"http://127.0.0.1:{port}"
            _until_it_answers(address, process)
            yield address
        except TimeoutError:
            raise SystemExit(log.read_text(encoding="utf-8", errors="replace")[-3000:]) from None
        finally:
            process.terminate()
            process.wait(timeout=30)


def _until_it_answers(address: str, process: subprocess.Popen[bytes]) -> None:
    end = utcnow() + _PATIENCE
    while utcnow() < end and process.poll() is None:
        try:
            if httpx.get(f"{address}{LIVE}", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pause(0.1)
    raise TimeoutError
