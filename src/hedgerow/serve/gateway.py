"""The gateway of one process: routes, listeners, and a clean way to stop.

Puts the parts together and keeps them alive: finds the route of each request, writes
the log, pauses accepting when descriptors run short, drains.  Must not know how a
request is proxied, nor where the settings came from.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hedgerow.serve.access_log import AccessLog
from hedgerow.serve.client_address import TrustedProxies
from hedgerow.serve.durations import Durations
from hedgerow.serve.lag import LagMeter
from hedgerow.serve.plan import AnyRoute, HeadPlan
from hedgerow.serve.request_ids import RequestIds
from hedgerow.serve.route import ProxyRoute
from hedgerow.serve.routes import Routes, normal_path
from hedgerow.serve.story import timeline
from hedgerow.serve.surroundings import Finished, Surroundings
from hedgerow.serve.traces import TraceRing
from hedgerow.serve.upstreams import LiveUpstream
from hedgerow.wire.engine import Engine
from hedgerow.wire.entrance import Entrance
from hedgerow.wire.forwarding import hops_left
from hedgerow.wire.limits import Limits
from hedgerow.wire.listener import Listener
from hedgerow.wire.listening import Listening
from hedgerow.wire.pool import Pool
from hedgerow.wire.request import Request


@dataclass(slots=True)
class Outputs:
    """Where a gateway reports each finished request; None: nowhere."""

    access_log: AccessLog | None = None
    trace: Callable[[str], None] | None = None
    traces: TraceRing | None = None  # and then the routes have durations, too

    @property
    def are_wanted(self) -> bool:
        return any(one is not None for one in (self.access_log, self.trace, self.traces))


class Gateway:
    """Takes requests and sends each to its route."""

    def __init__(self, engine: Engine, limits: Limits, outputs: Outputs) -> None:
        self.surroundings = Surroundings(
            engine,
            self._finished if outputs.are_wanted else None,
            self._refused,
            self._answered if outputs.are_wanted else None,
        )
        self.upstreams: Mapping[str, LiveUpstream] = {}
        self._engine = engine
        self._outputs = outputs
        self._routes: Routes[AnyRoute] = Routes([])
        self._proxies: list[ProxyRoute] = []  # of them, also where something is put around one
        self._listener = Listener(self._handle, limits, engine.sweeper, engine.outbox)
        self._listener.connection_made = self._client_came
        self._listener.connection_lost = self._client_left
        self._listeners = [self._listener]  # all of them: some addresses have one of their own
        self._entrances: list[Entrance] = []
        self._trusted: TrustedProxies | None = None
        self.merges_slashes = True
        self.ids: RequestIds | None = None  # who names requests; set before routes are led
        self._listening: list[Listening] = []
        self.lag: LagMeter | None = None  # while it serves, if anybody wants to know
        self._is_paused = False
        self._emptied: asyncio.Event | None = None  # set when draining and nobody is left
        engine.sweeper.add(self._tick)

    @property
    def routes(self) -> list[AnyRoute]:
        """All that requests can be for, of every kind."""
        return self._routes.targets

    @property
    def proxy_routes(self) -> list[ProxyRoute]:
        """Those that lead to an upstream."""
        return self._proxies

    @property
    def clients(self) -> int:
        """Connections of clients that are open."""
        return sum(len(listener.connections) for listener in self._listeners)

    @property
    def accepted(self) -> int:
        """Connections of clients that there have been."""
        return sum(listener.accepted for listener in self._listeners)

    @property
    def requests(self) -> int:
        """Requests that there have been, whatever came of them."""
        return sum(listener.requests for listener in self._listeners)

    @property
    def traces(self) -> TraceRing | None:
        """The stories that are kept."""
        return self._outputs.traces

    @property
    def is_ready(self) -> bool:
        """Whether clients are accepted: it listens, and does not drain."""
        return bool(self._listening) and not self._listener.draining

    @property
    def pools(self) -> list[Pool]:
        """The connections to all replicas that there are now."""
        return [pool for upstream in self.upstreams.values() for pool in upstream.pools]

    def lead(self, routes: Routes[AnyRoute], proxies: Sequence[ProxyRoute] = ()) -> None:
        """Use these routes from now on; ``proxies`` are those that lead to an upstream."""
        self._routes, self._proxies = routes, list(proxies)
        if self.ids is not None:
            self._listener.handle = self._handle_numbered
        for listener in self._listeners:
            listener.memo.forget()

    def listeners(
        self, count: int, instead: Mapping[int, Callable[[Request], None]]
    ) -> list[Listener]:
        """Return one for each of so many addresses; ``instead`` has those with another handler."""
        found = [self._listener] * count
        for number, handle in instead.items():
            engine = self._engine
            found[number] = other = Listener(
                handle, self._listener.limits, engine.sweeper, engine.outbox
            )
            other.connection_made = self._client_came
            other.connection_lost = self._client_left
            self._listeners.append(other)
        return found

    def open_by(self, entrances: Sequence[Entrance]) -> None:
        """Let clients in by these, one for each socket in the order of :meth:`listen`."""
        self._entrances = list(entrances)

    def _handle_numbered(self, request: Request) -> None:
        """Give a request its name, and take it."""
        if self.ids is not None:
            self.ids.assign(request)
        self._handle(request)

    def trust(self, trusted: TrustedProxies) -> None:
        """Believe these proxies from now on."""
        self._trusted = trusted
        self._listener.handle = self._handle_forwarded
        for listener in self._listeners:
            listener.trusts = trusted.includes

    def reopen_logs(self) -> None:
        """Go on in a new file where the log was moved; raises OSError where that cannot be."""
        if self._outputs.access_log is not None:
            self._outputs.access_log.reopen()

    def reload_certificates(self) -> None:
        """Read all certificates again, now; those that are no good stay as they were."""
        for entrance in self._entrances:
            if entrance.certificates is not None:
                entrance.certificates.reload()

    async def listen(self, listening: Sequence[Listening]) -> None:
        """Accept clients on these sockets, once upstreams that are known by name are found."""
        await asyncio.gather(*(upstream.start() for upstream in self.upstreams.values()))
        shedder = self.surroundings.shedder
        if shedder is not None:
            self.lag = LagMeter(self._engine.loop, shedder.sample)
        elif self._outputs.traces is not None:  # an operator may ask
            self.lag = LagMeter(self._engine.loop, lambda now, lag: None)
        self._listening = list(listening)
        for number, one in enumerate(self._listening):
            plain = number >= len(self._entrances)
            await one.start(Entrance(self._listener) if plain else self._entrances[number])

    async def drain(self, seconds: float) -> int:
        """Stop accepting, let running requests end, and return how many did not in time."""
        for listening in self._listening:
            listening.close()
        for upstream in self.upstreams.values():
            upstream.stop()
        for listener in self._listeners:
            listener.drain()
        self._emptied = asyncio.Event()
        if self.clients:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._emptied.wait()
        left = self.clients
        for listener in self._listeners:
            listener.close()
        if self.lag is not None:
            self.lag.close()
        # The aborted connections report to their requests first: else calls that wait for a
        # connection would fail, and be answered (or repeated) for clients that are gone.
        await asyncio.sleep(0)
        for upstream in self.upstreams.values():
            upstream.close()
        await asyncio.sleep(0)
        if self._outputs.access_log is not None:
            self._outputs.access_log.close()
        return left

    # --- one request ---

    def _handle(self, request: Request) -> None:
        plan = request.head.plan
        if isinstance(plan, HeadPlan):
            plan.taker.carry_out(plan, request)
        else:
            self._handle_new_head(request)

    def _handle_forwarded(self, request: Request) -> None:
        """Find out whose request it is that a trusted proxy has forwarded, and take it."""
        self.believe(request)
        self._handle_numbered(request)

    def believe(self, request: Request) -> None:
        """Make a request that of the client which a trusted proxy tells; costs those 3 us."""
        trusted, head = self._trusted, request.head
        if trusted is not None and head.was_forwarded and request.is_trusted:
            told = trusted.tell(head, request.peer)
            request.peer = told.client
            if told.is_tls is not None:
                request.is_tls = told.is_tls

    def take(self, request: Request) -> None:
        """Take a request as one that came to an address without a handler of its own."""
        self._handle_numbered(request)

    def _handle_new_head(self, request: Request) -> None:
        head = request.head
        if hops_left(head) == 0:
            self._goes_no_further(request)
            return
        path, _, query = head.target.partition(b"?")
        normal = normal_path(path, merges_slashes=self.merges_slashes)
        if normal is None:
            request.problem(400, "the path climbs above the root", fields=self._engine.date_line)
            self._refused(request)
            return
        found = self._routes.find(head.host, normal, head.method)
        if found is None:
            self._no_route(request, normal)
            return
        route, parameters = found
        plan = route.plan(head, parameters, normal, query)
        head.plan = plan
        route.carry_out(plan, request)

    def _goes_no_further(self, request: Request) -> None:
        """Answer what asks who stands on its way: it is for us (RFC 9110 section 7.6.2)."""
        if request.head.method == b"OPTIONS":
            request.respond(200, self._engine.date_line, b"")
        else:  # reflecting what came would show fields that proxies have added
            request.problem(501, "TRACE is not answered here", fields=self._engine.date_line)
        self._refused(request)

    def _no_route(self, request: Request, path: bytes) -> None:
        allowed = self._routes.methods_for(request.head.host, path)
        date = self._engine.date_line
        if allowed:
            allow = b"Allow: " + b", ".join(sorted(allowed)) + b"\r\n"
            request.problem(405, "this path does not take that method", fields=allow + date)
        else:
            request.problem(404, "no route leads to this path", fields=date)
        self._refused(request)

    def _refused(self, request: Request) -> None:
        if self._outputs.access_log is not None:
            self._outputs.access_log.record(request, None, 0.0)

    def _answered(self, request: Request, seconds: float, durations: Durations | None) -> None:
        if self._outputs.access_log is not None:
            self._outputs.access_log.record(request, None, seconds)
        if durations is not None:
            durations.record(seconds, request.status)

    def _finished(self, proxied: Finished) -> None:
        outputs = self._outputs
        if outputs.access_log is not None:
            seconds = proxied.finished_at - proxied.arrived_at
            outputs.access_log.record(proxied.request, proxied.exchange, seconds)
        if outputs.trace is not None and proxied.exchange is not None:
            outputs.trace(_story(proxied))
        if outputs.traces is not None:
            durations, status = proxied.terms.durations, proxied.request.status
            if status == 101:
                # How long a session lasted says nothing about how long anybody waited.
                if durations is not None:
                    durations.classes[1] += 1
                return
            outputs.traces.add(proxied)
            if durations is not None:
                durations.record(proxied.finished_at - proxied.arrived_at, status)

    # --- clients and descriptors ---

    def _client_came(self) -> None:
        descriptors = self._engine.descriptors
        descriptors.accepted()
        if not descriptors.may_accept and not self._is_paused:
            self._is_paused = True
            for listening in self._listening:
                listening.pause()

    def _client_left(self) -> None:
        self._engine.descriptors.release()
        if self._emptied is not None and not self.clients:
            self._emptied.set()

    def _tick(self, now: float) -> None:
        """Four times a second: the log, and whether to accept again."""
        for entrance in self._entrances:
            if entrance.certificates is not None:
                entrance.certificates.look(now)
        if self._outputs.access_log is not None:
            self._outputs.access_log.tick(self._engine.wall)
            self._outputs.access_log.flush()
        if self._is_paused and self._engine.descriptors.may_accept:
            self._is_paused = False
            for listening in self._listening:
                listening.resume()


def _story(proxied: Finished) -> str:
    """Tell a finished request as text: a line for it, and one per attempt."""
    request, exchange = proxied.request, proxied.exchange
    head = request.head
    took = (proxied.finished_at - proxied.arrived_at) * 1000
    title = (
        f"{head.method.decode()} {head.target.decode()} -> {request.status or 499}, {took:.0f}ms"
    )
    lines = timeline(exchange, proxied.arrived_at) if exchange is not None else []
    return "\n".join([title, *lines])
