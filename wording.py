"""Every sentence of the program, from locales/<room>/<topic>.<language>.toml: refusals, command line, start-up."""

import os
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

LANGUAGES: Final = ("zh", "en")


def language() -> str:
    """The language of this process: `BIHUAN_LANG`, Chinese unless told otherwise."""
    wanted = os.environ.get("BIHUAN_LANG", "zh").lower()[:2]
    return wanted if wanted in LANGUAGES else "zh"


@cache
def sentences(lang: str) -> dict[str, Any]:
    """All sentences of one language, by section and name."""
    merged: dict[str, Any] = {}
    rooms = [room for room in resources.files("locales").iterdir() if room.is_dir()]
    files = [file for room in rooms for file in room.iterdir() if file.name.endswith(f".{lang}.toml")]
    for file in sorted(files, key=lambda f: f.name):
        for section, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
            merged.setdefault(section, {}).update(entries)
    return merged


def say(key: str, lang: str | None = None, **values: object) -> str:
    """One sentence, filled in.

    Args:
        key: Section and name, e.g. `refused.wrong_state`.
        lang: `zh` or `en`; the process's language by default.
        values: What the sentence names; one that it names and nobody gives stays visible as {name}.

    Raises:
        KeyError: no such sentence; a test sees to it that there is none missing.
    """
    section, _, name = key.partition(".")
    return str(sentences(lang or language())[section][name]).format_map(_Visible(values))


class _Visible(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
