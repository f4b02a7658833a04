"""A route that serves the files of a directory.

What follows from the head alone (which file, which conditions, which encodings) is a plan, made
once and kept with the head.  A small file that was asked for lately is answered from memory: it
is looked at once a second at most, so a change shows after a second.  Must not know settings.

Budget of a small file that is in memory: 0 tasks, 0 timers, 1 write, 0 system calls of ours; for
a head that came before the answer is one string that is there already.
"""

import asyncio
import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from hedgerow.serve.durations import Durations
from hedgerow.serve.files import page as listing
from hedgerow.serve.files.answering import Answers
from hedgerow.serve.files.conditions import conditions
from hedgerow.serve.files.finding import SMALL, Finder, Found, FoundDirectory
from hedgerow.serve.files.media import is_compressible
from hedgerow.serve.files.names import Name, name_of
from hedgerow.serve.files.negotiation import IDENTITY, accepted
from hedgerow.serve.files.plan import FilePlan, Key
from hedgerow.serve.files.rules import FileRules
from hedgerow.serve.files.shelf import Shelf
from hedgerow.serve.files.shrinking import Shrinker
from hedgerow.serve.files.stored import Stored
from hedgerow.serve.files.tree import Tree
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.request import Request

#: For how long a file in memory is believed to be what is on the disk, in seconds.
_FRESH_FOR: Final = 1.0
_METHODS: Final = frozenset({b"GET", b"HEAD"})
#: Directories that are listed at once: each asks for every file in it, in a thread.
_MOST_LISTINGS: Final = 8
_ALLOW: Final = b"Allow: GET, HEAD\r\n"
_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
#: The key of the page for what is not there; no path begins like it.
_NOT_FOUND: Final[Key] = (b"/404", (), False)
_DETAILS: Final = {
    400: "the path is not well-formed",
    404: "there is no such file",
    405: "files can only be read",
    503: "no descriptor is left to open a file",
}


