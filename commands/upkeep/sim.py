"""`bihuan sim`: the outside world in one process, for demonstration and tests."""

import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from sim.outside import Plan


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("sim.help"))
    def sim(
        host: Annotated[str | None, typer.Option(help=say("sim.host"))] = None,
        http_port: Annotated[int | None, typer.Option(min=0, max=65535, help=say("sim.http_port"))] = None,
        smtp_port: Annotated[int | None, typer.Option(min=0, max=65535, help=say("sim.smtp_port"))] = None,
        smpp_port: Annotated[int | None, typer.Option(min=0, max=65535, help=say("sim.smpp_port"))] = None,
        keep: Annotated[Path | None, typer.Option(help=say("sim.keep"))] = None,
        setup: Annotated[Path | None, typer.Option(help=say("sim.setup"))] = None,
        fault: Annotated[list[str] | None, typer.Option(help=say("sim.fault"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("sim.json"))] = False,
    ) -> None:
        ports = (http_port, smtp_port, smpp_port)
        _run(_plan(host, ports, keep, setup, fault or ()), as_json=as_json)


def _plan(host: str | None, ports: "tuple[int | None, ...]", keep: Path | None, setup: Path | None, faults: "Any") -> "Plan":  # noqa: ANN401
    """What to be: as the command line says, else as the settings do.

    Raises:
        Refused: `sim_fault_wrong`, a switch cannot be read.
    """
    from settings import get_settings
    from sim.faults import BadFaultError, Fault, parsed
    from sim.outside import Plan

    settings = get_settings()
    usual = (settings.sim_port, settings.sim_smtp_port, settings.sim_smpp_port)
    http, smtp, smpp = (default if given is None else given for given, default in zip(ports, usual, strict=True))
    wanted: dict[str, list[Fault]] = defaultdict(list)
    for text in faults:
        try:
            vendor, found = parsed(text)
        except BadFaultError as problem:
            why = say(f"sim.problem_{problem.code}", **problem.values)
            raise Refused("sim_fault_wrong", given=text, allowed=why) from None
        wanted[vendor].append(found)
    return Plan(host or settings.sim_host, http, smtp, smpp, keep, setup, wanted)


def _run(plan: "Plan", *, as_json: bool) -> None:
    """Raises Refused: `sim_cannot_start`, `sim_setup_wrong`."""
    from clock import utcnow
    from sim.serving import run

    def ready(where: dict[str, Any]) -> None:
        typer.echo(json.dumps(where) if as_json else _told(where))

    try:
        run(plan, utcnow, ready)
    except OSError as problem:
        raise Refused("sim_cannot_start", host=plan.host, reason=problem.strerror or str(problem)) from None
    except ValueError as problem:
        raise Refused("sim_setup_wrong", file=str(plan.setup), reason=str(problem)) from None
    if not as_json:
        typer.echo(say("sim.stopped"))


def _told(where: dict[str, Any]) -> str:
    from settings import reachable

    host = reachable(where["host"])
    return say("sim.running", page=f"http://{host}:{where['http_port']}", host=host, smtp=where["smtp_port"], smpp=where["smpp_port"])
