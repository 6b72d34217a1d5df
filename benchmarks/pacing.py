"""Two workers side by side in one thread, a slice of each in turn, so that a busy machine slows both alike."""

from collections.abc import Generator
from dataclasses import dataclass
from time import perf_counter, process_time

#: A worker does a slice of its work at each step and says how far it has come, from 0 to 1.
Worker = Generator[float, None, None]


@dataclass(slots=True)
class Spent:
    """What one worker has used: seconds on the wall and of this process's CPU."""

    wall: float = 0.0
    cpu: float = 0.0
    progress: float = 0.0

    def advance(self, worker: Worker) -> None:
        """Let the worker do one slice and add what it took."""
        wall, cpu = perf_counter(), process_time()
        self.progress = next(worker, 1.0)
        self.wall += perf_counter() - wall
        self.cpu += process_time() - cpu


def alone(worker: Worker) -> Spent:
    """Run one worker to its end."""
    spent = Spent()
    while spent.progress < 1.0:
        spent.advance(worker)
    return spent


def side_by_side(one: Worker, other: Worker) -> tuple[Spent, Spent]:
    """Run both to their ends; whoever is behind has the next slice."""
    first, second = Spent(), Spent()
    while min(first.progress, second.progress) < 1.0:
        if first.progress <= second.progress:
            first.advance(one)
        else:
            second.advance(other)
    return first, second
