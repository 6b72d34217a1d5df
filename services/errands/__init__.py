"""帮办代办: the catalogue in versions, errands for residents, extended hours and self-service points."""

from services.errands.catalogue import Content, Item, Point, content, import_list, item_of, read_content
from services.errands.hours import Extended, Extra, extend, extended
from services.errands.opening import Wish, begin_errand

__all__ = [
    "Content",
    "Extended",
    "Extra",
    "Item",
    "Point",
    "Wish",
    "begin_errand",
    "content",
    "extend",
    "extended",
    "import_list",
    "item_of",
    "read_content",
]
