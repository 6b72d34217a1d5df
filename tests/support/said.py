"""Messages of the tests' own whose class is known: what people say of a few matters, in changing words."""

import csv
from itertools import product
from pathlib import Path

from services.triage.texts import Message, Prototype

#: Class → openings, things, what is the matter with them.
MATTERS = {
    "路": (("我家门口的", "学校旁边那条", "上班路过的"), ("柏油路", "水泥路", "小巷子"), ("坑太多了", "裂得不成样子", "一直没人修补")),
    "狗": (("楼下邻居的", "院子里那条", "晚上放出来的"), ("大狼犬", "小泰迪", "没拴的土狗"), ("追着孩子跑", "整夜汪汪叫", "咬了老人裤腿")),
    "灯": (("广场边的", "单元门口的", "停车场里的"), ("照明灯", "景观灯", "感应灯"), ("一闪一闪", "天黑了不亮", "白天反而亮着")),
}
COLUMNS = ("id", "user", "subject", "submitted_at", "body", "label")


def messages(matters: dict[str, tuple[tuple[str, ...], ...]] | None = None) -> list[Message]:
    """All combinations, 27 of each class; nine people, each of whom writes of every class."""
    found = []
    for label, parts in (matters or MATTERS).items():
        for i, (opening, thing, trouble) in enumerate(product(*parts)):
            found.append(Message(f"{label}{i}", f"u{i % 9}", f"{thing}{trouble}", f"{opening}{thing}{trouble}，麻烦来看看", label))
    return found


def prototypes() -> list[Prototype]:
    """Words of each class."""
    return [Prototype("道路，路面破损", "路"), Prototype("养犬，犬只扰民", "狗"), Prototype("照明，路灯损坏", "灯")]


def written(path: Path, rows: list[Message]) -> Path:
    """The messages as a table that people would bring."""
    with path.open("w", encoding="utf-8", newline="") as out:
        sheet = csv.writer(out)
        sheet.writerow(COLUMNS)
        sheet.writerows([m.key, m.author, m.subject, "2026-11-20 10:42", m.body, m.label] for m in rows)
    return path
