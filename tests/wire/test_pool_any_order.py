"""Whatever happens in whatever order: nothing is miscounted, and no call waits for nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import Failure
from tests.fakes.upstream_calls import RecordedCall
from tests.fakes.upstream_network import Peer
from tests.fakes.upstream_script import answer
from tests.wire.pool_bench import ADDRESS, Bench, open_bench

ENDS = {"answer": answer(), "answer, close": answer(200, "Connection: close"), "garbage": b"?"}
FATES = {"refuse": ConnectionRefusedError(111, "refused"), "be silent": None}
EVENTS = st.sampled_from(
    ["start", "start", "start", "start", "start once", "answer", "answer", "answer, close",
     "garbage", "cancel", "cancel", "close", "close", "refuse", "be silent", "accept", "later",
     "client comes", "client leaves", "sweep", "idle for long"]
)  # fmt: skip


class Story:
    """A pool of three connections, a purse of five descriptors, and what became of them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.calls: list[RecordedCall] = []
        self.clients = 0
        bench.descriptors.limit = 5
        bench.limit(max_connections=3, max_waiting=4, connect_timeout=1.0)

    @property
    def waiting(self) -> list[RecordedCall]:
        return [call for call in self.calls if not call.is_done and call.connection is None]

    @property
    def asked(self) -> list[Peer]:
        """Who has a call to answer."""
        carrying: list[object] = [call.connection for call in self.calls if call.connection]
        return [peer for peer in self.bench.peers if peer.protocol in carrying]

    def happens(self, event: str, which: int) -> None:
        bench = self.bench
        if event.startswith("start"):
            self.calls.append(bench.starts(RecordedCall(replayable=event == "start")))
        elif event == "cancel" and self.calls:
            bench.cancels(self.calls[which % len(self.calls)])
        elif event in ENDS and self.asked:
            bench.network.says(self.asked[which % len(self.asked)], ENDS[event])
        elif event == "close" and (there := [peer for peer in bench.peers if not peer.closing]):
            bench.network.closes(there[which % len(there)])
        else:
            self.passes(event)
        bench.network.settle()

    def passes(self, event: str) -> None:
        """What is not about one call or connection."""
        bench = self.bench
        if event in FATES:
            bench.network.fates[ADDRESS] = FATES[event]
        elif event == "accept":
            bench.network.fates.clear()
        elif event == "later":
            bench.network.later(0.4)
        elif event == "client comes":
            self.clients += 1
            bench.descriptors.accepted()
        elif event == "client leaves" and self.clients:
            self.clients -= 1
            bench.descriptors.release()
        elif event in ("sweep", "idle for long"):
            bench.sweeps(0.25 if event == "sweep" else 60.0)

    def check(self) -> None:
        bench, pool = self.bench, self.bench.pool
        there = [peer for peer in bench.peers if not peer.closing]
        assert pool.open_connections == len(there) <= 3
        assert pool.idle_connections == len(there) - len(self.asked)
        in_use = len(there) + len(pool._opening) + self.clients
        assert bench.descriptors.in_use == in_use
        waiting = self.waiting
        assert len(waiting) == len(pool._waiting) + len(pool._resent)
        assert not waiting or there or pool._opening, "a call waits for nobody"
        assert not pool._waiting or not pool.idle_connections, "a call and a connection wait"
        assert all(call.heard.count("sent") <= 1 + call.is_resent for call in self.calls)

    def ends_well(self) -> None:
        """The upstream accepts and answers: sooner or later everything is done."""
        self.bench.descriptors.limit = 100
        for _ in range(len(self.calls) + 10):
            self.happens("accept", 0)
            self.happens("answer", 0)
            self.happens("later", 0)
            self.happens("sweep", 0)
        assert all(call.is_done for call in self.calls)
        for _ in range(self.clients):
            self.happens("client leaves", 0)


@pytest.mark.unhurried(reason="many stories, each on a loop of its own")
class TestAnyOrderOfEvents:
    @given(st.lists(st.tuples(EVENTS, st.integers(0, 9)), max_size=30))
    def test_leaves_no_call_and_no_count_behind(self, events: list[tuple[str, int]]) -> None:
        with open_bench() as bench:
            story = Story(bench)
            for event, which in events:
                story.happens(event, which)
                story.check()
            story.ends_well()
            for call in story.calls:
                assert call.ended + (call.failure is not None) <= 1
                assert call.failure is not Failure.UNUSABLE
