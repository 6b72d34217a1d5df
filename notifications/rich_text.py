"""The words of e-mail and IM as an administrator may write them: `{{ name }}` and `{% if %}`, nothing that runs, loops or reaches out."""

from collections.abc import Iterator
from typing import Final

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from notifications.sms_text import Flaw
from notifications.variables import vocabulary

#: What a template may be made of.
_ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Const),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand),
)
_MOST_CHARACTERS: Final = 20_000
#: Conditions within conditions; deeper ones Python itself would not read.
_DEEPEST: Final = 40


def lint(text: str, medium: str) -> list[Flaw]:
    """What is wrong with the words of an e-mail or an IM, line by line.

    Args:
        text: The words, or the subject.
        medium: `email` or `im`: which names there are.
    """
    if len(text) > _MOST_CHARACTERS:
        return [Flaw("too_long", 1, {"n": len(text), "most": _MOST_CHARACTERS})]
    try:
        return sorted(_found(SandboxedEnvironment().parse(text), medium), key=lambda flaw: flaw.line)
    except TemplateSyntaxError as problem:
        return [Flaw("syntax", problem.lineno, {"reason": problem.message or ""})]
    except RecursionError:
        return [Flaw("too_deep", 1, {"most": _DEEPEST})]


def _found(tree: nodes.Template, medium: str) -> Iterator[Flaw]:
    known = vocabulary().of(medium)
    for node in _walked(tree):
        if not isinstance(node, _ALLOWED):
            yield Flaw("not_allowed", node.lineno, {"what": type(node).__name__.lower()})
        elif isinstance(node, nodes.Name) and node.name not in known:
            yield Flaw("unknown_name", node.lineno, {"name": node.name})


def _walked(node: nodes.Node, depth: int = 0) -> Iterator[nodes.Node]:
    """Raises RecursionError, as the parser does where it goes deeper still."""
    if depth > _DEEPEST:
        raise RecursionError
    yield node
    for child in node.iter_child_nodes():
        yield from _walked(child, depth + 1)
