"""What the rules of words make of real messages with labels of their own: `python -m benchmarks.triage_real FILE --json -`.

FILE is a table with `id, user, subject, submitted_at, body, label` (docs/triage.md), the label one of seven classes of a province's message
board. Those are not the district's categories: most of them speak of schools, wages or hospitals, which are nobody's on the district's list
and are rightly left to a person. So each category is held against the class that it falls under there (`CLASSES`); a category that
falls under any of them, an inquiry or a suggestion, says nothing of the class and is counted apart.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.report import Row, tell
from benchmarks.triage import seeded, share
from rules.triage import claim
from services.tables import read_table

BUILDING: Final = "城乡建设"
#: Class of a category by its code, or by its letter where the code is not named.
CLASSES: Final = {
    **dict.fromkeys("ABCDEF", BUILDING),  # streets, sanitation, trade in the street, housing, safety, neighbours
    **dict.fromkeys(("C03", "C04", "C05"), "交通运输"),
    **dict.fromkeys(("F01", "F03"), "环境保护"),
    "G04": "商贸旅游",
}
COLUMNS: Final = ("subject", "body", "label")


def class_of(category: str) -> str | None:
    """The class that a category falls under; None: any."""
    return CLASSES.get(category, CLASSES.get(category[0]))


def measure(file: Path) -> Row:
    """How many messages are claimed, and how many of these fall under the class that people gave them.

    Raises:
        TableRefused: the file cannot be read or lacks a column.
    """
    known, found = seeded(), Counter[str]()
    for row in read_table(file, COLUMNS).rows:
        said, label = claim(row.values["subject"], row.values["body"], known.rules, known.urgent), row.values["label"]
        under = class_of(said.category) if said is not None else None
        found["messages"] += 1
        found["building"] += label == BUILDING
        if said is None:
            continue
        found["claimed"] += 1
        found["building_claimed"] += label == BUILDING
        found["any_class"] += under is None
        found["right"] += under == label
    judged = found["claimed"] - found["any_class"]
    return {
        "run": "rules",
        "messages": found["messages"],
        "claimed": found["claimed"],
        "left_to_people": found["messages"] - found["claimed"],
        "any_class": found["any_class"],
        "judged": judged,
        "right": found["right"],
        "accuracy_judged": share(found["right"], judged),
        "building_claimed": share(found["building_claimed"], found["building"]),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.triage_real", description=__doc__)
    parser.add_argument("file", type=Path, help="real messages with labels")
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    asked = parser.parse_args(arguments)
    tell("triage by words, real messages", [measure(asked.file)], asked.json)


if __name__ == "__main__":
    main()
