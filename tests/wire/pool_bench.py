"""A pool on a network without sockets, and the calls that a test starts on it."""

import contextlib
from collections.abc import Callable, Iterator

from typing_extensions import override

from hedgerow.wire.call import Call
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.pool import Origin, Pool, PoolLimits
from hedgerow.wire.timers import Sweeper
from tests.fakes.upstream_calls import RecordedCall
from tests.fakes.upstream_network import Network, Peer
from tests.fakes.upstream_script import answer

ADDRESS = "192.0.2.1"
NAME = "up.example"


class HandSweeper(Sweeper):
    """Sweeps when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.functions: list[Callable[[float], None]] = []

    @override
    def add(self, function: Callable[[float], None]) -> None:
        self.functions.append(function)

    @override
    def remove(self, function: Callable[[float], None]) -> None:
        self.functions.remove(function)


class Bench:
    """One pool, and whoever is at the other end."""

    def __init__(self) -> None:
        self.network = Network()
        self.sweeper = HandSweeper()
        self.descriptors = Descriptors(100)
        self.limit()

    def limit(
        self,
        *,
        host: str = ADDRESS,
        max_connections: int = 50,
        max_waiting: int = 1000,
        connect_timeout: float = 3.0,
        origin: Origin | None = None,
    ) -> None:
        """Make the pool, with these limits."""
        limits = PoolLimits(max_connections, max_waiting, connect_timeout, idle_timeout=60.0)
        self.sweeper.functions.clear()
        self.pool = Pool(origin or Origin(host, 80), limits, self.sweeper, self.descriptors)

    # --- the caller ---

    def starts(self, call: RecordedCall | None = None) -> RecordedCall:
        """Start a call; nothing that needs the network has happened yet."""
        call = RecordedCall() if call is None else call
        self.network.does(self.pool.start, call)
        return call

    def sends(self, call: RecordedCall | None = None) -> RecordedCall:
        """Start a call, and let it reach its connection."""
        call = self.starts(call)
        self.network.later(0.1)
        return call

    def cancels(self, *calls: Call) -> None:
        for call in calls:
            self.network.does(call.cancel)
        self.network.settle()

    def closes(self) -> None:
        self.network.does(self.pool.close)
        self.network.settle()

    def sweeps(self, seconds_later: float = 0.25) -> None:
        self.sweeper.now += seconds_later
        for function in tuple(self.sweeper.functions):
            self.network.does(function, self.sweeper.now)
        self.network.later(0.1)

    # --- the upstream ---

    @property
    def peers(self) -> list[Peer]:
        return self.network.peers

    def answers(self, peer: Peer, raw: bytes = answer()) -> None:
        self.network.says(peer, raw)
        self.network.later(0.1)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Connections open and idle, descriptors in use."""
        return self.pool.open_connections, self.pool.idle_connections, self.descriptors.in_use


@contextlib.contextmanager
def open_bench() -> Iterator[Bench]:
    """A bench; at its end everything is closed, and nothing may still be counted."""
    made = Bench()
    yield made
    made.closes()
    made.network.later(60.0)  # whoever still dials has given up
    for peer in made.peers:
        made.network.does(peer.abort)
    made.network.settle()
    assert made.counts == (0, 0, 0)
    assert made.network.complaints == []
    made.network.close()
