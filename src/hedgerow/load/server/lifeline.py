"""Ends a process group when the process that started this one is gone, however it went.

A process of its own, because nobody can act after a ``kill -9``.  Standard input is the
line: its first line is the id of the group, a second one says that all is well and that
this may end; its end without one says that nobody is there any more.  Must not know what
it guards.  Imports nothing of Hedgerow: it is run as a file, isolated, to start
quickly and to hold little memory.
"""

import contextlib
import os
import signal
import sys
import time

_LOOK_EVERY = 0.05


def guard(patience: float) -> None:
    """Wait for the line to be let go of, or to break; ``patience`` is from SIGTERM to SIGKILL."""
    group = sys.stdin.readline().strip()
    if group.isdecimal() and not sys.stdin.readline():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(int(group), patience)


def end(group: int, patience: float) -> None:
    """Ask the group to end, and see to it that it does; ProcessLookupError: it has."""
    os.killpg(group, signal.SIGTERM)
    until = time.monotonic() + patience
    while time.monotonic() < until:
        time.sleep(_LOOK_EVERY)
        os.killpg(group, 0)
    os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    guard(float(sys.argv[1]))
