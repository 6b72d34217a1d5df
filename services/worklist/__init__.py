"""What waits for somebody's unit, what burns first on top: the inbox of the console. Reads only; moves go through `services.moves`."""

from services.worklist.reading import MOST, Waiting, waiting, worklist
from services.worklist.sorting import LAMPS, Asked, Lamp, counted, groups, picked
from services.worklist.tasks import Next, Role, Task

__all__ = ["LAMPS", "MOST", "Asked", "Lamp", "Next", "Role", "Task", "Waiting", "counted", "groups", "picked", "waiting", "worklist"]
