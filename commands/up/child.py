"""Runs one command so that neither it nor anything it started outlives the parent: `python child.py PARENT_PID COMMAND…`.

It stands between `bihuan up` and the command. The kernel tells it when the parent is gone (Linux; elsewhere it looks every
second), and then it kills everything below itself, also what moved into another session. Standard library only.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
END_ALL = signal.SIGHUP
"""What the parent, or the kernel on the parent's death, sends to have everything here ended at once."""
PASSED_ON = (signal.SIGINT, signal.SIGTERM)
PROC = Path("/proc")


def prctl(option: int, value: int) -> bool:
    """Set something about this process in the kernel; False where there is no such call (not Linux)."""
    return sys.platform == "linux" and bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)


def _families() -> Iterator[tuple[int, int]]:
    """Yield (process, its parent) of every living process of this machine."""
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):  # it ended while we looked
            state, parent = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state not in "ZX":
                yield int(folder.name), int(parent)


def descendants(ancestor: int) -> set[int]:
    """Find every living process below one, in whatever session it is."""
    parent_of = dict(_families())
    found: set[int] = set()
    fresh = {ancestor}
    while fresh:
        fresh = {process for process, parent in parent_of.items() if parent in fresh} - found
        found |= fresh
    return found


def end_all() -> None:
    """Kill everything below this process; orphans come to it, as it is the subreaper, so none can hide."""
    for _ in range(100):
        below = descendants(os.getpid())
        if not below:
            return
        for process in below:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _in_the_command(launcher: int) -> None:
    """Between fork and exec: signals as at a terminal, also where we got them ignored, and dead if the launcher is killed."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (*PASSED_ON, END_ALL):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*PASSED_ON, END_ALL))
    if os.getppid() != launcher:
        os._exit(1)


def _listen(command: int, parent: int, told: bool) -> None:
    """Pass signals on to the command, and end everything when the parent says so or is gone."""

    def pass_on(number: int, _: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(command, number)

    def end(*_: object) -> None:
        end_all()
        os.killpg(0, signal.SIGKILL)  # us too

    def look(*_: object) -> None:
        if os.getppid() != parent:
            end()

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    signal.signal(END_ALL, end)
    if not told:
        signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)


def _wait(command: int) -> int:
    """Wait for the command, and clear away orphans that end meanwhile; 128 + n when a signal ended it."""
    while True:
        process, status = os.waitpid(-1, 0)
        if process == command:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def main(parent: int, command: list[str]) -> int:
    """Run the command to its end, or to the parent's, and give its exit code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (*PASSED_ON, END_ALL))
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    told = prctl(PR_SET_PDEATHSIG, END_ALL)
    if os.getppid() != parent:  # it went while we started
        return 1
    launcher = os.getpid()
    running = subprocess.Popen(command, preexec_fn=lambda: _in_the_command(launcher))  # noqa: PLW1509 - one thread only
    _listen(running.pid, parent, told)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*PASSED_ON, END_ALL))
    code = _wait(running.pid)
    end_all()
    return code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
