"""Every example of the pages of the mechanisms runs: the ```bash blocks of a page, in order, in a fresh demonstration district.

A bash runs the blocks as a reader's would; its `bihuan` is answered by this process, so that no command has to start a Python of its own.
`sleep` moves this process's time on and lets the engine turn, as a running one would meanwhile; an address on 127.0.0.1:8000 is that of a
real web server of this installation.
"""

import os
import re
import shutil
import subprocess
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime, timedelta, tzinfo
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn
from typer.main import get_command

import cli
from clock import utcnow
from demo.showing import show_all
from models import Database
from rules.handling import HANDLING
from settings import get_settings
from tests.conftest import context_for
from tests.support.town import Town
from web.app import create_app

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final = (
    *("affairs", "campaigns", "claims", "deliberation", "disputes", "errands", "inspections", "patrols", "points", "polls"),
    *("responsibility", "rhythm", "sensors", "subjects", "topics"),
)
#: Before the blocks of a page: what the reader has in the shell. The first argument is the folder of the pipes, the second the web's port.
READY: Final = r"""
set -eu
PIPES=$1 PORT=$2
ask() {
    printf '%s\0' "$@" > "$PIPES/ask"
    read -r CODE < "$PIPES/answer"
    cat "$PIPES/out"
    cat "$PIPES/err" >&2
    return "$CODE"
}
bihuan() { ask bihuan "$@"; }
sleep() { ask sleep "$@"; }
curl() { command curl --fail --silent --show-error "${@//127.0.0.1:8000/127.0.0.1:$PORT}"; }
"""


def blocks(page: str) -> str:
    """What a reader of a page types."""
    return "\n".join(re.findall(r"^```bash\n(.*?)^```$", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def district(sqlite_supply) -> Path:
    """A file with the demonstration district, each mechanism with its example."""
    url = sqlite_supply.fresh()
    database = Database(url)
    assert show_all(database, utcnow()) == []
    database.close()
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def installation(tmp_path, monkeypatch, district, encryption_key) -> Iterator[Database]:
    """An installation of its own: the district, the key, no other settings."""
    for name in [name for name in os.environ if name.startswith("BIHUAN_")]:
        monkeypatch.delenv(name)
    shutil.copy(district, tmp_path / "bihuan.db")
    (tmp_path / "secret.key").write_bytes(encryption_key)
    url = f"sqlite:///{tmp_path / 'bihuan.db'}"
    for name, value in (("DATA_DIR", str(tmp_path)), ("DATABASE_URL", url), ("PREFECT", "off"), ("LANG", "zh")):
        monkeypatch.setenv(f"BIHUAN_{name}", value)
    monkeypatch.setenv("TZ", "Asia/Shanghai")  # the reader's `date` is in the district's time
    monkeypatch.delenv("COLUMNS", raising=False)  # as wide as a pipe is
    get_settings.reset()
    database = Database(url)
    yield database
    database.close()
    get_settings.reset()


def named(page: str) -> list[list[str]]:
    """Every command that a page names in passing or shows, as words."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8").replace("\\\n", " ")
    return [words.split() for words in re.findall(r"\bbihuan ([a-z][^`\n|#；。）]*)", text)]


@cache
def everything() -> Any:
    """The commands as they are put together once."""
    return get_command(cli.program())


def unknown(words: list[str]) -> list[str]:
    """What there is not: of a command with its options, the first command or the options that do not exist."""
    command = everything()
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    lost = [word for word in words[:1] if getattr(command, "commands", {}) and not word.startswith("-")]
    return lost + [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]


def test_the_first_page_lists_every_mechanism_and_the_index_every_page() -> None:
    first, index = ((DOCS / name).read_text(encoding="utf-8") for name in ("affairs.md", "README.md"))
    assert [code for code in HANDLING if f"`{code}`" not in first] == []
    assert [page.name for page in DOCS.glob("*.md") if page.name != "README.md" and f"]({page.name})" not in index] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_the_page_names_exists(page: str) -> None:
    assert [(" ".join(words), lost) for words in named(page) if (lost := unknown(words))] == []


@contextmanager
def serving(page: str) -> Iterator[int]:
    """The web server of the installation, for pages that ask it; its port."""
    if "127.0.0.1:8000" not in blocks(page):
        yield 0
        return
    server = uvicorn.Server(uvicorn.Config(create_app(), port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def answered(words: list[str], turn: Callable[[float], int]) -> tuple[int, str, str]:
    """What one command gives back."""
    out, err = StringIO(), StringIO()
    get_settings.reset()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = cli.run(words[1:]) if words[0] == "bihuan" else turn(float(words[1]))
        except Exception:
            return 1, "", traceback.format_exc()  # the shell waits for an answer
    return code, out.getvalue(), err.getvalue()


def typed(script: str, folder: Path, port: int, turn: Callable[[float], int]) -> list[str]:
    """Run a script in a bash whose `bihuan` is this process.

    Returns:
        What failed, each with what was said about it; nothing if all went well.
    """
    pipes = folder / "pipes"
    pipes.mkdir()
    for name in ("ask", "answer"):
        os.mkfifo(pipes / name)
    arguments = ["bash", "-c", READY + script, "bash", str(pipes), str(port)]
    shell = subprocess.Popen(arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said: list[str] = []

    def listen() -> None:
        said.append(shell.communicate()[0])
        (pipes / "ask").write_text("")  # it is over: nobody asks any more

    threading.Thread(target=listen, daemon=True).start()
    failed = []
    while asked := (pipes / "ask").read_text(encoding="utf-8"):
        words = asked.removesuffix("\0").split("\0")
        code, out, err = answered(words, turn)
        (pipes / "out").write_text(out, encoding="utf-8")
        (pipes / "err").write_text(err, encoding="utf-8")
        (pipes / "answer").write_text(f"{code}\n")
        failed += [f"{' '.join(words)}\n{err}"] if code else []
    shell.wait()
    return failed or ([said[0]] if shell.returncode else [])


class Later:
    """Stands for `datetime` in clock.py: the time of this process, moved on by what the examples have waited."""

    def __init__(self, real: type[datetime]) -> None:
        self.real, self.waited = real, timedelta()

    def now(self, zone: tzinfo) -> datetime:
        """The real time, and what was waited."""
        return self.real.now(zone) + self.waited


@pytest.mark.parametrize("page", PAGES)
def test_every_example_of_the_page_runs(page: str, installation: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, later, town = blocks(page), Later(datetime), Town(context_for(installation, tmp_path))
    assert "bihuan" in script
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("clock.datetime", later)

    def turn(seconds: float) -> int:
        later.waited += timedelta(seconds=seconds)
        town.now = utcnow()
        town.turn()
        return 0

    turn(0)
    with serving(page) as port:
        assert typed(script, tmp_path, port, turn) == []
