"""Lists that are handed in with a move, looked at before anything is changed: whoever writes them by hand may write anything."""

from collections.abc import Mapping
from typing import Any, Final

from rules.facts import Refused
from services.moves.act import Act

FEN_MOST: Final = 10**14  #: a million million yuan, as much as people write in yuan
NUMBER_MOST: Final = 2**31 - 1  #: of heads, square decimetres, ids


def rows_of(act: Act, name: str) -> list[Mapping[str, Any]]:
    """A list of things with names, e.g. `[{"voice": 1, "bp": 3000}]`; empty where none was handed in.

    Raises:
        Refused: `list_unreadable`.
    """
    return [row for row in _list(act, name) if _sure(isinstance(row, Mapping), name)]


def numbers_of(act: Act, name: str) -> list[int]:
    """A list of whole numbers; empty where none was handed in.

    Raises:
        Refused: `list_unreadable`.
    """
    return [n for n in _list(act, name) if _sure(isinstance(n, int) and not isinstance(n, bool), name)]


def texts_of(act: Act, name: str) -> list[str]:
    """A list of texts, each without blanks around it; empty where none was handed in.

    Raises:
        Refused: `list_unreadable`.
    """
    return [text.strip() for text in _list(act, name) if _sure(isinstance(text, str), name)]


def whole(row: Mapping[str, Any], key: str, name: str) -> int:
    """A whole number in one row of a list.

    Raises:
        Refused: `list_unreadable`.
    """
    found = row.get(key)
    _sure(isinstance(found, int) and not isinstance(found, bool), name)
    return int(row[key])


def amount_of(act: Act) -> int | None:
    """An amount of money in fen, above nothing; None where none was handed in.

    Raises:
        Refused: `agreed_amount_missing`, `number_too_large`.
    """
    amount = act.args.get("amount_fen")
    if amount is None:
        return None
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise Refused("agreed_amount_missing")
    return check_size(amount, FEN_MOST)


def check_size(number: int, most: int = NUMBER_MOST) -> int:
    """A number that a column can keep.

    Raises:
        Refused: `number_too_large`.
    """
    if not -most <= number <= most:
        raise Refused("number_too_large", given=number, most=most)
    return number


def _list(act: Act, name: str) -> list[Any]:
    found = act.args.get(name)
    if found is None:
        return []
    _sure(isinstance(found, list | tuple), name)
    return list(found)  # type: ignore[call-overload, no-any-return]


def _sure(fine: bool, name: str) -> bool:
    if not fine:
        raise Refused("list_unreadable", name=name)
    return True
