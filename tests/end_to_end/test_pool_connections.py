"""The pool over sockets: dead and silent addresses, limits, bursts, nothing left behind."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import pytest

from hedgerow.errors import Failure
from hedgerow.wire.pool import Origin
from tests.end_to_end.client_side import LOOPS, NAMES, ClientSide, open_side
from tests.fakes.ports import free_port
from tests.fakes.upstream import Upstream
from tests.fakes.upstream_calls import GET
from tests.fakes.upstream_script import Act, Behaviour, answer

NAME: Final = "many.example"
SLOW: Final[Behaviour] = [0.1, answer()]


@pytest.fixture(params=LOOPS)
def side(request: pytest.FixtureRequest) -> Iterator[ClientSide]:
    with open_side(request.param) as made:
        yield made


@contextlib.contextmanager
def silence(address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port that neither accepts nor refuses: the kernel drops what its backlog cannot hold."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((address, port), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((address, port))
        yield port


class TestAddress:
    def test_that_refuses_fails_the_call_and_says_so(self, side: ClientSide) -> None:
        port = free_port()
        side.uses(Origin("127.0.0.1", port))
        call = side.finishes(within=1.0)
        assert (call.failure, side.counts) == (Failure.CONNECT, (0, 0, 0))
        assert call.detail == f"127.0.0.1:{port}: Connection refused"

    def test_that_is_silent_fails_it_in_time(self, side: ClientSide) -> None:
        with silence() as port:
            side.uses(Origin("127.0.0.1", port), connect_timeout=0.3)
            call = side.finishes(within=1.0)
        assert (call.failure, side.counts) == (Failure.CONNECT, (0, 0, 0))
        assert "no connection within 0.3s" in call.detail

    def test_that_is_silent_may_be_given_up_by_its_call(self, side: ClientSide) -> None:
        with silence() as port:
            side.uses(Origin("127.0.0.1", port), connect_timeout=0.5)
            call = side.starts()
            side.runs(0.1)
            side.does(call.cancel)
            side.until(lambda: side.counts == (0, 0, 0), within=1.0)
        assert call.heard == []


class TestName:
    def test_with_a_dead_address_reaches_the_next(self, side: ClientSide) -> None:
        NAMES[NAME] = ["127.0.0.2", "127.0.0.1"]
        with Upstream() as upstream:
            side.uses(Origin(NAME, upstream.port))
            assert side.finishes().ended

    def test_with_a_silent_address_reaches_the_next_in_time(self, side: ClientSide) -> None:
        NAMES[NAME] = ["127.0.0.2", "127.0.0.1"]
        with Upstream() as upstream, silence("127.0.0.2", upstream.port):
            side.uses(Origin(NAME, upstream.port), connect_timeout=0.6)
            assert side.finishes(within=0.6).ended

    def test_is_spread_over_all_its_addresses(self, side: ClientSide) -> None:
        NAMES[NAME] = ["127.0.0.1", "127.0.0.2"]
        with (
            Upstream(after=SLOW) as one,
            Upstream(after=SLOW, host="127.0.0.2", port=one.port) as other,
        ):
            side.uses(Origin(NAME, one.port))
            calls = [side.starts() for _ in range(10)]
            side.until(lambda: all(call.is_done for call in calls))
            assert (len(one.requests), len(other.requests)) == (5, 5)

    def test_that_nobody_knows_fails_the_call(self, side: ClientSide) -> None:
        NAMES[NAME] = []
        side.uses(Origin(NAME, 80))
        call = side.finishes()
        assert (call.failure, call.detail) == (Failure.CONNECT, f"the name {NAME}: no address")

    def test_that_cannot_be_one_fails_the_call(self, side: ClientSide) -> None:
        side.uses(Origin("a" * 70 + ".example", 80))
        call = side.finishes()
        assert (call.failure, side.counts) == (Failure.CONNECT, (0, 0, 0))

    def test_of_this_machine_is_found(self, side: ClientSide) -> None:
        """It may have an address of the other family, where nobody listens."""
        with Upstream() as upstream:
            side.uses(Origin("localhost", upstream.port))
            assert side.finishes().ended


class TestLimit:
    def test_of_connections_is_kept(self, side: ClientSide) -> None:
        with Upstream(after=SLOW) as upstream:
            side.uses(upstream, max_connections=3)
            calls = [side.starts() for _ in range(9)]
            side.until(lambda: all(call.is_done for call in calls))
            assert len(upstream.connections) == 3
            assert sum(one.received.count(GET) for one in upstream.connections) == 9
            assert side.counts == (3, 3, 3)

    def test_of_waiting_calls_refuses_the_rest_at_once(self, side: ClientSide) -> None:
        with Upstream(after=SLOW) as upstream:
            side.uses(upstream, max_connections=1, max_waiting=2)
            running = side.starts()
            side.until(lambda: running.heard)
            calls = [side.starts() for _ in range(5)]
            assert [call.failure for call in calls] == [None] * 2 + [Failure.NO_CAPACITY] * 3
            side.until(lambda: all(call.is_done for call in calls))

    def test_of_time_closes_idle_connections(self, side: ClientSide) -> None:
        with Upstream() as upstream:
            side.uses(upstream, idle_timeout=0.3)
            side.finishes()
            assert side.counts == (1, 1, 1)
            side.until(lambda: side.counts == (0, 0, 0), within=1.0)
            side.runs(0.05)
            assert upstream.connections[0].ended == "closed"


class TestBurst:
    def test_is_answered_whole(self, side: ClientSide) -> None:
        with Upstream() as upstream:
            side.uses(upstream)
            calls = [side.starts() for _ in range(400)]
            side.until(lambda: all(call.is_done for call in calls), within=20.0)
            assert all(call.ended for call in calls)
            assert side.pool.open_connections == side.pool.idle_connections

    def test_that_hangs_is_not_held_up_by_itself(self, side: ClientSide) -> None:
        """More than are opened at once, and not one that comes back."""
        with Upstream(after=[Act.HANG]) as upstream:
            side.uses(upstream)
            calls = [side.starts() for _ in range(200)]
            side.until(lambda: len(upstream.requests) == 200)
            for call in calls:
                side.does(call.cancel)
            side.until(lambda: side.counts == (0, 0, 0))
            side.until(lambda: all(one.ended == "reset" for one in upstream.connections))


class TestUpstreamThatGoesAway:
    def test_and_comes_back_is_called_again(self, side: ClientSide) -> None:
        with Upstream() as upstream:
            side.uses(upstream)
            side.finishes()
        assert side.finishes().failure is Failure.CONNECT
        with Upstream(port=upstream.port):
            assert side.finishes().ended

    def test_with_many_kept_connections_fails_none_of_the_calls(self, side: ClientSide) -> None:
        """Each finds its connection dead, and is sent again to whoever listens now."""
        with Upstream(after=SLOW) as upstream:
            side.uses(upstream)
            calls = [side.starts() for _ in range(20)]
            side.until(lambda: side.pool.idle_connections == 20)
            calls = [side.starts() for _ in range(20)]
            side.until(lambda: all(call.is_done for call in calls))
        with Upstream(port=upstream.port):
            calls = [side.starts() for _ in range(20)]
            side.until(lambda: all(call.is_done for call in calls))
        assert [call.failure for call in calls] == [None] * 20
