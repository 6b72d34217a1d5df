"""What organisation pages read from forms: moments on the district's clock, tables that are uploaded."""

from datetime import datetime, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rules.facts import Refused
from services.duty import moment_of
from services.tables import Table, read_table
from web.access.visitor import Sent

_LONGEST: Final = 80  #: characters of a file's name that are kept


def moment_in(form: Sent, name: str, zone: tzinfo, *, ends: bool = False) -> datetime | None:
    """A moment as a form has it; None where nothing was typed.

    Raises:
        Refused: `bad_local_moment`.
    """
    text = form.fields.get(name, "").strip()
    try:
        return moment_of(text, zone, ends=ends) if text else None
    except ValueError:
        raise Refused("bad_local_moment", given=text[:_LONGEST]) from None


def table_in(form: Sent, name: str, required: tuple[str, ...]) -> Table:
    """A table that was uploaded, with the columns that it has to have.

    Raises:
        Refused: `file_wanted`, nothing was chosen; else as `services.tables.read_table`.
    """
    if not form.files.get(name):
        raise Refused("file_wanted")
    upload = form.files[name][-1]
    with TemporaryDirectory() as folder:
        file = Path(folder, Path(upload.filename or "").name[-_LONGEST:] or "table")
        file.write_bytes(upload.file.read())
        return read_table(file, required)
