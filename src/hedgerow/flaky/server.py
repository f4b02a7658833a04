"""An HTTP server that misbehaves on purpose, by lot and by plan.

Every path answers ``{"time": <milliseconds of work>}`` unless its drawn fate is
another.  Two paths are for the experimenter and always behave::

    GET   /__stats        what has been received, answered, cancelled ... so far
    GET   /__behaviour    the settings in force
    PATCH /__behaviour    change some of them: {"latency": "constant:2s"}

Must not decide what goes wrong: that is ``faults``, so that a simulator meets the
same upstream.
"""

import asyncio
import collections
import time
from dataclasses import asdict

import msgspec
from typing_extensions import override

from hedgerow.errors import ConfigError
from hedgerow.faults import Admission, Behaviour, MishapKind, Script, Station
from hedgerow.flaky.visit import Visit
from hedgerow.wire.body import Framing
from hedgerow.wire.engine import Engine
from hedgerow.wire.limits import Limits
from hedgerow.wire.listener import Listener
from hedgerow.wire.listening import Listening
from hedgerow.wire.request import Request
from hedgerow.wire.server import ServerConnection

_JSON = b"Content-Type: application/json\r\n"


class FlakyServer:
    """One misbehaving upstream."""

    def __init__(self, engine: Engine, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._engine = engine
        self._script = Script(behaviour)
        self._station: Station[Visit] = Station(behaviour.capacity)
        self._listener = Listener(self._handle, Limits(), engine.sweeper, engine.outbox)
        self._here: set[Visit] = set()
        self._counts: collections.Counter[str] = collections.Counter()
        self._mishaps: collections.Counter[str] = collections.Counter()

    async def listen(self, listening: Listening) -> None:
        """Accept clients on this socket."""
        await listening.start(self._connection)

    def close(self) -> None:
        """Break every connection."""
        self._listener.close()

    def change(self, values: dict[str, object]) -> None:
        """Behave differently from the next request on; raises ConfigError, changing nothing."""
        self.behaviour = self.behaviour.changed(values)
        self._script = Script(self.behaviour)
        now = time.monotonic()
        for visit in self._station.resize(now, self.behaviour.capacity):
            self._start(visit)

    def statistics(self) -> dict[str, object]:
        """What happened so far; ``received`` = answered + broken + cancelled + in flight."""
        station = self._station.statistics(time.monotonic())
        return {
            "received": self._counts["received"],
            "answered": self._counts["answered"],
            "broken": self._counts["broken"],
            "cancelled": self._counts["cancelled"],
            "in_flight": len(self._here),
            "connections": len(self._listener.connections),
            "refused_connections": self._counts["refused_connections"],
            "mishaps": dict(self._mishaps),
            "station": asdict(station),
        }

    # --- requests ---

    def _connection(self) -> asyncio.Protocol:
        if self._script.next_connection_refused():
            self._counts["refused_connections"] += 1
            return _Refusal()
        return ServerConnection(self._listener)

    def _handle(self, request: Request) -> None:
        request.accept_body()
        if request.head.target.startswith(b"/__"):
            self._control(request)
            return
        self._counts["received"] += 1
        now = time.monotonic()
        visit = Visit(self._engine, request, self._script.next_fate(now), self._over)
        visit.on_client_left = self._client_left
        self._here.add(visit)
        admission = self._station.arrive(now, visit)
        if admission is Admission.STARTED:
            self._start(visit)
        elif admission is Admission.REFUSED:
            self._here.discard(visit)
            self._counts["answered"] += 1
            self._mishaps["queue full"] += 1
            request.problem(503, "every worker is busy and the queue is full", 1)

    def _over(self, visit: Visit) -> None:
        """A visit has done what it came for."""
        mishap = visit.fate.mishap
        if visit in self._here:
            self._here.discard(visit)
            breaks = mishap is not None and mishap.kind in _BREAKING
            self._counts["broken" if breaks else "answered"] += 1
        if mishap is not None:
            self._mishaps[str(mishap)] += 1
        self._start(self._station.finish(time.monotonic(), visit))

    def _client_left(self, visit: Visit) -> None:
        """The client has gone before its answer: stop working, if we are of that kind."""
        if visit not in self._here:
            return
        self._here.discard(visit)
        self._counts["cancelled"] += 1
        now = time.monotonic()
        if self.behaviour.notices_cancel:
            visit.stop()
        self._start(self._station.cancel(now, visit))
        if visit.hangs:
            self._start(self._station.finish(now, visit))  # nothing else would ever free it

    def _start(self, visit: Visit | None) -> None:
        """Work on it; one that hangs for nobody is over as soon as it begins."""
        now = time.monotonic()
        while visit is not None:
            visit.begin(now)
            if not visit.hangs:
                return
            self._mishaps[str(visit.fate.mishap)] += 1
            visit = self._station.finish(now, visit) if visit.client_is_gone else None

    # --- for the experimenter ---

    def _control(self, request: Request) -> None:
        call = (request.head.method, request.head.target)
        if call == (b"GET", b"/__stats"):
            self._tell(request, self.statistics())
        elif call == (b"GET", b"/__behaviour"):
            self._tell(request, self.behaviour.as_dict())
        elif call == (b"PATCH", b"/__behaviour"):
            if request.head.framing is Framing.NONE:
                self.apply(request, b"")
            else:
                request.sink = _Change(self, request)
        else:
            request.problem(404, "there are GET /__stats, GET and PATCH /__behaviour")

    def _tell(self, request: Request, value: object) -> None:
        body = msgspec.json.format(msgspec.json.encode(value)) + b"\n"
        request.respond(200, _JSON + self._engine.date_line, body)

    def apply(self, request: Request, body: bytes) -> None:
        """Carry a PATCH out and answer it."""
        try:
            self.change(msgspec.json.decode(body, type=dict[str, object]))
        except msgspec.DecodeError as error:
            request.problem(400, f"the body must be a JSON object: {error}")
        except ConfigError as error:
            request.problem(422, str(error))
        else:
            self._tell(request, self.behaviour.as_dict())


#: Mishaps after which the client holds less than a whole answer.
_BREAKING = {MishapKind.RESET, MishapKind.RESET_BODY, MishapKind.TRUNCATE, MishapKind.HANG}


class _Change:
    """Collects the body of a PATCH."""

    def __init__(self, server: FlakyServer, request: Request) -> None:
        self._server = server
        self._request = request
        self._body = b""

    def body_received(self, data: bytes, *, ended: bool) -> None:
        self._body += data
        if ended:
            self._server.apply(self._request, self._body)

    def client_left(self) -> None:
        """Nothing was changed."""

    def writing_paused(self) -> None:
        """The answer is small."""

    def writing_resumed(self) -> None:
        """The answer is small."""


class _Refusal(asyncio.Protocol):
    """A connection that is closed as soon as it is accepted."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
