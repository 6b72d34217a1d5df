"""`bihuan duplicates`: which messages of a table tell one event; `bihuan links`: what the engine has found among cases."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from wording import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.duplicates.clusters import Found
    from services.duplicates.marks import Message

ZONE: Final = ZoneInfo("Asia/Shanghai")  #: zone of the local times in a table
SHORT: Final = 40  #: characters of a message on the screen
TOLD: Final = 3  #: reasons shown of a pair; all of them are in the JSON
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_One = Annotated[str, typer.Argument(help=say("links.one"))]
_Other = Annotated[str, typer.Argument(help=say("links.other"))]
_User = Annotated[str, typer.Option("--as", help=say("links.user"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""

    @app.command(help=say("duplicates.help"))
    def duplicates(
        file: Annotated[Path, typer.Argument(help=say("duplicates.file"))],
        json_to: Annotated[str | None, typer.Option("--json", help=say("duplicates.json"))] = None,
    ) -> None:
        _find(file, json_to)

    group = typer.Typer(help=say("links.help"), no_args_is_help=True)
    app.add_typer(group, name="links")
    _add_links(group)


def _add_links(group: typer.Typer) -> None:
    @group.command("list", help=say("links.list"))
    def list_them(
        everything: Annotated[bool, typer.Option("--all", help=say("links.all"))] = False,
        as_json: _Json = False,
    ) -> None:
        _list(everything=everything, as_json=as_json)

    @group.command(help=say("links.refuse"))
    def refuse(one: _One, other: _Other, user: _User, reason: Annotated[str, typer.Option(help=say("links.reason"))] = "") -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.duplicates.proposing import refuse

        with unit_of_work() as session:
            refuse(session, one, other, user, reason, utcnow())
        typer.echo(say("links.refused", one=one, other=other))

    @group.command(help=say("links.confirm"))
    def confirm(one: _One, other: _Other, user: _User) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.duplicates.proposing import confirm

        with unit_of_work() as session:
            confirm(session, one, other, user, utcnow())
        typer.echo(say("links.confirmed", one=one, other=other))


# a table --------------------------------------------------------------------------------------------------------------


def _find(file: Path, json_to: str | None) -> None:
    from services.duplicates.clusters import find_clusters
    from services.duplicates.files import messages_of

    messages = messages_of(file, ZONE)
    found = find_clusters(messages)
    if json_to is not None:
        text = json.dumps(_plain(messages, found), ensure_ascii=False, indent=2) + "\n"
        if json_to == "-":
            sys.stdout.write(text)
            return
        Path(json_to).write_text(text, encoding="utf-8")
    _show(messages, found)


def _plain(messages: "Sequence[Message]", found: "Found") -> dict[str, Any]:
    """Clusters of ids as they stand in the file, and every pair of a cluster with its score and reasons."""
    pairs = [(p.one, p.other, p.likeness) for p in found.pairs]
    return {
        "clusters": [[messages[i].key for i in cluster] for cluster in found.clusters],
        "pairs": [{"ids": [messages[a].key, messages[b].key], "score": told.score, "reasons": list(told.reasons)} for a, b, told in pairs],
        "messages": len(messages),
    }


def _show(messages: "Sequence[Message]", found: "Found") -> None:
    from commands.screen import local, print_table, screen

    out = screen()
    told = sum(len(cluster) for cluster in found.clusters)
    out.print(say("duplicates.found", messages=len(messages), clusters=len(found.clusters), told=told))
    for number, cluster in enumerate(found.clusters, start=1):
        rows = [(messages[i].key, local(messages[i].at, ZONE), _short(messages[i]), _why(cluster[0], i, found)) for i in cluster]
        print_table(say("duplicates.cluster", no=number, count=len(cluster)), ("no", "when", "said", "basis"), rows, on=out)


def _short(message: "Message") -> str:
    text = message.subject or message.body
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"


def _why(first: int, other: int, found: "Found") -> str | None:
    """What connects a message with the first one of its cluster."""
    pair = next((p for p in found.pairs if {p.one, p.other} == {first, other}), None)
    return _in_words(pair.likeness.reasons) if pair is not None else None


def _in_words(reasons: "Sequence[str]") -> str:
    """The weightiest reasons as people say them."""
    from commands.screen import joined, word

    def told(reason: str) -> str:
        key, _, about = reason.partition(":")
        named = "+".join(word("theme", each) for each in about.split("+"))
        return say(f"likeness.{key}", about=named)

    return joined(told(reason) for reason in reasons[:TOLD])


# links ----------------------------------------------------------------------------------------------------------------


def _list(*, everything: bool, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.duplicates.proposing import listed

    with unit_of_work() as session:
        found, zone = listed(session, None if everything else "proposed"), catalogue(session).zone
    if as_json:
        print_json([row | {name: row[name] and row[name].isoformat() for name in ("at", "decided_at")} for row in found])
        return
    rows = []
    for row in found:
        earlier, alike = f"{row['other_no']} {row['other_subject']}", f"{row['score']:.2f}"
        told = (word("link", row["kind"]), alike, _in_words(row["reasons"]), word("link", row["state"]), local(row["at"], zone))
        rows.append((row["case_no"], row["case_subject"], earlier, *told))
    print_table(say("links.title"), ("case", "subject", "earlier_case", "kind", "likeness", "basis", "state", "when"), rows, on=screen())
    if not rows:
        typer.echo(say("links.nothing"))
