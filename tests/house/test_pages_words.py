"""The words of the pages: every Chinese one has an English sentence, no sentence is left over; no script or style in pages."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from web.words import install, translated

ROOT: Final = Path(__file__).parents[2]
WEB: Final = ROOT / "web"
ROOMS: Final = ("console/", "phone/bench/")  #: what a room's own frame puts before the name of a template
TEMPLATES: Final = sorted((WEB / "templates").rglob("*.html"))
HAN: Final = re.compile(r"[\u3400-\u9fff]")
PLACES: Final = re.compile(r"%\((\w+)\)")
KEYWORDS: Final[dict[str, Any]] = {"_": None, "gettext": None, "translated": None, "ngettext": (1, 2)}
HOW: Final = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}
#: Names that stay as they are in every language.
NAMES: Final = frozenset({"中文", "Bihuan 闭环"})


def asked_for() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Where a page asks for a sentence, and which: one, or one with its plural."""
    for file in (*TEMPLATES, *sorted(WEB.rglob("*.py"))):
        method = "jinja2.ext:babel_extract" if file.suffix == ".html" else "python"
        with file.open("rb") as source:
            for line, text, _, _ in extract(method, source, keywords=KEYWORDS, options=HOW):
                yield f"{file.relative_to(ROOT)}:{line}", (text,) if isinstance(text, str) else tuple(t for t in text if t)


def written() -> Iterator[tuple[str, str]]:
    """Every string with Chinese in it that stands in the code of the pages, docstrings left out."""
    for file in sorted(WEB.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        documents = {id(e.value) for e in ast.walk(tree) if isinstance(e, ast.Expr) and isinstance(e.value, ast.Constant)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and HAN.search(node.value) and id(node) not in documents:
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node.value


@cache
def english() -> dict[str, dict[str, tuple[str, ...]]]:
    """Msgid → file → what it says there."""
    found: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for file in sorted((ROOT / "locales" / "pages").glob("*.en.po")):
        with file.open("rb") as source:
            for message in read_po(source, locale="en"):
                if message.id:
                    one = message.id if isinstance(message.id, str) else message.id[0]
                    found[one][file.name] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return found


def test_every_sentence_of_the_pages_has_an_english_one() -> None:
    missing = [f"{place} {ids[0]}" for place, ids in asked_for() if HAN.search(ids[0]) and ids[0] not in english()]
    assert missing == []
    assert [f"{place} {text}" for place, text in written() if text not in english() and text not in NAMES] == []


def test_no_english_sentence_is_empty_or_still_chinese() -> None:
    empty = [(zh, file) for zh, files in english().items() for file, said in files.items() if not all(said)]
    assert empty == []
    assert [(zh, said) for zh, files in english().items() for said in files.values() if HAN.search("".join(said))] == []


def test_both_languages_name_the_same_things() -> None:
    for zh, files in english().items():
        for file, said in files.items():
            for each in said:
                assert set(PLACES.findall(each)) <= set(PLACES.findall(zh)) | {"n"}, (file, zh)
            assert set(PLACES.findall(zh)) <= set(PLACES.findall(said[-1])), (file, zh)


def test_english_has_a_form_for_one_and_a_form_for_many() -> None:
    said = [translated("剩%(n)d个工作日", lang, n=n) for lang in ("zh", "en") for n in (1, 2)]
    assert said == ["剩1个工作日", "剩2个工作日", "1 working day left", "2 working days left"]
    environment = Environment(autoescape=True)
    install(environment)
    page = environment.from_string("{% trans n=n %}另有{{ n }}个时钟{% endtrans %} {% trans updated=who %}{{ updated }}更新{% endtrans %}")
    assert page.render(n=1, who="<b>", lang="en") == "1 more clock Updated &lt;b&gt;"
    assert page.render(n=3, who="3", lang="en") == "3 more clocks Updated 3"
    assert page.render(n=1, who="1", lang="zh") == "另有1个时钟 1更新"


def test_nothing_is_translated_twice() -> None:
    assert {zh: sorted(files) for zh, files in english().items() if len(files) > 1} == {}
    for file in sorted((ROOT / "locales" / "pages").glob("*.en.po")):
        with file.open("rb") as source:
            kept = len([m for m in read_po(source, locale="en") if m.id])
        entries = len(re.findall(r"^msgid ", file.read_text(encoding="utf-8"), re.MULTILINE)) - 1
        assert entries == kept, f"{file.name} has an entry twice"


def test_no_english_sentence_is_left_over() -> None:
    used = {text for _, ids in asked_for() for text in ids} | {text for _, text in written()}
    assert [f"{zh} ({', '.join(files)})" for zh, files in english().items() if zh not in used] == []


def test_no_word_of_a_template_stands_outside_the_catalogues() -> None:
    """Chinese in a template is always inside `_(…)` or `{% trans %}`."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    bare = [
        f"{file.relative_to(ROOT)}:{text.lineno} {text.data.strip()[:40]}"
        for file in TEMPLATES
        for text in environment.parse(file.read_text(encoding="utf-8")).find_all(nodes.TemplateData)
        if HAN.search(re.sub(r"<!--.*?-->", "", text.data, flags=re.DOTALL))
    ]
    assert bare == []


#: What the CSP would not let through, and what works only with scripts.
INLINE: Final = {
    "a style of its own": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "a script of its own": re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE),
    "a handler of its own": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an address of a script": re.compile(r"javascript:", re.IGNORECASE),
    "something of another site": re.compile(r"(?:src|<link[^>]*href)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
}


@pytest.mark.parametrize("what", INLINE)
def test_no_template_holds(what: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number} {line.strip()[:80]}"
        for file in TEMPLATES
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if INLINE[what].search(line)
    ]
    assert found == []


def test_every_template_is_shown_or_built_in() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in WEB.rglob("*.py"))
    named = Counter(re.findall(r"[\w/]+\.html", code))
    for file in TEMPLATES:
        named.update(re.findall(r"{%-?\s*(?:extends|include|import|from)\s+[\"']([\w/]+\.html)", file.read_text(encoding="utf-8")))
    below = {str(file.relative_to(WEB / "templates")) for file in TEMPLATES}
    assert {name for name in below if name not in named and not any(name.removeprefix(room) in named for room in ROOMS)} == set()
