"""One line a request, cheap: formatted when the request ends, written a batch at a time.

Must not know where the numbers come from; it gets a finished request's facts.  Lines
wait in memory for a quarter of a second at most (one write per batch, not per line)
and are written before the process ends.

A log that cannot be written (disk full, pipe closed) must not stop the service: the
lines are dropped and counted, and the count is written as soon as it can be.
"""

import datetime
from typing import IO, Literal

import msgspec

from hedgerow.policy import Exchange
from hedgerow.serve.story import attempt_fate
from hedgerow.wire.request import Request

Format = Literal["text", "json"]


class AccessLog:
    """Collects lines and writes them when told to."""

    def __init__(self, stream: IO[bytes], form: Format) -> None:
        self._stream = stream
        self._write_line = self._text if form == "text" else self._json
        self._lines: list[bytes] = []
        self._stamp = ""
        self.dropped = 0
        self.tick(datetime.datetime.now(datetime.UTC))

    def tick(self, wall: datetime.datetime) -> None:
        """Set the time that the next lines carry; called a few times a second."""
        self._stamp = wall.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def record(self, request: Request, exchange: Exchange | None, seconds: float) -> None:
        """Note a finished request; ``exchange`` is None where it never got that far."""
        self._lines.append(self._write_line(request, exchange, seconds))

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

    def _text(self, request: Request, exchange: Exchange | None, seconds: float) -> bytes:
        """Time, client, request, status, bytes, milliseconds, attempts and their fates."""
        head = request.head
        fates = ",".join(map(attempt_fate, exchange.attempts)) if exchange is not None else ""
        winner = exchange.winner if exchange is not None else None
        return b'%b %b "%b %b" %d %d %.1fms %b %b\n' % (
            self._stamp.encode(),
            request.peer.encode() or b"-",
            head.method,
            head.target,
            request.status or 499,
            request.body_sent,
            seconds * 1000,
            winner.replica.name.encode() if winner is not None else b"-",
            fates.encode() or b"-",
        )

    def _json(self, request: Request, exchange: Exchange | None, seconds: float) -> bytes:
        head = request.head
        winner = exchange.winner if exchange is not None else None
        line = {
            "time": self._stamp,
            "client": request.peer,
            "method": head.method.decode(),
            "host": head.host.decode("latin-1"),
            "target": head.target.decode(),
            "status": request.status or 499,  # nginx's word for: the client left first
            "bytes": request.body_sent,
            "ms": round(seconds * 1000, 3),
            "upstream": winner.replica.name if winner is not None else None,
            "attempts": [attempt_fate(a) for a in exchange.attempts] if exchange else [],
        }
        return msgspec.json.encode(line) + b"\n"
