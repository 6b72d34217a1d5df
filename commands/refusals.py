"""Draws docs/refusals.md, every code with its sentence in both languages: `make diagram`. A test holds the page against it."""

import sys
from typing import Final

from wording import sentences

HEAD: Final = """\
# 拒绝的代码 · Refusals

<!-- Drawn from locales/ by `make diagram`; do not edit. -->

不能做的事都有代码和一句话：缺什么、该怎么办。`bihuan show refusals --json` 给出同一张表；接口以 409 答复，带 `code`。
Whatever is refused has a code and a sentence that says what is missing and what to do. `bihuan show refusals --json` gives the same
table; interfaces answer 409 with the `code`. What stands in {braces} is filled in.

| 代码 Code | 中文 | English |
|---|---|---|
"""


def main() -> None:
    """Print the page."""
    zh, en = sentences("zh")["refused"], sentences("en")["refused"]
    rows = (f"| `{code}` | {_cell(zh[code])} | {_cell(en[code])} |\n" for code in sorted(zh))
    sys.stdout.write(HEAD + "".join(rows))


def _cell(text: str) -> str:
    return text.strip().replace("|", "\\|").replace("\n", "<br>")


if __name__ == "__main__":
    main()
