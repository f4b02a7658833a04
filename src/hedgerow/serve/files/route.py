"""A route that serves the files of a directory.

What follows from the head alone (which file, which conditions, which encodings) is a plan, made
once and kept with the head.  A small file that was asked for lately is answered from memory: it
is looked at once a second at most, so a change shows after a second.  Must not know settings.

Budget of a small file that is in memory: 0 tasks, 0 timers, 1 write, 0 system calls of ours.
"""

import errno
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from hedgerow.serve.durations import Durations
from hedgerow.serve.files import page as listing
from hedgerow.serve.files.conditions import Conditions, conditions
from hedgerow.serve.files.finding import SMALL, Finder, Found, FoundDirectory
from hedgerow.serve.files.media import is_compressible
from hedgerow.serve.files.names import Name, name_of
from hedgerow.serve.files.negotiation import IDENTITY, accepted
from hedgerow.serve.files.ranges import Part, parts
from hedgerow.serve.files.rules import FileRules
from hedgerow.serve.files.sending import Extent, FileSender, Piece
from hedgerow.serve.files.shelf import Shelf
from hedgerow.serve.files.shrinking import Shrinker
from hedgerow.serve.files.stored import Stored
from hedgerow.serve.files.tree import Tree
from hedgerow.serve.plan import HeadPlan
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.request import Request

#: For how long a file in memory is believed to be what is on the disk, in seconds.
_FRESH_FOR: Final = 1.0
_METHODS: Final = frozenset({b"GET", b"HEAD"})
_ALLOW: Final = b"Allow: GET, HEAD\r\n"
_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})

Key = tuple[int, bytes, tuple[str, ...]]


@dataclass(slots=True)
class FilePlan(HeadPlan):
    """What a head asks for."""

    status: int  # of the refusal that it is; 0: it is none
    key: Key
    name: Name
    conditions: Conditions | None
    path: bytes  # of the request, escapes included, for a redirect or a listing
    query: bytes


