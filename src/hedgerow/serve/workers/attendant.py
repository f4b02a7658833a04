"""Looks after the process that answers operators: starts it, and starts it again.

Its socket is the supervisor's, as those of workers are.  Must not know what it answers.
"""

import math
import socket
from collections.abc import Callable
from typing import Final

from hedgerow.serve.workers.board import Board
from hedgerow.serve.workers.line import DRAIN, Line
from hedgerow.serve.workers.slot import Ending
from hedgerow.wire.listening import Listening
from hedgerow.wire.opening import bound_to, forget_path, open_socket, url

_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 30.0
_LONG: Final = 60.0

Fork = Callable[[Callable[[], int]], int]
Body = Callable[[Board, str, socket.socket, Line], int]


class Attendant:
    """One such process, or none where no address is set."""

    def __init__(
        self, board: Board, fork: Fork, announce: Callable[[str], None], body: Body | None = None
    ) -> None:
        """``body`` is what it does; it is loaded when it is needed only."""
        self.pid = 0  # 0: it does not run
        self._board = board
        self._fork = fork
        self._announce = announce
        self._body = body
        self._address: str | None = None
        self._socket: socket.socket | None = None
        self._line: Line | None = None
        self._start_at = math.inf
        self._started_at = -math.inf
        self._deaths = 0

    def open(self, address: str | None) -> None:
        """Listen here from now on, or nowhere; raises StartError, and then nothing changes."""
        if address == self._address:
            return
        opened = None if address is None else open_socket(address)
        self.close()
        self._address, self._socket = address, opened
        if opened is not None:
            self._announce(f"health and metrics on {url(bound_to(opened))}")
            if not Listening(bound_to(opened), opened).is_local:
                warning = "whoever can connect there can read them: it is not this machine alone"
                self._announce(warning)

    def tick(self, now: float) -> None:
        """Start it when it is time."""
        if self._socket is None or self.pid or now < self._start_at:
            return
        self._start(now, self._socket)

    def renew(self, now: float) -> None:
        """Replace it, with all that is known now; also the first time."""
        self._end()
        self._start_at, self._deaths = now, 0
        self.tick(now)

    def ended(self, now: float, pid: int, how: Ending) -> None:
        """A process is gone; perhaps it was this one."""
        if pid != self.pid:
            return
        self.pid = 0
        if self._line is not None:
            self._line.close()
        self._deaths = 0 if now - self._started_at > _LONG else self._deaths + 1
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** max(0, self._deaths - 1))
        self._start_at = now + wait
        self._announce(f"the admin process (pid {pid}) {how.text}: the next one in {wait:g}s")

    def close(self) -> None:
        """End it, and listen no more."""
        self._end()
        self._start_at = math.inf
        if self._socket is not None:
            forget_path(self._socket)
            self._socket.close()
        self._address = self._socket = None

    def leave(self) -> None:
        """In a worker: close what is the supervisor's.

        A copy of the socket would keep its address taken as long as the worker lives.
        """
        if self._socket is not None:
            self._socket.close()
        if self._line is not None:
            self._line.close()
        self._socket = self._line = None

    def _start(self, now: float, sock: socket.socket) -> None:
        body, address = self._body or _load(), self._address or ""
        ours, theirs = Line.pair()

        def run() -> int:
            ours.close()
            return body(self._board, address, sock, theirs)

        try:
            self.pid, self._line, self._started_at = self._fork(run), ours, now
        except OSError as error:  # no room for one more process: workers are worth more
            ours.close()
            self._start_at = now + _FIRST_WAIT
            self._announce(f"the admin process could not be started: {error}")
        finally:
            theirs.close()

    def _end(self) -> None:
        """It ends when its line breaks, and is collected with all others."""
        if self.pid and self._line is not None:
            # In words, too: workers that were forked meanwhile hold copies of our end.
            self._line.say(DRAIN)
            self._line.close()
        self.pid = 0


def _load() -> Body:
    # Here and not above: it is the admin process that needs it.
    from hedgerow.serve.workers.admin_child import answer

    return answer
