"""Signals as something that a selector sees: each is noted, and wakes it.

Must not know what is done about them.
"""

import os
import signal
import socket

from hedgerow.serve.workers.forking import HANDLED


class Signals:
    """Those that have come and were not taken.  One a process: handlers are the process's."""

    def __init__(self) -> None:
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        self._waiting: list[signal.Signals] = []
        signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        for number in HANDLED:
            signal.signal(number, self._came)

    def fileno(self) -> int:
        return self._reading.fileno()

    def take(self) -> list[signal.Signals]:
        """Return them, in the order in which they came."""
        try:
            while self._reading.recv(256):
                pass
        except BlockingIOError:
            pass
        waiting, self._waiting = self._waiting, []
        return waiting

    def close(self) -> None:
        """Note no more of them; the handlers stay, and find nothing to do."""
        signal.set_wakeup_fd(-1)
        self._reading.close()
        self._writing.close()

    def _came(self, number: int, _: object) -> None:
        self._waiting.append(signal.Signals(number))


def has_terminal() -> bool:
    """Say whether there is one that we were started from, and it is still there.

    When it is closed we are sent SIGHUP, which else asks for a reload.
    """
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process; one that is gone does not mind."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
