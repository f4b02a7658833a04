from collections.abc import Iterator

import pytest

from hedgerow.errors import Failure
from tests.fakes.upstream_calls import GET, RecordedCall
from tests.fakes.upstream_script import answer
from tests.wire.pool_bench import Bench, open_bench

CLOSING = answer(200, "Connection: close")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with open_bench() as made:
        yield made


class TestFirstCall:
    def test_opens_a_connection(self, bench: Bench) -> None:
        call = bench.sends()
        assert bench.network.dialled == ["192.0.2.1"]
        assert (call.heard, bytes(bench.peers[0].unsent)) == (["sent"], GET)

    def test_waits_until_it_is_open(self, bench: Bench) -> None:
        assert bench.starts().heard == []
        assert bench.counts == (0, 0, 1)

    def test_goes_out_in_the_moment_it_is_open(self, bench: Bench) -> None:
        bench.starts()
        bench.network.later(bench.network.round_trip)
        assert bench.peers[0].requests == 1


class TestConnection:
    def test_is_idle_after_the_answer(self, bench: Bench) -> None:
        bench.sends()
        bench.answers(bench.peers[0])
        assert bench.counts == (1, 1, 1)

    def test_carries_the_next_call_without_waiting(self, bench: Bench) -> None:
        bench.sends()
        bench.answers(bench.peers[0])
        assert bench.starts().heard == ["sent"]
        assert bench.counts == (1, 0, 1)

    def test_is_used_last_in_first_out(self, bench: Bench) -> None:
        for _ in range(3):
            bench.sends()
        for at in (1, 0, 2):
            bench.answers(bench.peers[at])
        bench.starts()
        bench.starts()
        assert [peer.requests for peer in bench.peers] == [2, 1, 2]

    @pytest.mark.parametrize("raw", [CLOSING, answer() + b"x"], ids=["close", "surplus"])
    def test_is_closed_after_an_answer_that_says_or_does_so(self, bench: Bench, raw: bytes) -> None:
        bench.sends()
        bench.answers(bench.peers[0], raw)
        assert bench.counts == (0, 0, 0)

    def test_is_gone_when_the_upstream_closes_it(self, bench: Bench) -> None:
        bench.sends()
        bench.answers(bench.peers[0])
        bench.network.closes(bench.peers[0])
        assert bench.counts == (0, 0, 0)

    def test_is_not_used_while_it_closes(self, bench: Bench) -> None:
        bench.sends()
        bench.answers(bench.peers[0])
        bench.peers[0].closing = True  # as TLS does: the loss comes later
        bench.sends()
        assert [peer.requests for peer in bench.peers] == [1, 1]

    def test_that_breaks_itself_in_the_moment_it_opens_costs_its_call_only(
        self, bench: Bench
    ) -> None:
        calls = [bench.starts(), bench.starts()]
        bench.network.later(0.1)
        bench.network.says(bench.peers[0], b"SSH-2.0-X\r\n")
        assert [call.failure for call in calls] == [Failure.PROTOCOL, None]


class TestIdleConnection:
    def test_is_closed_by_the_sweep_when_its_time_is_up(self, bench: Bench) -> None:
        bench.sends()
        bench.answers(bench.peers[0])
        bench.sweeps(60.0)
        assert bench.counts == (0, 0, 0)

    def test_is_left_alone_before_that(self, bench: Bench) -> None:
        bench.sends()
        bench.answers(bench.peers[0])
        bench.sweeps(59.0)
        assert bench.counts == (1, 1, 1)

    def test_counts_from_when_it_fell_idle(self, bench: Bench) -> None:
        bench.sends()
        bench.sends()
        bench.answers(bench.peers[0])
        bench.sweeps(30.0)
        bench.answers(bench.peers[1])
        bench.sweeps(30.0)
        assert [peer.closing for peer in bench.peers] == [True, False]


class TestFullPool:
    def test_makes_calls_wait(self, bench: Bench) -> None:
        bench.limit(max_connections=2)
        calls = [bench.sends() for _ in range(3)]
        assert [call.heard for call in calls] == [["sent"], ["sent"], []]
        assert len(bench.network.dialled) == 2

    def test_serves_the_oldest_first(self, bench: Bench) -> None:
        bench.limit(max_connections=1)
        bench.sends()
        older, younger = bench.sends(), bench.sends()
        bench.answers(bench.peers[0])
        assert (older.heard, younger.heard) == (["sent"], [])

    def test_opens_another_when_one_is_lost(self, bench: Bench) -> None:
        bench.limit(max_connections=1)
        bench.sends()
        waiting = bench.sends()
        bench.answers(bench.peers[0], CLOSING)
        assert (waiting.heard, len(bench.peers)) == (["sent"], 2)

    def test_refuses_at_once_who_is_too_many(self, bench: Bench) -> None:
        bench.limit(max_connections=1, max_waiting=2)
        bench.sends()
        bench.sends()
        bench.sends()
        refused = bench.starts()
        assert (refused.heard, refused.failure) == (["failed"], Failure.NO_CAPACITY)
        assert "2 calls wait" in refused.detail

    def test_has_room_again_when_somebody_leaves(self, bench: Bench) -> None:
        """Those who gave up must not keep others out."""
        bench.limit(max_connections=1, max_waiting=2)
        bench.sends()
        bench.cancels(bench.sends(), bench.sends())
        assert [bench.starts().failure for _ in range(2)] == [None, None]


