"""A call that a kept connection swallowed goes out once more, and only on a new one."""

from collections.abc import Iterator

import pytest

from hedgerow.errors import Failure
from tests.fakes.upstream_calls import RecordedCall
from tests.wire.pool_bench import Bench, open_bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with open_bench() as made:
        yield made


def keeps(bench: Bench, connections: int) -> None:
    """Have the pool keep so many idle connections."""
    for _ in range(connections):
        bench.sends()
    for peer in bench.peers[:connections]:
        bench.answers(peer)
    assert bench.pool.idle_connections == connections


def swallowed(bench: Bench, call: RecordedCall | None = None) -> RecordedCall:
    """A call sent on the connection used last, which had closed in that moment."""
    before = [peer.requests for peer in bench.peers]
    call = bench.starts(call)
    taker = next(p for p, n in zip(bench.peers, before, strict=True) if p.requests > n)
    bench.network.closes(taker)
    return call


class TestSwallowedCall:
    def test_goes_out_again_on_a_new_connection(self, bench: Bench) -> None:
        keeps(bench, 1)
        call = swallowed(bench)
        bench.network.later(0.1)
        assert [peer.requests for peer in bench.peers] == [2, 1]
        bench.answers(bench.peers[1])
        assert call.ended

    def test_does_not_take_another_kept_one(self, bench: Bench) -> None:
        """It may be as old."""
        keeps(bench, 2)
        swallowed(bench)
        bench.network.later(0.1)
        assert [peer.requests for peer in bench.peers] == [1, 2, 1]

    def test_does_not_take_one_that_is_given_back_meanwhile(self, bench: Bench) -> None:
        keeps(bench, 2)
        bench.starts()  # takes the younger one
        swallowed(bench)
        bench.network.says(bench.peers[1], b"HTTP/1.1 204 X\r\n\r\n")
        assert bench.pool.idle_connections == 1
        bench.network.later(0.1)
        assert [peer.requests for peer in bench.peers] == [2, 2, 1]

    def test_fails_when_the_new_one_breaks_too(self, bench: Bench) -> None:
        keeps(bench, 1)
        call = swallowed(bench)
        bench.network.later(0.1)
        bench.network.closes(bench.peers[1])
        bench.network.later(0.1)
        assert (call.failure, len(bench.peers)) == (Failure.RESET, 2)

    def test_fails_when_no_new_one_can_be_had(self, bench: Bench) -> None:
        keeps(bench, 1)
        bench.network.fates["192.0.2.1"] = ConnectionRefusedError(111, "refused")
        call = swallowed(bench)
        bench.network.later(0.1)
        assert call.failure is Failure.CONNECT

    def test_goes_before_those_who_wait(self, bench: Bench) -> None:
        bench.limit(max_connections=1)
        keeps(bench, 1)
        first = bench.starts()
        waiting = bench.starts()
        bench.network.closes(bench.peers[0])
        bench.network.later(0.1)
        assert (first.heard, waiting.heard) == (["sent", "sent"], [])

    def test_is_not_counted_among_those_who_wait(self, bench: Bench) -> None:
        bench.limit(max_connections=1, max_waiting=1)
        keeps(bench, 1)
        first = bench.starts()
        bench.starts()
        bench.network.closes(bench.peers[0])
        bench.network.later(0.1)
        assert first.heard == ["sent", "sent"]

    def test_cancelled_meanwhile_is_forgotten(self, bench: Bench) -> None:
        keeps(bench, 1)
        call = swallowed(bench)
        bench.cancels(call)
        bench.network.later(0.1)
        assert (call.heard, bench.peers[1].requests) == (["sent"], 0)

    def test_has_an_idle_connection_closed_where_no_more_may_be_opened(self, bench: Bench) -> None:
        """Otherwise nobody would ever open one for it."""
        keeps(bench, 2)
        bench.descriptors.limit = 2
        bench.starts()
        call = RecordedCall()
        bench.starts(call)
        bench.answers(bench.peers[1])
        bench.descriptors.accepted()  # a client came, and takes the place of what is lost
        bench.network.closes(bench.peers[0])
        bench.network.later(0.1)
        assert call.heard == ["sent", "sent"]
        bench.descriptors.release()

    def test_has_the_next_connection_that_comes_back_closed_likewise(self, bench: Bench) -> None:
        keeps(bench, 2)
        bench.descriptors.limit = 2
        busy, call = bench.starts(), bench.starts()
        bench.descriptors.accepted()
        bench.network.closes(bench.peers[0])
        assert call.heard == ["sent"]
        bench.answers(bench.peers[1])
        assert (busy.ended, call.heard) == (True, ["sent", "sent"])
        bench.descriptors.release()

    def test_fails_when_the_pool_is_closed(self, bench: Bench) -> None:
        keeps(bench, 1)
        call = bench.starts()
        bench.closes()
        bench.network.closes(bench.peers[0])
        assert call.failure is Failure.CONNECT
