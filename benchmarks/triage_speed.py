"""Learning and suggesting against their floor: `python -m benchmarks.triage_speed --n 300 --json -`.

Messages are made of words of the seeded rules, with the category of the rule as their class. Learning is timed whole, cross-validation
and calibration included; one suggestion with its probabilities, words and nearest past messages is timed by itself. The floor of a
suggestion is what no reading of a message can do without: a bare scan of its text for every word of the seeded rules.
"""

import argparse
import random
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from benchmarks.report import Row, rounded, tell, with_medians
from seeds import read
from services.triage.evaluation import lesson_of
from services.triage.texts import Message
from services.triage.training import train

_WORDS: Final = 30  #: words in a message: some two hundred characters, of which a quarter speak for its class
_AUTHORS: Final = 3  #: messages of one author


def made_messages(n: int) -> list[Message]:
    """Messages of random words, a quarter of them those of one rule."""
    some = random.Random(20261122)
    rules = read("triage.toml")["rule"]
    every = [word for rule in rules for word in rule["words"]]
    found = []
    for i in range(n):
        rule = rules[i % len(rules)]
        words = [some.choice(rule["words"]) if j % 4 == 0 else some.choice(every) for j in range(_WORDS)]
        found.append(Message(str(i), f"u{i // _AUTHORS}", words[0], "，".join(words), rule["category"]))
    return found


def floor_ms(messages: Sequence[Message]) -> float:
    """Milliseconds of a scan of one message for every word of the seeded rules."""
    words = [word for rule in read("triage.toml")["rule"] for word in rule["words"]]
    found = 0
    began = perf_counter()
    for message in messages:
        found += sum(word in message.body for word in words)
    took = perf_counter() - began
    if not found:
        raise SystemExit("the floor found nothing")
    return took / len(messages) * 1000


def measure(messages: Sequence[Message]) -> Row:
    """One run: learn, then suggest for every message by itself."""
    began = perf_counter()
    model = train(lesson_of(messages, []), semantic=False).model
    learned = perf_counter() - began
    asked = [(m.subject, m.body) for m in messages]
    model.suggest(asked[:1])
    began = perf_counter()
    for each in asked:
        model.suggest([each])
    suggest = (perf_counter() - began) / len(asked) * 1000
    floor = floor_ms(messages)
    numbers = {"train_s": learned, "suggest_ms": suggest, "floor_ms": floor, "ratio_to_floor": suggest / floor}
    return {"n": len(messages), "classes": len(model.classes), **{key: rounded(value) for key, value in numbers.items()}}


def run_all(n: int, runs: int) -> list[Row]:
    """All runs with their medians last."""
    messages = made_messages(n)
    return with_medians([measure(messages) for _ in range(runs)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.triage_speed", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--n", type=int, default=300, help="messages")
    parser.add_argument("--runs", type=int, default=3, help="how many runs; medians are the last row")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON, - for standard output")
    given = parser.parse_args(arguments)
    tell(f"learning from {given.n} messages, and suggesting", run_all(given.n, given.runs), given.json)


if __name__ == "__main__":
    main()
