"""`bihuan triage rules`: the words by which categories and urgencies are known: list, add, change, drop, try."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from services.triage.rules_editing import RuleRow, Trial

_As = Annotated[str, typer.Option("--as", help=say("triage.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_No = Annotated[str, typer.Argument(help=say("triage.rule_no"))]
_Needs = Annotated[str | None, typer.Option(help=say("triage.needs"))]
_Not = Annotated[str | None, typer.Option("--not", help=say("triage.not"))]


def add(group: typer.Typer) -> None:
    """Add the commands to `bihuan triage`."""
    own = typer.Typer(help=say("triage.rules"), no_args_is_help=True)
    group.add_typer(own, name="rules")
    _add_looking(own)
    _add_editing(own)


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("triage.rules_list"))
    def list_them(
        target: Annotated[str | None, typer.Argument(help=say("triage.target"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.opening import unit_of_work
        from services.triage.rules_editing import listed

        with unit_of_work() as session:
            rows = [row for row in listed(session) if target in (None, row.target)]
        if target is not None and not rows:
            raise Refused("no_rules_for", target=target)
        _print_rules(rows, as_json=as_json)

    @group.command("try", help=say("triage.rules_try"))
    def try_them(
        text: Annotated[str, typer.Argument(help=say("triage.text"))],
        subject: Annotated[str, typer.Option(help=say("triage.subject"))] = "",
        as_json: _Json = False,
    ) -> None:
        from commands.opening import unit_of_work
        from services.triage.rules_editing import attempt

        with unit_of_work() as session:
            _print_trial(attempt(session, subject, text), as_json=as_json)


def _add_editing(group: typer.Typer) -> None:
    @group.command("add", help=say("triage.rules_add"))
    def add_rule(
        target: Annotated[str, typer.Argument(help=say("triage.target"))],
        words: Annotated[str, typer.Option(help=say("triage.words"))],
        user: _As,
        needs: _Needs = None,
        excludes: _Not = None,
        as_json: _Json = False,
    ) -> None:
        from services.triage.rules_editing import Words, add, split

        wanted = Words(split(words), split(needs or ""), split(excludes or ""))
        _edit(lambda session, now: add(session, target, wanted, user, now), "triage.rule_added", as_json=as_json)

    @group.command("change", help=say("triage.rules_change"))
    def change_rule(
        no: _No,
        user: _As,
        words: Annotated[str | None, typer.Option(help=say("triage.words"))] = None,
        also: Annotated[str, typer.Option(help=say("triage.also"))] = "",
        without: Annotated[str, typer.Option(help=say("triage.without"))] = "",
        needs: _Needs = None,
        excludes: _Not = None,
        as_json: _Json = False,
    ) -> None:
        from services.triage.rules_editing import Words, change, found, split

        def make(session: "Session", now: "datetime") -> "RuleRow":
            kept = found(session, no).words if words is None else split(words)
            own = tuple(dict.fromkeys(word for word in (*kept, *split(also)) if word not in split(without)))
            rest = [None if text is None else split(text) for text in (needs, excludes)]
            return change(session, no, Words(own, *rest), user, now)[1]

        if all(given in (None, "") for given in (words, also, without)) and needs is None and excludes is None:
            raise Refused("nothing_to_change")
        _edit(make, "triage.rule_changed", as_json=as_json)

    @group.command("drop", help=say("triage.rules_drop"))
    def drop_rule(no: _No, user: _As, as_json: _Json = False) -> None:
        from services.triage.rules_editing import drop

        _edit(lambda session, now: drop(session, no, user, now), "triage.rule_dropped", as_json=as_json)


def _edit(make: "Callable[[Session, datetime], RuleRow]", said: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from models import begin_write

    with unit_of_work() as session:
        begin_write(session)
        row = make(session, utcnow())
    if as_json:
        print_json(row.plain())
    else:
        typer.echo(say(said, no=row.no))
        _print_rules([row], as_json=False)


def _print_rules(rows: "list[RuleRow]", *, as_json: bool) -> None:
    from commands.screen import joined, print_json, print_table, screen

    if as_json:
        print_json([row.plain() for row in rows])
        return
    lines = [(row.no, row.target, joined(row.words), joined(row.needs), joined(row.excludes)) for row in rows]
    print_table(say("triage.rules_title"), ("no", "rule_for", "words", "needs", "excludes"), lines, on=screen())


def _print_trial(trial: "Trial", *, as_json: bool) -> None:
    from dataclasses import asdict

    from commands.screen import joined, print_json, print_table, screen

    if as_json:
        print_json(asdict(trial))
        return
    if trial.category is None:
        typer.echo(say("triage.tried_nothing", threshold=f"{trial.threshold:g}"))
    else:
        typer.echo(say("triage.tried", category=trial.category, words=joined(trial.words)))
    if trial.urgency:
        typer.echo(say("triage.urgent", urgency=trial.urgency))
    rows = [(each.rule.no, each.rule.target, joined(each.words), f"{each.score:g}" if each.score else None) for each in trial.spoke]
    print_table(say("triage.spoke"), ("no", "rule_for", "words", "points"), rows, on=screen())