@dataclass(slots=True)
class FileRoute:
    """One ``[[route]]`` with ``root``."""

    name: str
    tree: Tree
    rules: FileRules
    shelf: Shelf
    surroundings: Surroundings
    depth: int = 1  # slashes in the route's prefix; what follows them is the file
    durations: Durations | None = None
    _answers: Answers = field(init=False)
    _finder: Finder = field(init=False)
    _shrinker: Shrinker = field(init=False)
    _listing: int = field(init=False, default=0)  # directories that threads look at

    def __post_init__(self) -> None:
        self._answers = Answers(self.surroundings, self.durations)
        engine = self.surroundings.engine
        self._finder = Finder(self.tree, self.rules, lambda: engine.wall.timestamp())
        self._shrinker = Shrinker(engine.loop)

    def plan(
        self, head: RequestHead, parameters: Mapping[str, str], path: bytes, query: bytes
    ) -> FilePlan:
        """Work out which file a head asks for, and on which conditions."""
        name = name_of(path.split(b"/", self.depth)[-1], shows_hidden=self.rules.shows_hidden)
        refusal, known = 0, Name((), is_directory=False)
        if head.method not in _METHODS:
            refusal = 405
        elif isinstance(name, Name):
            known = name
        else:
            refusal = name
        codings = accepted(head.field(b"accept-encoding"))
        asked = conditions(head)
        # What is compressed while it is served may be another string of bytes tomorrow, so it
        # has no parts.
        may_shrink = (
            self.rules.compress
            and "gzip" in codings[: codings.index(IDENTITY)]
            and (asked is None or asked.range is None)
        )
        shape = known.path + b"/" if known.is_directory else known.path
        return FilePlan(
            self,
            refusal,
            (shape, codings, may_shrink),
            known,
            asked,
            path,
            query,
            wants_page=b"text/html" in (head.field(b"accept") or b""),
            is_plain=asked is None and head.method == b"GET",
        )

    def carry_out(self, plan: FilePlan, request: Request) -> None:
        """Answer one request."""
        ready, engine = plan.ready, self.surroundings.engine
        if (
            ready is not None
            and ready.until > engine.sweeper.now
            and request.respond_whole(200, ready.whole(engine.date_line), ready.size)
        ):
            if self.surroundings.answered is not None:
                self.surroundings.answered(request, 0.0, self.durations)
            return
        now = engine.sweeper.now
        stored = self.shelf.find(plan.key)
        if stored is not None and stored.until > now and not plan.refusal:
            self._use(plan, request, stored)
            return
        try:
            self._look(plan, request, now)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self._answers.problem(request, 503, _DETAILS[503])

    # --- looking at the disk ---

    def _look(self, plan: FilePlan, request: Request, now: float) -> None:
        if plan.refusal:
            self._refuse(plan, request, plan.refusal, now)
            return
        self.tree.look(now)
        found = self._finder.find(plan.name.path, plan.key[1])
        if found is None:
            self._refuse(plan, request, 404, now)
        elif isinstance(found, FoundDirectory):
            self._directory(plan, request, found, now)
        elif plan.name.is_directory and found.path == plan.name.path:
            found.opened.close()
            self._refuse(plan, request, 404, now)  # a file is no directory
        elif not plan.name.is_directory and found.path != plan.name.path:
            found.opened.close()
            self._redirect(plan, request)
        else:
            self._file(plan, plan.key, request, found, now)

    def _file(self, plan: FilePlan, key: Key, request: Request, found: Found, now: float) -> None:
        """Answer with a file, and keep a small one in memory."""
        try:
            stored = self._current(key, found, now)
        except OSError:
            found.opened.close()
            raise
        if stored is not None and stored.body is None:
            self._answers.file(plan.conditions, request, stored, found)
            return
        found.opened.close()
        if stored is None:
            request.abort()  # it is being written just now: what it will be nobody knows
        else:
            self._use(plan, request, stored)

    def _current(self, key: Key, found: Found, now: float) -> Stored | None:
        """Return what is kept of this file, or keep it where it is small; None: it shrinks."""
        stored, kept = found.stored, self.shelf.find(key)
        if kept is not None and kept.identity != stored.identity:
            self.shelf.drop(key)
            kept = None
        if (kept is None or not kept.is_shrunk) and self._may_shrink(key, found):
            self._shrink(key, found, now)
            kept = self.shelf.find(key)
        if kept is not None:
            kept.until = now + _FRESH_FOR
            self.shelf.used(key)
            return kept
        if stored.size > SMALL:
            return stored
        stored.body = found.read()
        if len(stored.body) != stored.size:
            return None
        stored.until = now + _FRESH_FOR
        self.shelf.put(key, stored)
        return stored

    def _use(self, plan: FilePlan, request: Request, stored: Stored) -> None:
        """Answer from memory, and let the next request with this head have it at once."""
        if plan.is_plain:
            plan.ready = stored
        self._answers.file(plan.conditions, request, stored, None)

    # --- what is no file ---

    def _directory(
        self, plan: FilePlan, request: Request, found: FoundDirectory, now: float
    ) -> None:
        """Answer with a listing, which a thread makes: it asks for every file there."""
        if not self.rules.listing or not plan.name.is_directory:
            found.opened.close()
            if self.rules.listing:
                self._redirect(plan, request)
            else:
                self._refuse(plan, request, 404, now)
            return
        if self._listing >= _MOST_LISTINGS:
            found.opened.close()
            self._answers.problem(request, 503, "too many directories are being listed", b"")
            return
        try:
            finder = self._finder.copy()
        except OSError:
            found.opened.close()
            raise
        self._listing += 1
        wants_json = (request.head.field(b"accept") or b"").startswith(b"application/json")

        def made() -> bytes:
            try:
                entries = finder.entries(found, plan.name.path)
            finally:
                found.opened.close()
                finder.close()
            if wants_json:
                return msgspec.json.encode(listing.as_json(entries))
            return listing.page(plan.path, entries, is_top=not plan.name.segments)

        def answer(asking: "asyncio.Future[bytes]") -> None:
            self._listing -= 1
            if asking.cancelled() or asking.exception() is not None:
                self._answers.problem(request, 500, "the directory could not be read")
                return
            kind = b"application/json" if wants_json else b"text/html; charset=utf-8"
            lines = b"Content-Type: %b\r\nVary: Accept\r\nCache-Control: no-cache\r\n" % kind
            self._answers.body(request, 200, lines, asking.result())

        loop = self.surroundings.engine.loop
        loop.run_in_executor(None, made).add_done_callback(answer)

    def _redirect(self, plan: FilePlan, request: Request) -> None:
        """Lead to the same with a slash; with two at the front it would lead to another host."""
        to = b"/" + plan.path.strip(b"/") + b"/"
        if plan.query:
            to += b"?" + plan.query
        self._answers.body(request, 301, b"Location: %b\r\n" % to, b"")

    def _refuse(self, plan: FilePlan, request: Request, status: int, now: float) -> None:
        """Answer where there is no such file: with the page for all pages, or one that says so."""
        rules, lines = self.rules, b""
        if status == 405:
            lines = _ALLOW
        elif status == 404 and rules.fallback is not None:
            if plan.wants_page and self._fall_back(plan, rules.fallback, request, now):
                return
            lines = b"Vary: Accept\r\n"
        page = self._not_found_page(now) if status == 404 else None
        if page is not None and page.body is not None:
            lines += b"Content-Type: %b\r\n" % page.content_type
            self._answers.body(request, 404, lines, page.body)
        else:
            self._answers.problem(request, status, _DETAILS[status], lines)

    def _fall_back(self, plan: FilePlan, path: bytes, request: Request, now: float) -> bool:
        """Answer with the page that stands for all that are not there, if that is there."""
        key = (b"/" + path, plan.key[1], plan.key[2])
        kept = self.shelf.find(key)
        if kept is not None and kept.until > now:
            self._use(plan, request, kept)
            return True
        found = self._finder.find_file(path, plan.key[1], by_accept=True)
        if found is None:
            return False
        self._file(plan, key, request, found, now)
        return True

    def _not_found_page(self, now: float) -> Stored | None:
        kept = self.shelf.find(_NOT_FOUND)
        if self.rules.not_found is None or (kept is not None and kept.until > now):
            return kept
        found = self._finder.find_file(self.rules.not_found, (IDENTITY,))
        if found is None:
            return None
        with found.opened:
            return self._current(_NOT_FOUND, found, now)

    # --- making it smaller ---

    def _may_shrink(self, key: Key, found: Found) -> bool:
        rules, stored = self.rules, found.stored
        return (
            key[2]
            and found.coding == IDENTITY
            and rules.smallest <= stored.size <= rules.largest
            and is_compressible(stored.content_type)
            and self._shrinker.may_take(stored.identity, stored.size)
        )

    def _shrink(self, key: Key, found: Found, now: float) -> None:
        """Put a smaller body on the shelf, now or when a thread has made it."""
        copy = found.copy()
        stored = found.stored

        def read() -> bytes:
            with copy.opened:
                return copy.read()

        def done(body: bytes) -> None:
            smaller = stored.smaller(body)
            smaller.until = now + _FRESH_FOR
            self.shelf.put(key, smaller)

        self._shrinker.shrink(stored.identity, stored.size, read, done)
