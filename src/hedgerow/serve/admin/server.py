"""The admin listener: a second address, for operators and their scrapers.

Decides which page is where.  It runs on the loop and engine of a gateway, or of a process of
its own, but no door, limit or shedding of a gateway is before it, because it is wanted most
when those are busy; so its own connections are few.  Whoever can connect can read: it listens
on loopback, unless the settings say otherwise.

On loopback it answers to no name but localhost: a page on the web may give its own name this
machine's address, and then ask in its visitor's browser (DNS rebinding).
"""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from hedgerow.serve.admin.exposition import Exposition
from hedgerow.serve.admin.page import page
from hedgerow.serve.admin.sources import Source
from hedgerow.wire.engine import Engine
from hedgerow.wire.limits import Limits
from hedgerow.wire.listener import Listener
from hedgerow.wire.listening import Listening
from hedgerow.wire.request import Request
from hedgerow.wire.server import ServerConnection

#: Operators and scrapers; more are left in the backlog.
_MOST_CONNECTIONS: Final = 64
_LIMITS: Final = Limits(max_body=0, max_head=8 * 1024, idle_timeout=75.0)
_SHOWN_ON_THE_PAGE: Final = 20

#: Health tells nothing, and is asked for by whatever name.
_FOR_ANYBODY: Final = frozenset({"/healthz", "/readyz"})

_Answer = tuple[int, str, bytes]  # status, media type, body


class AdminServer:
    """Answers what a source knows."""

    def __init__(self, source: Source, engine: Engine) -> None:
        self._source = source
        self._engine = engine
        own_pids = source.pids() is None
        self._exposition = Exposition(source.families, None if own_pids else self._pids)
        self._listener = Listener(self._handle, _LIMITS, engine.sweeper, engine.outbox)
        self._listener.connection_made = self._came
        self._listener.connection_lost = self._left
        self._listening: Listening | None = None
        self._connections = 0
        self._knows_names = False  # whether it may be asked for by any name
        self._pages: dict[str, Callable[[Request], _Answer]] = {
            "/": self._page,
            "/metrics": self._metrics,
            "/traces": lambda _: _json(source.stories()),
            "/upstreams": lambda _: _json(source.overview()),
            "/healthz": self._health,
            "/readyz": self._readiness,
        }
        if source.loops() is not None:
            self._pages["/workers"] = lambda _: _json(source.loops())

    async def listen(self, listening: Listening) -> None:
        """Answer on this address."""
        self._listening = listening
        is_unix = listening.bound_to.startswith("unix:")  # no browser gets there
        self._knows_names = is_unix or not listening.is_local
        await listening.start(lambda: ServerConnection(self._listener))

    def close(self) -> None:
        """Stop, last of all: a draining gateway is asked whether it is ready."""
        if self._listening is not None:
            self._listening.close()
        self._listener.close()

    # --- pages ---

    def _handle(self, request: Request) -> None:
        head, date = request.head, self._engine.date_line
        path = head.target.partition(b"?")[0].decode("latin-1")
        make = self._pages.get(path)
        if make is None:
            request.problem(404, f"there is: {', '.join(self._pages)}", fields=date)
        elif head.method not in (b"GET", b"HEAD"):
            allow = b"Allow: GET, HEAD\r\n"
            request.problem(405, "it can only be read", fields=allow + date)
        elif not self._knows_names and path not in _FOR_ANYBODY and not _is_here(head.host):
            told = "it is asked for by its address, or as localhost"
            request.problem(403, told, fields=date)
        else:
            status, media_type, body = make(request)
            lines = f"Content-Type: {media_type}\r\nCache-Control: no-store\r\n".encode()
            request.respond(status, lines + date, body)

    def _page(self, _: Request) -> _Answer:
        slowest = self._source.slowest(_SHOWN_ON_THE_PAGE)
        return 200, "text/html; charset=utf-8", page(self._source.overview(), slowest)

    def _metrics(self, request: Request) -> _Answer:
        accept = request.head.field(b"accept") or b""
        body, media_type = self._exposition.render(accept.decode("latin-1"))
        return 200, media_type, body

    def _health(self, _: Request) -> _Answer:
        return _text(200, "alive") if self._source.is_alive else _text(503, "nobody looks after it")

    def _readiness(self, _: Request) -> _Answer:
        return _text(200, "ready") if self._source.is_ready else _text(503, "not ready")

    def _pids(self) -> Mapping[str, int]:
        return self._source.pids() or {}

    # --- connections ---

    def _came(self) -> None:
        self._engine.descriptors.accepted()
        self._connections += 1
        if self._connections == _MOST_CONNECTIONS and self._listening is not None:
            self._listening.pause()

    def _left(self) -> None:
        self._engine.descriptors.release()
        self._connections -= 1
        if self._connections == _MOST_CONNECTIONS - 1 and self._listening is not None:
            self._listening.resume()


def _json(value: object) -> _Answer:
    return 200, "application/json", msgspec.json.format(msgspec.json.encode(value), indent=2)


def _text(status: int, text: str) -> _Answer:
    return status, "text/plain; charset=utf-8", f"{text}\n".encode()


def _is_here(host: bytes) -> bool:
    """Whether a Host field names this machine by a name that nobody else can have."""
    text = host.decode("latin-1").lower()
    name = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0]
    if name in ("", "localhost") or name.endswith(".localhost"):  # RFC 6761 section 6.3
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
