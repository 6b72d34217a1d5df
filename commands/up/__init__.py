"""`bihuan up`: one parent that runs a whole machine, Prefect server, simulator, web and engine, and leaves nothing behind."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import clock
from commands.up.checks import CannotStartError, check_folder, check_port, check_python, claim_folder
from commands.up.children import Child, children_of
from commands.up.family import PATIENT, Family, GaveUp, Patience
from commands.up.screen import Account, Screen
from services.logs import set_up_logging
from settings import Settings, SettingsError, get_settings
from wording import language, say

STOPPED: Final = 0
GAVE_UP: Final = 1
CANNOT_START: Final = 2

Prepare = Callable[[Settings, datetime], Sequence[Account]]


def _prepare(settings: Settings, now: datetime) -> Sequence[Account]:
    from demo.showing import show_all
    from services.accounts.starting import given
    from services.channels.demonstration import point_at_simulator
    from services.upkeep import opened, prepare

    accounts = prepare(settings, now)
    with opened(settings) as database:
        point_at_simulator(database, settings, now)
        if settings.demo:
            show_all(database, now)
        administrators = given(database, settings, now)
    return accounts or [_with_password(*each) for each in administrators]


def _with_password(user: str, password: str) -> Account:
    return user, say("up.one_time", "zh", password=password), say("up.one_time", "en", password=password)


def up() -> int:
    """Run one machine with the settings of the environment, until Ctrl-C.

    Returns:
        The exit code: 0 stopped on request, 1 a child kept dying, 2 could not start.
    """
    try:
        settings = get_settings()
    except SettingsError as problem:
        Screen(language()).complain(str(problem))
        return CANNOT_START
    return run(settings)


def run(
    settings: Settings,
    children: Sequence[Child] | None = None,
    prepare: Prepare = _prepare,
    patience: Patience = PATIENT,
) -> int:
    """Check what must be there, prepare the database, and look after the children until told to stop.

    Args:
        settings: The settings of this machine.
        children: What to run, in the order of starting; None means Prefect server, simulator, web and engine.
        prepare: Migrates and seeds, and returns the accounts to show: the demonstration's, or administrators with one-time passwords.
        patience: How long to wait for what.

    Returns:
        The exit code: 0 stopped on request, 1 a child kept dying, 2 could not start.
    """
    screen = Screen(settings.lang)
    try:
        check_python()
        check_folder("data_dir", settings.data_dir)
        check_folder("log_dir", settings.log_dir)
        with claim_folder(settings.data_dir):
            _check_ports(settings)
            set_up_logging("up", settings)
            with screen.preparing():
                accounts = prepare(settings, clock.utcnow())
            family = Family(children or children_of(settings), settings, screen.tell_of_death, patience)
            return _live(family, settings, accounts, screen)
    except CannotStartError as problem:
        screen.complain_about(problem)
        return CANNOT_START
    except KeyboardInterrupt:  # while preparing: a migration is one transaction, nothing is half done
        return STOPPED


def _check_ports(settings: Settings) -> None:
    check_port("port", settings.host, settings.port)
    if settings.runs_own_prefect:
        check_port("prefect_port", settings.prefect_host, settings.prefect_port)
    if settings.runs_sim:
        for setting in ("sim_port", "sim_smtp_port", "sim_smpp_port"):
            check_port(setting, settings.sim_host, getattr(settings, setting), "sim_host")


def _live(family: Family, settings: Settings, accounts: Sequence[Account], screen: Screen) -> int:
    """Look after the children until somebody or something ends it; stop them whatever happens here."""
    reason: GaveUp | None = None
    try:
        with screen.waiting(family) as progress:
            reason = family.look_after(until=family.is_healthy, on_look=progress)
        if reason is None and not family.asked_to_stop():
            screen.show_box(settings, accounts)
            reason = family.look_after()
    finally:
        with screen.stopping():
            family.stop()
    if reason is None:
        screen.tell("stopped")
        return STOPPED
    screen.tell_why(reason)
    return GAVE_UP
