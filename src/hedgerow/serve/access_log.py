"""One line a request, cheap: formatted when the request ends, written a batch at a time.

Must not know where the numbers come from, nor how a line looks (``log_lines``).  Lines
wait in memory for a quarter of a second at most (one write per batch, not per line)
and are written before the process ends.

A log that cannot be written (disk full, pipe closed) must not stop the service: the
lines are dropped and counted, and the count is written as soon as it can be.
"""

import contextlib
import datetime
from collections.abc import Callable
from typing import IO

from hedgerow.policy import Exchange
from hedgerow.serve.log_lines import Facts, line_of
from hedgerow.wire.request import Request


class AccessLog:
    """Collects lines and writes them when told to."""

    def __init__(
        self, stream: IO[bytes], form: str, opened: Callable[[], IO[bytes]] | None = None
    ) -> None:
        """``form`` is a name or a template; ``opened`` opens the same log anew, where it can be.

        Raises ConfigError for a template with unknown names.
        """
        self._stream = stream
        self._opened = opened
        self._write_line = line_of(form)
        self._lines: list[bytes] = []
        self.dropped = 0
        self.tick(datetime.datetime.now(datetime.UTC))

    def tick(self, wall: datetime.datetime) -> None:
        """Set the time that the next lines carry; called a few times a second."""
        self._wall = wall
        self._stamp = wall.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def record(self, request: Request, exchange: Exchange | None, seconds: float) -> None:
        """Note a finished request; ``exchange`` is None where it never got that far."""
        facts = Facts(request, exchange, seconds, self._wall, self._stamp)
        self._lines.append(self._write_line(facts))

    def flush(self) -> None:
        """Write what has been collected."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        before = b"# %d lines could not be written\n" % self.dropped if self.dropped else b""
        try:
            self._stream.write(before + b"".join(lines))
            self._stream.flush()
            self.dropped = 0
        except OSError:
            self.dropped += len(lines)

    def close(self) -> None:
        """Write what there is, and no more."""
        self.flush()
        if self._opened is not None:
            with contextlib.suppress(OSError):  # a full disk is told of by then
                self._stream.close()

    def reopen(self) -> None:
        """Go on in a file of the same name: somebody has moved the one that was written to.

        Raises OSError where it cannot be opened; the old one is then written to as before.
        """
        if self._opened is None:
            return
        self.flush()
        stream = self._opened()
        before, self._stream = self._stream, stream
        with contextlib.suppress(OSError):
            before.close()
