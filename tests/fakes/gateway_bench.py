"""One proxied request between a client and upstreams that are all played by the test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.policy import Exchange, Policy, Replica, RoundRobin
from hedgerow.policy.admission import Admission
from hedgerow.policy.deadline_fields import Tell
from hedgerow.serve.attempt_call import AttemptCall
from hedgerow.serve.door import Door
from hedgerow.serve.plan import Plan, ProxyTerms
from hedgerow.serve.proxy import ProxiedRequest
from hedgerow.serve.route import ProxyRoute
from hedgerow.serve.surroundings import Finished, Surroundings
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.heads import RequestHead, RequestHeadParser
from hedgerow.wire.request import Request
from hedgerow.wire.timers import TimerWheel
from tests.fakes.carrier import FakeCarrier
from tests.fakes.case_studies import Upstream
from tests.fakes.clock import FakeClock, stopped_clock
from tests.fakes.gateway_pool import FakeLine, FakePool, PlayedPool
from tests.fakes.loop import FakeLoop
from tests.fakes.policy import route

GET: Final = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
SHORT_POST: Final = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
LONG_POST: Final = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
CHUNKED_POST: Final = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def request_head(raw: bytes = GET) -> RequestHead:
    return RequestHeadParser(max_request_line=8192, max_fields=100).parse(raw)


def stopped(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """One clock of ours for the gateway and what it stands on."""
    clock = stopped_clock(monkeypatch)
    for module in ("arrival", "proxy"):
        monkeypatch.setattr(f"hedgerow.serve.{module}.time", clock)
    return clock


class Carrier(FakeCarrier):
    """One whose other end may run out of room while it is written to."""

    when_written: Callable[[], None] | None = None

    @override
    def write(self, data: bytes) -> None:
        super().write(data)
        if self.when_written is not None:
            self.when_written()


@dataclass
class Bench:
    """Everything around one request."""

    engine: Engine
    loop: FakeLoop
    pools: list[FakePool]
    carrier: Carrier
    request: Request
    proxied: ProxiedRequest
    finished: list[Finished] = field(default_factory=list)

    def later(self, seconds: float) -> "Bench":
        """Let time pass; timers fire on the way."""
        self.loop.run_later(seconds)
        return self

    def body(self, data: bytes, *, ended: bool = True) -> "Bench":
        """Let the client send (the rest of) its body."""
        self.proxied.body_received(data, ended=ended)
        return self

    def line(self, number: int) -> FakeLine:
        """What the attempt with this number is on."""
        return next(line for line in self.lines if _number(line) == number)

    @property
    def lines(self) -> list[FakeLine]:
        return sorted((line for pool in self.pools for line in pool.lines), key=_number)

    @property
    def exchange(self) -> Exchange:
        assert self.proxied.exchange is not None
        return self.proxied.exchange

    @property
    def output(self) -> bytes:
        """What the client got."""
        return self.carrier.output

    @property
    def status(self) -> int:
        return self.request.status

    @property
    def timers(self) -> int:
        return sum(map(len, self.engine.wheel._buckets.values()))


def _number(line: FakeLine) -> int:
    assert isinstance(line.call, AttemptCall)
    return line.call.attempt.number


def bench(
    clock: FakeClock,
    policy: Policy | None = None,
    *,
    raw: bytes = GET,
    refuses: Sequence[int] = (),
    upstreams: Sequence[Upstream] = (),
    may_repeat: bool = True,
    wheel: type[TimerWheel] = TimerWheel,
    admission: Admission[Any] | None = None,
    tells: tuple[Tell, ...] = (),
    **terms: Any,
) -> Bench:
    """Start a request whose upstream has three replicas, and a door where it has an admission.

    ``refuses``: those without room.  ``upstreams``: what becomes of attempt 1, 2, ... by itself.
    """
    loop = FakeLoop(clock)
    pools: list[FakePool] = [
        FakePool(clock, refuses=Failure.NO_CAPACITY if number in refuses else None)
        for number in (1, 2, 3)
    ]
    if upstreams:
        pools = [PlayedPool(loop, upstreams)]
    policy = policy or route()
    policy.balancer = RoundRobin([Replica(f"r{n}", pool) for n, pool in enumerate(pools, 1)])
    engine = Engine(loop, Descriptors(100))
    engine.wheel = wheel(loop)
    if admission is not None:
        policy.admission = admission
        terms["door"] = Door(admission, engine.wheel)
    carrier = Carrier()
    request = Request(request_head(raw), carrier)
    finished: list[Finished] = []
    around = Surroundings(engine, finished.append, lambda _: None)
    seconds = policy.deadline.default
    of_route = ProxyTerms(policy, **terms)
    taker = ProxyRoute("/", of_route, around, b"fallback.test")
    plan = Plan(taker, of_route, b"", seconds, may_repeat, tells=tells)
    proxied = ProxiedRequest(plan, around, request, b"GET /x HTTP/1.1\r\n", seconds)
    proxied.start()
    return Bench(engine, loop, pools, carrier, request, proxied, finished)
