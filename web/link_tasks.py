"""What was sent in on the page of a link, as the door wants it."""

from collections.abc import Callable, Mapping
from typing import Final

from rules.facts import Refused
from services.answers import Task
from services.attachments import MB, Kept, keep
from settings import Settings
from web.access.visitor import Sent

PHOTOS: Final = ("before", "after")
_MOST_UNITS: Final = 4  #: digits of a number of hours or working days
_TIMES: Final = ("h", "wd")

Fields = Mapping[str, str]


def task_of(form: Sent, settings: Settings) -> Task:
    """The move that a form asks for; its photos are kept on disk already, outside of any unit of work.

    Raises:
        Refused: `link_not_here`, there is no such move on the page; `link_try_reason`, `link_extension_number`, `link_extension_reason`,
            `link_return_reason`, `link_result`: what is missing; as `services.attachments.keep`.
    """
    fields = form.fields
    action = "try_contact" if fields.get("action") == "contact" and fields.get("reached") == "no" else fields.get("action", "")
    asked, version = _ARGS.get(action), fields.get("version", "")
    if asked is None or not (version.isascii() and version.isdecimal() and len(version) < 10):
        raise Refused("link_not_here")
    return Task(action, int(version), asked(fields), _kept(form, settings) if action == "finish" else {})


def _kept(form: Sent, settings: Settings) -> dict[str, tuple[Kept, ...]]:
    folder, most = settings.data_dir / "files", settings.file_max_mb * MB
    chosen = {stage: form.files.get(stage, ()) for stage in PHOTOS}
    found = {stage: tuple(keep(folder, f.file.read(most + 1), f.filename or "", most) for f in files) for stage, files in chosen.items()}
    return {stage: pieces for stage, pieces in found.items() if pieces}


def _text(fields: Fields, name: str, code: str) -> str:
    text = fields.get(name, "").strip()
    if not text:
        raise Refused(code)
    return text


def _extension(fields: Fields) -> dict[str, object]:
    number, unit = fields.get("amount", "").strip(), fields.get("amount_unit", "")
    if not (number.isascii() and number.isdecimal() and 0 < len(number) < _MOST_UNITS and int(number)) or unit not in _TIMES:
        raise Refused("link_extension_number")
    return {"amount": f"{int(number)}{unit}", "reason": _text(fields, "extension_reason", "link_extension_reason")}


def _return(fields: Fields) -> dict[str, object]:
    return {"code": _text(fields, "return_code", "link_return_reason"), "reason": _text(fields, "return_reason", "link_return_reason")}


_ARGS: Final[Mapping[str, Callable[[Fields], dict[str, object]]]] = {
    "acknowledge": lambda _: {},
    "contact": lambda _: {},
    "try_contact": lambda fields: {"reason": _text(fields, "try_reason", "link_try_reason")},
    "ask_return": _return,
    "ask_extension": _extension,
    "finish": lambda fields: {"result": _text(fields, "result", "link_result")},
}