class TestBurst:
    def test_opens_a_connection_for_each_call(self, bench: Bench) -> None:
        calls = [bench.starts() for _ in range(40)]
        bench.network.later(0.1)
        assert all(call.heard == ["sent"] for call in calls)
        assert bench.counts == (40, 0, 40)

    def test_larger_than_is_opened_at_once_is_served_without_an_answer(self, bench: Bench) -> None:
        """Whoever opened makes room for the next to open."""
        bench.limit(max_connections=500)
        bench.descriptors.limit = 1000
        calls = [bench.starts() for _ in range(300)]
        assert bench.descriptors.in_use < 300
        bench.network.later(0.5)
        assert all(call.heard == ["sent"] for call in calls)


class TestCancelledCall:
    def test_that_waits_is_forgotten(self, bench: Bench) -> None:
        bench.limit(max_connections=1)
        bench.sends()
        cancelled, next_one = bench.sends(), bench.sends()
        bench.cancels(cancelled)
        bench.answers(bench.peers[0])
        assert (cancelled.heard, next_one.heard) == ([], ["sent"])

    def test_leaves_the_connection_that_was_being_opened_to_others(self, bench: Bench) -> None:
        bench.cancels(bench.starts())
        bench.network.later(0.1)
        assert bench.counts == (1, 1, 1)
        bench.starts()
        assert bench.peers[0].requests == 1

    def test_opens_no_connection_for_itself(self, bench: Bench) -> None:
        bench.limit(max_connections=1)
        bench.sends()
        bench.cancels(bench.sends(), bench.sends())
        bench.answers(bench.peers[0], CLOSING)
        assert len(bench.network.dialled) == 1

    def test_that_was_sent_takes_its_connection_with_it(self, bench: Bench) -> None:
        call = bench.sends()
        bench.cancels(call)
        assert bench.peers[0].aborted
        assert bench.counts == (0, 0, 0)

    def test_makes_room_for_the_next(self, bench: Bench) -> None:
        bench.limit(max_connections=1)
        first, waiting = bench.sends(), bench.sends()
        bench.cancels(first)
        bench.network.later(0.1)
        assert waiting.heard == ["sent"]


class TestDescriptors:
    def test_that_are_all_used_fail_a_call_at_once(self, bench: Bench) -> None:
        bench.descriptors.limit = 0
        call = bench.starts()
        assert call.failure is Failure.NO_CAPACITY
        assert "descriptor" in call.detail

    def test_that_are_all_used_make_it_wait_where_a_connection_will_come_back(
        self, bench: Bench
    ) -> None:
        bench.descriptors.limit = 1
        bench.sends()
        waiting = bench.sends()
        bench.answers(bench.peers[0])
        assert waiting.heard == ["sent"]

    def test_taken_by_others_do_not_leave_a_call_waiting_for_nothing(self, bench: Bench) -> None:
        """Clients are let in whether the purse is empty or not."""
        bench.descriptors.limit = 1
        bench.sends()
        waiting = bench.sends()
        bench.descriptors.accepted()
        bench.answers(bench.peers[0], CLOSING)
        assert waiting.failure is Failure.NO_CAPACITY
        bench.descriptors.release()

    def test_given_back_by_others_are_found_by_the_sweep(self, bench: Bench) -> None:
        bench.descriptors.accepted()
        bench.descriptors.limit = 2
        bench.sends()
        waiting = bench.sends()
        bench.descriptors.release()
        bench.sweeps()
        assert waiting.heard == ["sent"]

    def test_are_given_back_by_a_connection_that_could_not_be_opened(self, bench: Bench) -> None:
        bench.network.fates["192.0.2.1"] = ConnectionRefusedError(111, "refused")
        bench.sends()
        assert bench.counts == (0, 0, 0)


class TestClosedPool:
    def test_closes_what_is_idle(self, bench: Bench) -> None:
        bench.sends()
        bench.answers(bench.peers[0])
        bench.closes()
        assert bench.counts == (0, 0, 0)

    def test_lets_a_running_call_end(self, bench: Bench) -> None:
        call = bench.sends()
        bench.closes()
        bench.answers(bench.peers[0])
        assert (call.ended, bench.counts) == (True, (0, 0, 0))

    def test_fails_what_waits(self, bench: Bench) -> None:
        bench.limit(max_connections=1)
        bench.sends()
        waiting = bench.sends()
        bench.closes()
        assert (waiting.failure, waiting.detail) == (Failure.CONNECT, "shutting down")

    def test_fails_what_comes_later(self, bench: Bench) -> None:
        bench.sends()
        bench.closes()
        late = bench.starts()
        assert (late.failure, late.detail) == (Failure.CONNECT, "shutting down")

    def test_gives_up_a_connection_that_it_had_not_begun_to_open(self, bench: Bench) -> None:
        call = RecordedCall()

        def starts_and_closes() -> None:
            bench.pool.start(call)
            bench.pool.close()

        bench.network.does(starts_and_closes)
        bench.network.later(0.1)
        assert (call.heard, bench.counts) == (["failed"], (0, 0, 0))
        assert bench.network.dialled == []

    def test_gives_up_a_connection_that_is_being_opened(self, bench: Bench) -> None:
        call = bench.starts()
        bench.network.later(0.005)
        bench.closes()
        assert (call.heard, bench.counts) == (["failed"], (0, 0, 0))

    def test_is_swept_no_more_once_nothing_is_open(self, bench: Bench) -> None:
        bench.sends()
        bench.closes()
        bench.sweeps()
        assert bench.sweeper.functions != []  # a call may stand still yet
        bench.answers(bench.peers[0])
        bench.sweeps()
        assert bench.sweeper.functions == []

    def test_closes_a_connection_that_is_open_all_the_same(self, bench: Bench) -> None:
        bench.network.on_connect = bench.pool.close
        call = bench.sends()
        assert (call.heard, bench.counts) == (["failed"], (0, 0, 0))
        assert bench.peers[0].closing
