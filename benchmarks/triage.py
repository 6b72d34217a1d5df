"""What the rules of words make of the project's own messages: `python -m benchmarks.triage --json -`.

`messages.csv` holds short messages with the category, urgency and lead unit that the centre should give them, split by author into a half
that the rules may be tuned on (`train`) and one that they may not (`test`). Nothing is learned here: the seeded rules are read and asked.
Two floors: always the commonest category, or lead unit, of the train half.
"""

import argparse
import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from time import perf_counter
from typing import Final

from benchmarks.report import Row, rounded, tell
from rules.triage import Rule, Urgent, claim, urgency_of
from seeds import read

LEVELS: Final = ("P0", "P1", "P2", "P3")
#: What a report has at submission when no word says otherwise.
ORDINARY: Final = "P2"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the file, with what the centre should make of it.

    Attributes:
        id: Name of the row.
        author: Who wrote it; all messages of an author are on one side of the split.
        split: `train` or `test`.
        body: The words.
        category: Code of the category; empty when it is none of them.
        urgency: `P0` to `P3`, from the words.
        lead: Kind of the unit that leads; empty when there is no category.
        near_miss: Whether alarming words stand in it though there is no emergency.
    """

    id: str
    author: str
    split: str
    body: str
    category: str
    urgency: str
    lead: str
    near_miss: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules make of one message.

    Attributes:
        category: The category claimed; empty when left to a person.
        lead: Lead of that category.
        heard: Urgency at submission, from the words alone.
        filed: Urgency once filed: the words' or the category's own, whichever is higher.
    """

    category: str
    lead: str
    heard: str
    filed: str


def messages() -> list[Message]:
    """The project's own messages, as they stand in `benchmarks/messages.csv`."""
    text = files(__package__).joinpath("messages.csv").read_text(encoding="utf-8")
    return [
        Message(r["id"], r["author"], r["split"], r["body"], r["category"], r["urgency"], r["lead"], r["near_miss"] == "yes")
        for r in csv.DictReader(text.splitlines())
    ]


@dataclass(frozen=True, slots=True)
class Seeded:
    """The seeded rules and categories.

    Attributes:
        rules: Words of the categories.
        urgent: Words of urgency.
        own: Of each category its own urgency and the kind of its lead.
    """

    rules: tuple[Rule, ...]
    urgent: tuple[Urgent, ...]
    own: dict[str, tuple[str, str]]

    def verdict(self, body: str) -> Verdict:
        """What intake and triage make of a message without a subject."""
        heard, _ = urgency_of(body, self.urgent)
        found = claim("", body, self.rules, self.urgent)
        if found is None:
            return Verdict("", "", heard or ORDINARY, heard or ORDINARY)
        own, lead = self.own[found.category]
        return Verdict(found.category, lead, heard or ORDINARY, min(heard or LEVELS[-1], found.urgency or LEVELS[-1], own))


def seeded() -> Seeded:
    """The rules as an installation has them from the seeds."""
    words = read("triage.toml")
    rules = tuple(Rule(r["category"], *(tuple(r.get(key, ())) for key in ("words", "needs", "not"))) for r in words["rule"])
    urgent = tuple(Urgent(r["urgency"], tuple(r["words"])) for r in words["urgent"])
    return Seeded(rules, urgent, {c["code"]: (c["urgency"], c["lead"]) for c in read("categories.toml")["category"]})


def share(part: int, whole: int) -> float | int:
    """A part of a whole, 0 when there is no whole."""
    return rounded(part / whole) if whole else 0


def recall_and_precision(pairs: Sequence[tuple[bool, bool]]) -> tuple[float | int, float | int]:
    """Of pairs (is one, was called one): the share found of those that are, and the share right of those called so."""
    both = sum(is_one and called for is_one, called in pairs)
    return share(both, sum(is_one for is_one, _ in pairs)), share(both, sum(called for _, called in pairs))


def measure(split: str, half: Sequence[Message], known: Seeded, train: Sequence[Message]) -> Row:
    """The figures of one half: who leads, which category, how urgent, what no emergency may slip through."""
    began = perf_counter()
    found = [known.verdict(m.body) for m in half]
    took = perf_counter() - began
    both = list(zip(half, found, strict=True))
    return {
        "run": split,
        "messages": len(half),
        "emergencies": sum(m.urgency == "P0" for m in half),
        "near_misses": sum(m.near_miss for m in half),
        **_leads(both, train),
        **_alarms(both),
        "urgency_accuracy": share(sum(m.urgency == v.filed for m, v in both), len(half)),
        **_confusion(both),
        "us_a_message": rounded(took / len(half) * 1e6),
    }


def _leads(both: Sequence[tuple[Message, Verdict]], train: Sequence[Message]) -> Row:
    """How often category and lead unit are right: of all (nothing claimed is right where there is nothing to claim), of the claimed."""
    claimed = [(m, v) for m, v in both if v.category]
    figures: Row = {"claimed": share(len(claimed), len(both))}
    for what in ("lead", "category"):
        usual = Counter(filter(None, (getattr(m, what) for m in train))).most_common(1)[0][0]
        right = [getattr(m, what) == getattr(v, what) for m, v in both]
        figures[f"{what}_accuracy"] = share(sum(right), len(both))
        figures[f"{what}_accuracy_claimed"] = share(sum(getattr(m, what) == getattr(v, what) for m, v in claimed), len(claimed))
        figures[f"{what}_floor"] = share(sum(getattr(m, what) == usual for m, _ in both), len(both))
    return figures


def _alarms(both: Sequence[tuple[Message, Verdict]]) -> Row:
    """How many emergencies are heard at submission and once filed, and how many alarms are for nothing."""
    figures: Row = {}
    for what, end in (("heard", ""), ("filed", "_filed")):
        pairs = [(m.urgency == "P0", getattr(v, what) == "P0") for m, v in both]
        figures[f"p0_recall{end}"], figures[f"p0_precision{end}"] = recall_and_precision(pairs)
    near = [v for m, v in both if m.near_miss]
    return {**figures, "near_miss_alarms": share(sum(v.heard == "P0" for v in near), len(near))}


def _confusion(both: Sequence[tuple[Message, Verdict]]) -> dict[str, int]:
    """How many of each urgency were filed as which."""
    counted = Counter((m.urgency, v.filed) for m, v in both)
    return {f"{is_one}_filed_{called}": counted[is_one, called] for is_one in LEVELS for called in LEVELS}


def run_all(splits: Sequence[str]) -> list[Row]:
    """The whole benchmark: a row a half."""
    every, known = messages(), seeded()
    train = [m for m in every if m.split == "train"]
    known.verdict("")  # the words are made ready once
    return [measure(split, [m for m in every if m.split == split], known, train) for split in splits]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.triage", description=__doc__)
    parser.add_argument("--split", choices=("train", "test"), action="append", help="one half only")
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    asked = parser.parse_args(arguments)
    tell("triage by words", run_all(asked.split or ("train", "test")), asked.json)


if __name__ == "__main__":
    main()
