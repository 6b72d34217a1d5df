"""Money as people write it: yuan with up to two decimals, kept in fen."""

from decimal import Decimal, InvalidOperation
from typing import Final

from rules.facts import Refused

MOST: Final = 2_000_000_000  #: fen that a column holds


def fen(text: str) -> int:
    """An amount in yuan, as people write it, in fen.

    Raises:
        Refused: `money_wrong`.
    """
    try:
        found = Decimal(text.strip()) * 100
        exact = found == found.to_integral_value()
    except InvalidOperation:
        exact = False
    if not exact or not 0 < found <= MOST:
        raise Refused("money_wrong", given=text)
    return int(found)
