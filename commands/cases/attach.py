"""`bihuan attach`: put photos and papers with a case, or list those there are."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.attachments import Belongs, Kept


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("intake.attach"))
    def attach(
        no: Annotated[str, typer.Argument(help=say("cli.no"))],
        files: Annotated[list[Path] | None, typer.Argument(help=say("intake.attach_files"))] = None,
        user: Annotated[str | None, typer.Option("--as", help=say("intake.attach_as"))] = None,
        stage: Annotated[str | None, typer.Option(help=say("intake.attach_stage"))] = None,
        order: Annotated[int | None, typer.Option(help=say("intake.attach_order"))] = None,
        note: Annotated[str, typer.Option(help=say("intake.attach_note"))] = "",
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.attachments import Belongs

        if files is None and stage is None:
            _list(no, user, as_json=as_json)
            return
        if user is None:
            raise Refused("unknown_user", user="")
        _attach(no, user, files or [], Belongs(stage or "", order, note), as_json=as_json)


def folder() -> Path:
    """Where files are kept."""
    from settings import get_settings

    return get_settings().data_dir / "files"


def kept(paths: Iterable[Path]) -> "tuple[Kept, ...]":
    """Keep files, before anything is written that speaks of them.

    Raises:
        Refused: `file_empty`, `file_too_big`, `file_kind`, `picture_broken`, `picture_too_large`.
        OSError: one of them cannot be read.
    """
    from services.attachments import MB, keep_file
    from settings import get_settings

    return tuple(keep_file(folder(), path, get_settings().file_max_mb * MB) for path in paths)


def _attach(no: str, user: str, paths: list[Path], belongs: "Belongs", *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import joined, print_json
    from services.attachments import attach
    from services.catalogue import catalogue
    from services.moves import Setting
    from services.reading import case_id_of

    pieces = kept(paths)
    with unit_of_work() as session:
        actor = catalogue(session).actor(user)
        numbers = attach(session, case_id_of(session, no), pieces, belongs, actor, Setting(utcnow()))
    if as_json:
        print_json([{"no": n, "sha256": piece.sha256, "media": piece.media} for n, piece in zip(numbers, pieces, strict=True)])
    else:
        typer.echo(say("intake.attached", no=no, numbers=joined(numbers)))


def _list(no: str, user: str | None, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.attachments import attachments_of, is_whole
    from services.catalogue import catalogue
    from services.privacy.opening import opened_case

    with unit_of_work() as session:
        case_id, zone = opened_case(session, no, user), catalogue(session).zone
        rows = attachments_of(session, [case_id]).get(case_id, [])
    found = [{**row, "whole": is_whole(folder(), row["sha256"])} for row in rows]
    if as_json:
        print_json([_told(row) for row in found])
        return
    columns = ("no", "file_stage", "order", "file_name", "media", "pixels", "taken_at", "taken_where", "added_by", "file_whole")
    lines = [
        (
            *(row["no"], word("intake", f"stage_{row['stage']}"), row["order_no"], row["name"], row["media"], _pixels(row)),
            *(local(row["taken_at"], zone), _where(row), row["added_by"], say("intake.whole") if row["whole"] else say("intake.spoilt")),
        )
        for row in found
    ]
    print_table(say("intake.attachments"), columns, lines, on=screen())
    if not lines:
        typer.echo(say("intake.no_attachments", no=no))


def _pixels(row: dict[str, Any]) -> str | None:
    return f"{row['width']}×{row['height']}" if row["width"] else None


def _where(row: dict[str, Any]) -> str | None:
    if row["taken_lat"] is None:
        return None
    accuracy = f" ±{row['taken_accuracy_m']}m" if row["taken_accuracy_m"] is not None else ""
    return f"{row['taken_lat']:.5f},{row['taken_lon']:.5f}{accuracy}"


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if k in ("taken_at", "added_at") and v is not None else v for k, v in row.items() if k != "case_id"}
