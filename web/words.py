"""The words of pages: Chinese as it is written in the templates, English from the catalogues in locales/pages (gettext, one a room).

Words that the whole program shares (states, actions, refusals) stay where the command line has them too: `wording.say`.
"""

import io
from functools import cache
from importlib import resources
from typing import Any, Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

SOURCE: Final = "zh"  #: what is written in the templates
_FOLDER: Final = "locales"
_MANY: Final = 2  #: what is counted in words takes the form of many


def install(environment: Environment) -> None:
    """Let templates say `{% trans %}…{% endtrans %}`, `_("…")` and `ngettext`; the language is that of the page."""
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(_gettext, _ngettext)  # type: ignore[attr-defined]
    environment.newstyle_gettext = True  # type: ignore[attr-defined]


def translated(text: str, lang: str, **values: Any) -> str:  # noqa: ANN401 - what the text names
    """A text of a page that Python puts together, `%(name)s` filled in; a language with a plural has the form for `n`."""
    found = _found(text, lang, values.get("n"))
    return found % values if values else found


def _found(text: str, lang: str, n: object) -> str:
    """The sentence in a language: the form for `n` where the catalogue has one for one thing and one for many."""
    if lang == SOURCE:
        return text
    counted = catalogue(lang).ungettext(text, text, n if isinstance(n, int) else _MANY)
    return counted if counted != text else catalogue(lang).ugettext(text)


@pass_context
def _gettext(context: Context, text: str, /, **values: Any) -> str:  # noqa: ANN401 - what the text names
    found = _found(text, context["lang"], values.get("n"))
    return (Markup(found) if context.eval_ctx.autoescape else found) % values  # noqa: S704 - our own catalogue; values are escaped


@pass_context
def _ngettext(context: Context, one: str, _many: str, n: int, /, **values: Any) -> str:  # noqa: ANN401 - what the text names
    return str(context.call(_gettext, one, n=n, **values))


@cache
def catalogue(lang: str) -> Translations:
    """All catalogues of one language in one; read once."""
    merged = Translations()
    for file in sorted(resources.files(_FOLDER).joinpath("pages").iterdir(), key=lambda each: each.name):
        if file.name.endswith(f".{lang}.po"):
            merged.merge(_read(file.read_bytes(), lang))
    return merged


def _read(text: bytes, lang: str) -> Translations:
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(text), locale=lang))
    compiled.seek(0)
    return Translations(compiled)
