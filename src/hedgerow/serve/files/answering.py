"""From a file that was found to the answer: conditions, ranges, small and large bodies.

Must not know which file was asked for, nor look for one.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from hedgerow.serve.durations import Durations
from hedgerow.serve.files.conditions import Conditions
from hedgerow.serve.files.finding import Found
from hedgerow.serve.files.ranges import Part, parts
from hedgerow.serve.files.sending import DESCRIPTORS, Extent, FileSender, Piece
from hedgerow.serve.files.stored import Stored
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.request import Request


@dataclass(slots=True)
class Answers:
    """Answers of one route."""

    surroundings: Surroundings
    durations: Durations | None

    def file(
        self, conditions: Conditions | None, request: Request, stored: Stored, found: Found | None
    ) -> None:
        """Answer with a file, a part of it or what its conditions say; closes what was found.

        ``found`` is open and has the body; None: ``stored`` has it.
        """
        if conditions is None:
            self._send(request, 200, stored, found, [])
            return
        status: int | None = conditions.status(stored.etag, stored.modified_at)
        wanted: list[Part] | None = None
        if status is None and conditions.wants_range(stored.etag, stored.modified_at):
            assert conditions.range is not None
            wanted = parts(conditions.range, stored.size)
            status = 416 if wanted == [] else None
        if status is None:
            self._send(request, 200 if wanted is None else 206, stored, found, wanted or [])
            return
        if found is not None:
            found.opened.close()
        if status == 304:
            date = self.surroundings.engine.date_line
            request.begin(304, stored.validators + date, None, ended=True)
            self.told(request)
        elif status == 412:
            self.problem(request, 412, "the file is not what the request expects")
        else:
            lines = b"Content-Range: bytes */%d\r\n" % stored.size
            self.problem(request, 416, "the file has no such part", lines)

    def problem(self, request: Request, status: int, detail: str, lines: bytes = b"") -> None:
        """Answer with a problem body."""
        retry_after = 1 if status == 503 else None
        lines += self.surroundings.engine.date_line
        request.problem(status, detail, retry_after, lines)
        self.told(request)

    def body(self, request: Request, status: int, lines: bytes, body: bytes) -> None:
        """Answer with what is no file: a listing, a redirect, a page for what is not there."""
        request.respond(status, lines + self.surroundings.engine.date_line, body)
        self.told(request)

    def told(self, request: Request, seconds: float = 0.0) -> None:
        """Tell whoever wants to know that a request is over."""
        if self.surroundings.answered is not None:
            self.surroundings.answered(request, seconds, self.durations)

    def _send(
        self,
        request: Request,
        status: int,
        stored: Stored,
        found: Found | None,
        wanted: list[Part],
    ) -> None:
        """Send the whole file, one part, or several as multipart/byteranges (section 14.6)."""
        fields = stored.fields + self.surroundings.engine.date_line
        pieces: list[Piece]
        if not wanted:
            pieces = [Extent(0, stored.size)]
        elif len(wanted) == 1:
            fields += b"Content-Range: %b\r\n" % wanted[0].content_range(stored.size)
            pieces = [Extent(wanted[0].first, wanted[0].length)]
        else:
            boundary = os.urandom(12).hex().encode()
            kind = b"Content-Type: multipart/byteranges; boundary=%b\r\n" % boundary
            fields = fields.replace(b"Content-Type: %b\r\n" % stored.content_type, kind)
            pieces = list(_multipart(stored, wanted, boundary))
        length = sum(p.length if isinstance(p, Extent) else len(p) for p in pieces)
        body = stored.body
        if body is not None or request.head.method == b"HEAD":
            if found is not None:
                found.opened.close()
            data = b"" if body is None else b"".join(_taken(piece, body) for piece in pieces)
            request.begin(status, fields, length, data, ended=True)
            self.told(request)
            return
        assert found is not None  # what is not in memory is open
        engine, began = self.surroundings.engine, time.monotonic()
        if not engine.descriptors.take(DESCRIPTORS):
            found.opened.close()
            self.problem(request, 503, "no descriptor is left to send a file from")
            return

        def over() -> None:
            engine.descriptors.release(DESCRIPTORS)
            self.told(request, time.monotonic() - began)

        sender = FileSender(request, found.opened.fd, pieces, engine.loop, over)
        request.begin(status, fields, length, ended=False)
        sender.start()


def _multipart(stored: Stored, wanted: list[Part], boundary: bytes) -> Iterator[Piece]:
    for part in wanted:
        yield b"\r\n--%b\r\nContent-Type: %b\r\nContent-Range: %b\r\n\r\n" % (
            boundary,
            stored.content_type,
            part.content_range(stored.size),
        )
        yield Extent(part.first, part.length)
    yield b"\r\n--%b--\r\n" % boundary


def _taken(piece: Piece, body: bytes) -> bytes:
    if isinstance(piece, Extent):
        return body[piece.first : piece.first + piece.length]
    return piece
