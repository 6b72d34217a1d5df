"""What the codes of the instant messengers mean, as their documents of 2026 have them; a code that is not here is refused for now."""

from typing import Final

from notifications.channels.errors import CREDENTIALS, DOWN, LATER, NEVER, NUMBER, THROTTLED, Meaning, Table


def _all(meaning: Meaning, *codes: int) -> dict[str, Meaning]:
    return {str(code): meaning for code in codes}


#: WeCom: `errcode`. 40003, 60111, 81013, 82001: no such user, or outside of what the application may see.
WECOM: Final[Table] = {
    **_all(DOWN, -1, 50001, 50002, 50003),
    **_all(CREDENTIALS, 40001, 40013, 40014, 40029, 40056, 40082, 41001, 41002, 41004, 41011, 42001),
    **_all(CREDENTIALS, 48002, 48003, 60011, 60020, 81011, 301002, 301021, 301024, 301025),
    **_all(NUMBER, 40003, 40031, 40032, 40070, 46004, 60111, 60003, 81013, 82001),
    **_all(NEVER, 40008, 40033, 40035, 40058, 40063, 41010, 44004, 45002, 47001, 60028),
    **_all(THROTTLED, 45007, 45008),
    **_all(LATER, 45009, 45033, 45047),
}
#: An access token that must be fetched anew: it ran out, was replaced, or is not one.
WECOM_TOKEN: Final = frozenset(("40014", "41001", "42001", "42007", "42009"))

#: DingTalk's robots: `errcode`. 310000: signature, keyword or address of ours does not fit the robot's security settings.
DINGTALK: Final[Table] = {
    **_all(DOWN, -1),
    **_all(CREDENTIALS, 300001, 300005, 310000, 400013, 400101, 400102, 400106, 40014, 88),
    **_all(NEVER, 40035, 43004, 400105, 430101, 430102, 430103, 430104),
    **_all(LATER, 130101, 130102, 410100, 660026, 90018),
}

#: Feishu's robots: `code`.
FEISHU: Final[Table] = {
    **_all(CREDENTIALS, 19001, 19007, 19021, 19022, 19024),
    **_all(NEVER, 9499, 19002, 11246, 230025),
    **_all(LATER, 11232, 11233, 11247, 19003, 99991400),
    **_all(DOWN, 5000, 11200),
}
