"""Forks a worker, so that the child has nothing of its parent but what it is given.

Only where no loop and no thread exists: a lock that another thread holds would stay locked
for ever in the child.  Must not know what the child does.
"""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
#: What a supervisor handles: a child starts without its handlers.
HANDLED: Final = (
    signal.SIGCHLD,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGQUIT,
    signal.SIGTTIN,
    signal.SIGTTOU,
)
#: The supervisor decides for all, whatever a terminal sends to the whole group; and what is
#: meant for workers must not end one that cannot handle it yet.
_NOT_FOR_WORKERS: Final = (
    signal.SIGUSR1,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGTTIN,
    signal.SIGTTOU,
)
#: A child whose body let an exception escape.
CRASHED: Final = 70


def fork(body: Callable[[], int]) -> int:
    """Run ``body`` in a child and return its pid; the child ends with the code it returns."""
    parent = os.getpid()
    gc.freeze()  # a collection in the child would write to, and so copy, every page
    _flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    pid = -1
    try:
        pid = os.fork()
    finally:
        if pid:  # in the parent, also where there is no child
            gc.unfreeze()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if pid:
        return pid
    code = CRASHED
    try:
        _be_a_child(parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        code = body()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    _flush()
    os._exit(code)  # and nothing of what the parent has set up for its own end


def ignore(numbers: Sequence[signal.Signals]) -> None:
    """Let signals pass."""
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


def _be_a_child(parent: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in HANDLED:
        signal.signal(number, signal.SIG_DFL)
    ignore(_NOT_FOR_WORKERS)
    _die_with(parent)


def _die_with(parent: int) -> None:
    """See to it that a parent which is killed takes its children along (Linux).

    SIGTERM, so that what has been asked is answered.  The line's end says the same, to a loop
    that still turns, on every system; this reaches one that does not listen to its line.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    except (OSError, AttributeError):
        return  # the line must do
    if os.getppid() != parent:
        os._exit(CRASHED)  # it was gone before we asked


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
