"""The client's side of ``wire`` on real sockets, on either event loop, driven step by step."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvloop
from typing_extensions import override

from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.pool import Origin, Pool, PoolLimits
from tests.fakes.upstream import Upstream
from tests.fakes.upstream_calls import RecordedCall

#: Names that nobody else knows, and the addresses behind them.
NAMES: Final[dict[str, list[str]]] = {}


async def _known(loop: Any, resolver: Any, host: str, port: int, options: dict[str, Any]) -> Any:
    """Resolve our names by ourselves, and leave the others to the loop."""
    found: list[Any] = []
    for address in NAMES.get(host, [host]):
        found += await resolver.getaddrinfo(loop, address, port, **options)
    return found


class PlainLoop(asyncio.SelectorEventLoop):
    """asyncio's own."""

    @override
    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        return await _known(self, asyncio.SelectorEventLoop, host, port, options)


class FastLoop(uvloop.Loop):
    """The one of production."""

    @override
    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        return await _known(self, uvloop.Loop, host, port, options)


LOOPS: Final[dict[str, Callable[[], asyncio.AbstractEventLoop]]] = {
    "asyncio": PlainLoop,
    "uvloop": FastLoop,
}


class ClientSide:
    """A pool, and the calls that a test starts on it; the loop runs while something waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.engine = Engine(loop, Descriptors(1000))
        self.complaints: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: self.complaints.append(context))
        self.pool: Pool

    def uses(self, upstream: Upstream | Origin, **limits: Any) -> None:
        """Make the pool."""
        if isinstance(upstream, Upstream):
            upstream = Origin(upstream.host, upstream.port)
        engine = self.engine
        self.pool = Pool(
            upstream, PoolLimits(**limits), engine.sweeper, engine.descriptors, engine.outbox
        )

    @property
    def counts(self) -> tuple[int, int, int]:
        """Connections open and idle, descriptors in use."""
        return (
            self.pool.open_connections,
            self.pool.idle_connections,
            self.engine.descriptors.in_use,
        )

    def does(self, function: Callable[..., object], *arguments: Any) -> None:
        async def call() -> None:
            function(*arguments)

        self.loop.run_until_complete(call())

    def starts(self, call: RecordedCall | None = None) -> RecordedCall:
        call = RecordedCall() if call is None else call
        self.does(self.pool.start, call)
        return call

    def finishes(self, call: RecordedCall | None = None, within: float = 5.0) -> RecordedCall:
        """Start a call and see it to its end."""
        call = self.starts(call)
        self.until(lambda: call.is_done, within)
        return call

    def until(self, is_so: Callable[[], object], within: float = 5.0) -> None:
        """Run the loop until it is so."""
        give_up_at = time.monotonic() + within
        while not is_so():
            assert time.monotonic() < give_up_at, f"not within {within:g}s"
            self.runs(0.002)

    def runs(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))


@contextlib.contextmanager
def open_side(loop_name: str) -> Iterator[ClientSide]:
    """Run a test, and see that it leaves no connection, descriptor or complaint behind."""
    loop = LOOPS[loop_name]()
    side = ClientSide(loop)
    try:
        side.runs(0.0)
        before = open_sockets()
        yield side
        side.does(side.pool.close)
        side.until(lambda: side.counts == (0, 0, 0))
        side.runs(0.01)
        assert (open_sockets(), side.complaints) == (before, [])
    finally:
        side.engine.close()
        loop.close()
        NAMES.clear()


def open_sockets() -> int:
    """How many sockets this process really has; what else a loop opens is its own business."""
    names = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # closed since it was listed
            names.append(os.readlink(f"/proc/self/fd/{number}"))
    return sum(name.startswith("socket:") for name in names)