@dataclass(slots=True)
class FileRoute:
    """One ``[[route]]`` with ``root``."""

    name: str
    tree: Tree
    rules: FileRules
    shelf: Shelf
    surroundings: Surroundings
    strips: int = 1  # length of the route's prefix
    durations: Durations | None = None
    _finder: Finder = field(init=False)
    _shrinker: Shrinker = field(init=False)

    def __post_init__(self) -> None:
        self._finder = Finder(self.tree, self.rules)
        self._shrinker = Shrinker(self.surroundings.engine.loop)

    def plan(
        self, head: RequestHead, parameters: Mapping[str, str], path: bytes, query: bytes
    ) -> FilePlan:
        """Work out which file a head asks for, and on which conditions."""
        name = name_of(path[self.strips :], shows_hidden=self.rules.shows_hidden)
        status, known = 0, Name((), is_directory=False)
        if head.method not in _METHODS:
            status = 405
        elif isinstance(name, Name):
            known = name
        else:
            status = name
        codings = accepted(head.field(b"accept-encoding"))
        asked = conditions(head)
        if asked is not None and asked.range is not None and not self.rules.precompressed:
            codings = (IDENTITY,)  # what is compressed while it is served has no parts
        shape = known.path + b"/" if known.is_directory else known.path
        return FilePlan(self, status, (id(self), shape, codings), known, asked, path, query)

    def carry_out(self, plan: FilePlan, request: Request) -> None:
        """Answer one request."""
        stored = self.shelf.find(plan.key)
        now = self.surroundings.engine.sweeper.now
        if stored is not None and stored.until > now and not plan.status:
            self._answer(plan, request, stored)
            return
        try:
            self._look(plan, request, now)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self._problem(request, 503, "no descriptor is left to open a file", b"")

    # --- looking at the disk ---

    def _look(self, plan: FilePlan, request: Request, now: float) -> None:
        if plan.status == 405:
            self._problem(request, 405, "files can only be read", _ALLOW)
            return
        if plan.status:
            self._missing(plan, request, plan.status)
            return
        found = self._finder.find(plan.name.path, plan.key[2])
        if found is None:
            self._missing(plan, request, 404)
        elif isinstance(found, FoundDirectory):
            try:
                self._directory(plan, request, found)
            finally:
                found.opened.close()
        elif plan.name.is_directory and found.path == plan.name.path:
            found.opened.close()
            self._missing(plan, request, 404)  # a file is no directory
        elif not plan.name.is_directory and found.path != plan.name.path:
            found.opened.close()
            self._redirect(plan, request)
        else:
            self._file(plan, request, found, now)

    def _file(self, plan: FilePlan, request: Request, found: Found, now: float) -> None:
        """Answer with a file, and keep a small one in memory."""
        stored = found.stored
        kept = self.shelf.find(plan.key)
        if kept is not None and _is_of(kept, stored):
            found.opened.close()
            kept.until = now + _FRESH_FOR
            self.shelf.used(plan.key)
            self._answer(plan, request, kept)
            return
        self.shelf.drop(plan.key)
        if self._may_shrink(plan, found):
            self._shrink(plan, found, now)
            shrunk = self.shelf.find(plan.key)
            if shrunk is not None:
                found.opened.close()
                self._answer(plan, request, shrunk)
                return
        if stored.size <= SMALL:
            try:
                stored.body = found.read()
            finally:
                found.opened.close()
            if len(stored.body) != stored.size:
                request.abort()  # it is being written just now: what it will be nobody knows
                return
            stored.until = now + _FRESH_FOR
            self.shelf.put(plan.key, stored)
            self._answer(plan, request, stored)
        else:
            self._answer(plan, request, stored, found)

    # --- the answer ---

    def _answer(
        self, plan: FilePlan, request: Request, stored: Stored, found: Found | None = None
    ) -> None:
        """Answer with a file, a part of it or what its conditions say; closes what was found."""
        asked, date = plan.conditions, self.surroundings.engine.date_line
        if asked is None:
            if stored.body is not None:
                request.respond(200, stored.fields + date, stored.body)
                if self.surroundings.answered is not None:
                    self.surroundings.answered(request, 0.0, self.durations)
            else:
                self._send(request, 200, stored.fields + date, stored, found, [])
        else:
            self._answer_if(asked, request, stored, found)

    def _answer_if(
        self, asked: Conditions, request: Request, stored: Stored, found: Found | None
    ) -> None:
        """Answer a request whose head has conditions or a range."""
        date = self.surroundings.engine.date_line
        status = asked.status(stored.etag, stored.modified_at)
        if status is not None:
            if found is not None:
                found.opened.close()
            if status == 304:
                request.begin(304, stored.validators + date, None, ended=True)
                self._told(request)
            else:
                self._problem(request, 412, "the file is not what the request expects", b"")
            return
        wanted = None
        if asked.range is not None and asked.wants_range(stored.etag, stored.modified_at):
            wanted = parts(asked.range, stored.size)
        if wanted is None:
            self._send(request, 200, stored.fields + date, stored, found, [])
        elif not wanted:
            if found is not None:
                found.opened.close()
            lines = b"Content-Range: bytes */%d\r\n" % stored.size
            self._problem(request, 416, "the file has no such part", lines)
        else:
            self._send(request, 206, stored.fields + date, stored, found, wanted)

    def _send(
        self,
        request: Request,
        status: int,
        fields: bytes,
        stored: Stored,
        found: Found | None,
        wanted: list[Part],
    ) -> None:
        """Send the whole file, one part, or several as multipart/byteranges (section 14.6)."""
        pieces: list[Piece]
        if not wanted:
            pieces = [Extent(0, stored.size)]
        elif len(wanted) == 1:
            fields += b"Content-Range: %b\r\n" % wanted[0].content_range(stored.size)
            pieces = [Extent(wanted[0].first, wanted[0].length)]
        else:
            boundary = os.urandom(12).hex().encode()
            fields = fields.replace(
                b"Content-Type: %b\r\n" % stored.content_type,
                b"Content-Type: multipart/byteranges; boundary=%b\r\n" % boundary,
            )
            pieces = list(_multipart(stored, wanted, boundary))
        length = sum(p.length if isinstance(p, Extent) else len(p) for p in pieces)
        body = stored.body
        if body is not None or request.head.method == b"HEAD":
            if found is not None:
                found.opened.close()
            data = b"" if body is None else b"".join(_taken(piece, body) for piece in pieces)
            request.begin(status, fields, length, data, ended=True)
            self._told(request)
            return
        assert found is not None  # what is not in memory is open
        began = time.monotonic()
        sender = FileSender(
            request,
            found.opened.fd,
            iter(pieces),
            self.surroundings.engine.loop,
            lambda: self._told(request, time.monotonic() - began),
        )
        request.begin(status, fields, length, ended=False)
        sender.start()

    # --- what is no file ---

    def _directory(self, plan: FilePlan, request: Request, found: FoundDirectory) -> None:
        if not self.rules.listing:
            self._missing(plan, request, 404)
            return
        if not plan.name.is_directory:
            self._redirect(plan, request)
            return
        entries = found.entries(shows_hidden=self.rules.shows_hidden)
        accept = request.head.field(b"accept") or b""
        date = self.surroundings.engine.date_line
        if accept.startswith(b"application/json"):
            kind, body = b"application/json", msgspec.json.encode(listing.as_json(entries))
        else:
            kind, body = b"text/html; charset=utf-8", listing.page(plan.path, entries)
        lines = b"Content-Type: %b\r\nVary: Accept\r\nCache-Control: no-cache\r\n" % kind
        request.respond(200, lines + date, body)
        self._told(request)

    def _redirect(self, plan: FilePlan, request: Request) -> None:
        """Lead to the same with a slash; with two at the front it would lead to another host."""
        to = b"/" + plan.path.strip(b"/") + b"/"
        if plan.query:
            to += b"?" + plan.query
        request.respond(301, b"Location: %b\r\n" % to + self.surroundings.engine.date_line, b"")
        self._told(request)

    def _missing(self, plan: FilePlan, request: Request, status: int) -> None:
        """Answer where there is no such file: with the page for all pages, or one that says so."""
        head, rules = request.head, self.rules
        wants_page = b"text/html" in (head.field(b"accept") or b"")
        if status == 404 and rules.fallback is not None and wants_page:
            found = self._finder.find_file(rules.fallback, (IDENTITY,))
            if found is not None:
                self._answer(plan, request, found.stored, found)
                return
        if status == 404 and rules.not_found is not None:
            found = self._finder.find_file(rules.not_found, (IDENTITY,))
            if found is not None and found.stored.size <= SMALL:
                body = found.read()
                found.opened.close()
                kind = b"Content-Type: %b\r\n" % found.stored.content_type
                request.respond(404, kind + self.surroundings.engine.date_line, body)
                self._told(request)
                return
            if found is not None:
                found.opened.close()
        detail = "there is no such file" if status == 404 else "the path is not well-formed"
        self._problem(request, status, detail, b"")

    def _problem(self, request: Request, status: int, detail: str, lines: bytes) -> None:
        retry_after = 1 if status == 503 else None
        date = self.surroundings.engine.date_line
        request.problem(status, detail, retry_after, lines + date)
        self._told(request)

    def _told(self, request: Request, seconds: float = 0.0) -> None:
        if self.surroundings.answered is not None:
            self.surroundings.answered(request, seconds, self.durations)

    # --- making it smaller ---

    def _may_shrink(self, plan: FilePlan, found: Found) -> bool:
        rules, codings = self.rules, plan.key[2]
        return (
            rules.compress
            and self._shrinker.may_take(plan.key, found.stored.size)
            and found.coding == IDENTITY
            and "gzip" in codings[: codings.index(IDENTITY)]
            and rules.smallest <= found.stored.size <= rules.largest
            and is_compressible(found.stored.content_type)
            and (plan.conditions is None or plan.conditions.range is None)
        )

    def _shrink(self, plan: FilePlan, found: Found, now: float) -> None:
        """Put a smaller body on the shelf, now or when a thread has made it."""
        copy = Found(found.opened, found.stored, found.path, found.coding)
        fd = os.dup(found.opened.fd)
        stored = found.stored

        def read() -> bytes:
            try:
                copy.opened = type(found.opened)(fd, found.opened.status)
                return copy.read()
            finally:
                os.close(fd)

        def done(body: bytes | None) -> None:
            if body is not None:
                self.shelf.put(plan.key, _smaller(stored, body, now + _FRESH_FOR))

        self._shrinker.shrink(plan.key, stored.size, read, done)


def _smaller(stored: Stored, body: bytes, until: float) -> Stored:
    """Describe the same file in gzip."""
    etag = stored.etag[:-1] + b'-gzip"'
    fields = stored.fields.replace(b"ETag: " + stored.etag, b"ETag: " + etag)
    fields = fields.replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1)
    return Stored(
        etag,
        stored.modified_at,
        len(body),
        fields,
        stored.content_type,
        body,
        until,
        stored.identity,
    )


def _is_of(kept: Stored, stored: Stored) -> bool:
    """Say whether what is kept is still that file, made smaller or not."""
    return kept.identity == stored.identity and kept.modified_at == stored.modified_at


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
