"""The admin listener: a second address, for operators and their scrapers.

Decides which page is where.  It runs on the gateway's own loop and engine, but no door, limit
or shedding of the gateway is before it, because it is wanted most when those are busy; so its
own connections are few.  Whoever can connect can read: it listens on loopback, unless the
settings say otherwise.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from hedgerow.serve.admin.metrics import Exposition
from hedgerow.serve.admin.overview import overview
from hedgerow.serve.admin.page import page
from hedgerow.serve.gateway import Gateway
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

_Answer = tuple[int, str, bytes]  # status, media type, body


class AdminServer:
    """Answers for one gateway."""

    def __init__(self, gateway: Gateway, engine: Engine) -> None:
        self._gateway = gateway
        self._engine = engine
        self._exposition = Exposition(gateway)
        self._listener = Listener(self._handle, _LIMITS, engine.sweeper, engine.outbox)
        self._listener.connection_made = self._came
        self._listener.connection_lost = self._left
        self._listening: Listening | None = None
        self._connections = 0
        self._pages: Mapping[str, Callable[[Request], _Answer]] = {
            "/": self._page,
            "/metrics": self._metrics,
            "/traces": self._traces,
            "/upstreams": self._upstreams,
            "/healthz": lambda _: _text(200, "alive"),
            "/readyz": self._readiness,
        }

    async def listen(self, listening: Listening) -> None:
        """Answer on this address."""
        self._listening = listening
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
        else:
            status, media_type, body = make(request)
            lines = f"Content-Type: {media_type}\r\nCache-Control: no-store\r\n".encode()
            request.respond(status, lines + date, body)

    def _page(self, request: Request) -> _Answer:
        traces, now = self._gateway.traces, time.monotonic()
        slowest = []
        if traces is not None:
            slowest = traces.slowest(now, self._engine.wall, _SHOWN_ON_THE_PAGE)
        return 200, "text/html; charset=utf-8", page(overview(self._gateway), slowest)

    def _metrics(self, request: Request) -> _Answer:
        accept = request.head.field(b"accept") or b""
        body, media_type = self._exposition.render(accept.decode("latin-1"))
        return 200, media_type, body

    def _traces(self, request: Request) -> _Answer:
        return _json(self._stories())

    def _upstreams(self, request: Request) -> _Answer:
        return _json(overview(self._gateway))

    def _readiness(self, request: Request) -> _Answer:
        return _text(200, "ready") if self._gateway.is_ready else _text(503, "not ready")

    def _stories(self) -> dict[str, list[dict[str, Any]]]:
        traces = self._gateway.traces
        if traces is None:
            return {"last": [], "slowest": []}
        return traces.told(time.monotonic(), self._engine.wall)

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
