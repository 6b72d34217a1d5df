"""Templates and signatures filed with the public SMS gateways, as the vendors keep them: code, content, state of approval."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

STATES: Final = ("approved", "pending", "rejected")
SIGNS: Final = {"澄湖治理": "approved"}
_VARIABLE: Final = re.compile(r"\$?\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One filed template; its content names variables as `${name}` (Aliyun, Huawei) or `{1}` (Tencent)."""

    code: str = ""
    content: str = ""
    state: str = "approved"
    reason: str = ""
    name: str = ""


class Templates:
    """All that was filed. A code or a signature that nobody filed counts as approved, its content unknown."""

    def __init__(self) -> None:
        """Only the signature of the demonstration is filed."""
        self._filed: dict[str, Template] = {}
        self.signs: dict[str, str] = dict(SIGNS)

    def forget(self) -> None:
        """As at the start."""
        self._filed.clear()
        self.signs = dict(SIGNS)

    def sign(self, name: str, state: str = "approved") -> None:
        """File a signature, or decide on it.

        Raises:
            ValueError: no name, or no such state.
        """
        if not name or state not in STATES:
            raise ValueError(f"a signature has a name and a state: {', '.join(STATES)}")
        self.signs[name] = state

    def file(self, found: Mapping[str, Any]) -> Template:
        """File a template, or change what is known of it.

        Raises:
            ValueError: no code, or no such state.
        """
        if not isinstance(found, Mapping):
            raise ValueError("a template is an object")
        known = {name: str(found[name]) for name in ("code", "content", "state", "reason", "name") if found.get(name) is not None}
        template = Template(**known)
        if not template.code or template.state not in STATES:
            raise ValueError(f"a template has a code and a state: {', '.join(STATES)}")
        self._filed[template.code] = template
        return template

    def of(self, code: str) -> Template:
        """What is known of a code."""
        return self._filed.get(code) or Template(code)

    def listed(self) -> list[dict[str, str]]:
        """All that was filed."""
        return [asdict(template) for template in self._filed.values()]

    def shown(self, code: str, sign: str, params: Mapping[str, str]) -> str:
        """The message as a phone shows it; of a template nobody filed: its code and the values."""
        template = self.of(code)
        if template.content:
            text = _VARIABLE.sub(lambda found: str(params.get(found[1], found[0])), template.content)
        else:
            text = " ".join((f"[{code}]", *(f"{name}={value}" for name, value in params.items())))
        return text if text.startswith("【") or not sign else f"【{sign}】{text}"
