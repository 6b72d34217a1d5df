"""The outside world for tests: a real `bihuan sim` in a process of its own, on free ports, asked over its API."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlencode

import httpx

from tests.support.processes import until

ROOT: Final = Path(__file__).parents[2]
USER: Final = "sim"
PASSWORD: Final = "sim-secret"
DINGTALK_SECRET: Final = "SECsim-secret"
SMPP_PASSWORD: Final = "sim-smpp"
#: The command by itself: it starts faster than with all the others beside it.
COMMAND: Final = "import typer; from commands.upkeep import sim; app = typer.Typer(); sim.add(app); app()"


@dataclass
class SimServer:
    """One simulator; `start()` waits until it listens. The record of everything that arrived is in `<folder>/sim.jsonl`.

    Attributes:
        url: Of the page, the API and the HTTP vendors: `http://127.0.0.1:<port>`.
        smtp: Host and port of the mail server: `127.0.0.1:<port>`.
        smpp: Host and port of the short message centre.
    """

    folder: Path
    arguments: Sequence[str] = ()
    url: str = ""
    smtp: str = ""
    smpp: str = ""
    _ports: dict[str, int] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it: on free ports the first time, on the same ones every other time."""
        ports = {name: self._ports.get(f"{name}_port", 0) for name in ("http", "smtp", "smpp")}
        given = [part for name, port in ports.items() for part in (f"--{name}-port", str(port))]
        command = [sys.executable, "-P", "-c", COMMAND, *given, "--keep", str(self.record), "--json", *self.arguments]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("BIHUAN_", "PREFECT_"))} | {"PYTHONPATH": str(ROOT)}
        with (self.folder / "sim.err").open("a") as errors:
            self._process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        out = self._process.stdout
        assert out is not None
        self._ports = self._said(out)
        self.url = f"http://127.0.0.1:{self._ports['http_port']}"
        self.smtp, self.smpp = (f"127.0.0.1:{self._ports[name]}" for name in ("smtp_port", "smpp_port"))
        self.api = httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def _said(self, out: IO[str]) -> dict[str, int]:
        line = out.readline()
        if not line and self._process is not None:
            out.close()
            code = self._process.wait(timeout=20)
            raise AssertionError(f"the simulator does not start ({code}): {(self.folder / 'sim.err').read_text()[-2000:]}")
        return dict(json.loads(line))

    @property
    def record(self) -> Path:
        """The file in which it keeps everything."""
        return self.folder / "sim.jsonl"

    def stop(self) -> int:
        """SIGINT, and wait; gives back the exit code."""
        return self._end(2)

    def kill(self) -> None:
        """`kill -9`."""
        self._end(9)

    def _end(self, number: int) -> int:
        if self._process is None:
            return 0
        self.api.close()
        self._process.send_signal(number)
        code = self._process.wait(timeout=20)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
        return code

    def messages(self, **wanted: object) -> list[dict[str, Any]]:
        """What came, newest first: `to=`, `vendor=`, `medium=`, `reference=`, `verdict=`, `accepted="yes"|"no"`, `limit=`."""
        found: list[dict[str, Any]] = self._get("/api/messages", {"limit": 10_000, **wanted})["messages"]
        return found

    def summary(self) -> dict[str, Any]:
        """Figures: `total`, `vendors`, each with arrived, accepted, duplicates, verdict_…, pushed_…."""
        return self._get("/api/summary", {})

    def fault(self, vendor: str, kind: str, **options: object) -> None:
        """Switch a fault on: `fault("sms", "hang", seconds=2, times=1, numbers=["10012345678"])`."""
        self.post("/api/faults", {"vendor": vendor, "kind": kind, **options})

    def send_away(self, seconds: float) -> None:
        """Have the HTTP side stop listening for so many seconds, API and page included."""
        self.post("/api/away", {"seconds": seconds})

    def mend(self, vendor: str = "all", kind: str = "") -> None:
        """Switch faults off."""
        self._asked("DELETE", f"/api/faults?{urlencode({'vendor': vendor, 'kind': kind})}")

    def clear(self) -> None:
        """Forget all messages, switch every fault off, and take the usual settings."""
        self.mend()
        self._asked("DELETE", "/api/messages")
        self._asked("POST", "/api/setup", {"reset": True})

    def set_up(
        self, *, callbacks: Mapping[str, str] | None = None, delay: float | None = None, again: Sequence[float] | None = None
    ) -> None:
        """Say where receipts and replies go (by vendor; `<vendor>_reply` for replies apart), after how many seconds, and when again."""
        values = {"callbacks": callbacks, "delay": delay, "again": again}
        self.post("/api/setup", {name: value for name, value in values.items() if value is not None})

    def template(self, code: str, content: str = "", state: str = "approved", reason: str = "") -> None:
        """File a template with the public gateways, or decide on it."""
        self.post("/api/templates", {"code": code, "content": content, "state": state, "reason": reason})

    def sign(self, name: str, state: str = "approved") -> None:
        """File a signature with the public gateways, or decide on it."""
        self.post("/api/signs", {"sign": name, "state": state})

    def reply(self, phone: str, text: str, vendor: str = "", called: str = "") -> bool:
        """Somebody answers by SMS; gives back whether our side took it."""
        response = self.api.post("/api/reply", json={"from": phone, "text": text, "vendor": vendor, "id": called})
        assert response.status_code in (200, 502), response.text
        return bool(response.json()["taken"])

    def wait_for(self, count: int = 1, seconds: float = 30, **wanted: object) -> list[dict[str, Any]]:
        """Wait until so many messages have come; gives them back, newest first."""
        until(lambda: len(self.messages(**wanted)) >= count, seconds, f"{count} messages {wanted}")
        return self.messages(**wanted)

    def post(self, path: str, values: Mapping[str, object]) -> dict[str, Any]:
        """POST to its API."""
        return self._asked("POST", path, dict(values))

    def _get(self, path: str, query: Mapping[str, object]) -> dict[str, Any]:
        response = self.api.get(path, params={name: str(value) for name, value in query.items()})
        assert response.is_success, response.text
        return dict(response.json())

    def _asked(self, method: str, path: str, values: Mapping[str, object] | None = None) -> dict[str, Any]:
        response = self.api.request(method, path, json=values)
        assert response.is_success, response.text
        return dict(response.json())
