"""Numbers of affairs in addresses."""

import re
from typing import Annotated, Final

from fastapi import Depends

from rules.facts import Refused

_AFFAIR_NO: Final = re.compile(r"[A-Z]{2}-\d{8}-\d{4,8}", re.ASCII)


def affair_number(no: str) -> str:
    """A number from the address; what cannot be one never reaches the database.

    Raises:
        Refused: `unknown_affair`.
    """
    if not _AFFAIR_NO.fullmatch(no):
        raise Refused("unknown_affair", affair=no)
    return no


AffairNo = Annotated[str, Depends(affair_number)]
