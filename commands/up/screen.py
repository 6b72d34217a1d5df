"""What the person at the terminal sees of `bihuan up`: progress, one box when all runs, and why it stopped."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from shlex import quote
from shutil import which
from typing import Final

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from commands.up.checks import CannotStartError
from commands.up.children import sim_page
from commands.up.family import Family, GaveUp
from settings import SECRETS, Settings, reachable, variable
from wording import say

Account = tuple[str, str, str]
"""An account to begin with: user name, what it is for (or its one-time password) in Chinese, and in English."""
SLOW_SECONDS: Final = 60.0
COLUMNS_WITHOUT_TERMINAL: Final = 120


def _program() -> str:
    """How to type this program in another terminal."""
    started_as = Path(sys.argv[0])
    if which("bihuan"):
        return "bihuan"
    return os.path.relpath(started_as) if started_as.name == "bihuan" else "python -m cli"


def given_here(settings: Settings) -> tuple[list[str], list[str]]:
    """What another terminal has to export as this one did: `NAME=value` ready for a shell, and the names of secrets, which stay hidden."""
    given = [name for name in Settings.model_fields if os.environ.get(variable(name))]
    shown = {variable(name): _as_given(settings, name) for name in given if name not in SECRETS}
    files = {f"{variable(name)}_FILE": os.environ.get(f"{variable(name)}_FILE", "") for name in SECRETS}
    shown |= {name: os.path.abspath(file) for name, file in files.items() if file}  # noqa: PTH100 - as typed, links kept
    hidden = [variable(name) for name in given if name in SECRETS]
    hidden += sorted(name for name in os.environ if name.startswith(variable("secret_")))  # what channels' addresses name
    return [f"{name}={quote(value)}" for name, value in shown.items()], hidden


def _as_given(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return str(value) if isinstance(value, Path) else os.environ[variable(name)]


class Screen:
    """Talks to the person, in one language."""

    def __init__(self, lang: str) -> None:
        """Talk in this language."""
        self._lang = lang
        width = None if sys.stdout.isatty() else COLUMNS_WITHOUT_TERMINAL
        self._console = Console(highlight=False, markup=False, width=width)
        self._errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

    def _say(self, key: str, **values: object) -> str:
        return say(f"up.{key}", self._lang, **values)

    def tell(self, key: str, **values: object) -> None:
        """Say one sentence."""
        self._console.print(self._say(key, **values), soft_wrap=True)

    def complain(self, sentence: str) -> None:
        """Say what is wrong, where errors belong."""
        self._errors.print(sentence)

    def complain_about(self, problem: CannotStartError) -> None:
        """Say what the deployer has to put right."""
        self.complain(self._say(problem.key, **problem.values))

    def preparing(self) -> AbstractContextManager[object]:
        """Show that the database is being migrated and seeded."""
        return self._console.status(self._say("preparing"))

    def stopping(self) -> AbstractContextManager[object]:
        """Show that everything is being stopped."""
        return self._console.status(self._say("stopping"))

    def tell_of_death(self, name: str, code: int, seconds: float) -> None:
        """Say that a child died and comes back."""
        self.complain(self._say("child_died", name=name, code=code, seconds=f"{seconds:g}"))

    def tell_why(self, reason: GaveUp) -> None:
        """Say why everything was stopped, with the last lines of the child that kept dying."""
        self.complain(self._say("gave_up", name=reason.name, code=reason.code, path=reason.out))
        for line in reason.last_lines:
            self.complain(f"  {line}")

    @contextmanager
    def waiting(self, family: Family) -> Iterator[Callable[[], None]]:
        """Show who has answered already; gives a function to be called now and then."""
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        slow_at = [time.monotonic() + SLOW_SECONDS]
        with Progress(*columns, console=self._console, transient=True) as progress:
            bar = progress.add_task("", total=len(family.members))

            def look() -> None:
                missing = [member.child.name for member in family.members if not member.healthy]
                text = self._say("waiting_for", names=", ".join(missing))
                progress.update(bar, completed=len(family.members) - len(missing), description=text)
                if missing and slow_at and time.monotonic() > slow_at[0]:
                    slow_at.clear()
                    self.complain(self._say("slow", names=", ".join(missing), path=family.members[0].out.parent))

            yield look

    def show_box(self, settings: Settings, accounts: Sequence[Account]) -> None:
        """Show where everything is, and who may log in."""
        rows = Table.grid(padding=(0, 2))
        rows.add_column(no_wrap=True)
        rows.add_column(overflow="fold")
        for key, value in self._addresses(settings):
            rows.add_row(Text(self._say(key), style="bold"), Text(value))
        for number, (user, zh, en) in enumerate(accounts):
            heading = self._say("accounts" if settings.demo else "first_accounts") if number == 0 else ""
            rows.add_row(Text(heading, style="bold"), Text(f"{user}  {zh if self._lang == 'zh' else en}"))
        rows.add_row("", "")
        rows.add_row("", Text(self._say("how_to_stop"), style="bold"))
        self._console.print(Panel(rows, title=Text(self._say("running")), expand=False))
        if settings.runs_sim:
            self._suggest(settings)

    def _suggest(self, settings: Settings) -> None:
        """Say what to type, outside of the box and unbroken, so that it can be copied as it stands."""
        shown, hidden = given_here(settings)
        exports = f"{self._say('same_settings')}\nexport {' '.join(shown)}\n" if shown else ""
        kept_back = f"{self._say('same_secrets', names=', '.join(hidden))}\n" if hidden else ""
        self.tell("try_this", program=_program(), first=f"{exports}{kept_back}")

    def _addresses(self, settings: Settings) -> Iterator[tuple[str, str]]:
        console = f"http://{reachable(settings.host)}:{settings.port}"
        yield "console", console
        if settings.demo:
            yield "guide", f"{console}/tour"
        if settings.prefect == "on":
            yield "prefect_ui", settings.prefect_api_url.removesuffix("/api")
        else:
            yield "prefect_ui", self._say("prefect_off")
        if settings.runs_sim:
            yield "sim", sim_page(settings)
        yield "token", self._say("token_set") if settings.token else settings.intake_token()
        if settings.demo:
            yield "demo_password", settings.demo_password()
        yield "data_folder", str(settings.data_dir)
        yield "log_folder", str(settings.log_dir)
