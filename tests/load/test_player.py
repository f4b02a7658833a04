import pytest
from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.load import Ending, Player, Recorder, Results, Target
from hedgerow.wire import Call
from tests.load.fakes import START, FakeConnections, VirtualTimers

PATIENCE = 5.0


class Stage:
    """A player on virtual time, and the connections that it believes in."""

    def __init__(self, *due_times: float) -> None:
        self.timers = VirtualTimers()
        self.connections = FakeConnections()
        self.recorder = Recorder(deadline=1.0)
        self.player = Player(
            self.timers.clock, self.timers, self.connections, self.recorder, patience=PATIENCE
        )
        self.player.play(Target.of("http://localhost/?n={seq}"), iter(due_times), START)

    @property
    def results(self) -> Results:
        return self.recorder.results()

    def ending(self, number: int) -> Ending | None:
        return self.connections.calls[number].sample.ending

    def answer_everybody(self) -> None:
        for number in range(self.results.ended, self.player.sent):
            self.connections.answer(number)


class TestRequests:
    def test_do_not_wait_for_earlier_answers(self) -> None:
        stage = Stage(0.0, 0.1, 0.2)
        stage.timers.run_until(0.2)
        assert len(stage.connections.calls) == 3
        assert stage.player.under_way == 3

    def test_are_numbered_in_the_order_of_the_plan(self) -> None:
        stage = Stage(0.0, 0.1)
        stage.timers.run_until(0.1)
        lines = [call.head.split(b" ")[1] for call in stage.connections.calls]
        assert lines == [b"/?n=0", b"/?n=1"]


class TestSample:
    def test_tells_when_a_request_was_due_sent_and_answered(self) -> None:
        stage = Stage(0.5)
        stage.timers.stall(0.75)
        stage.timers.run_until(1.0)
        stage.connections.answer(0, 200, b"four")
        sample = stage.connections.calls[0].sample
        times = (sample.due_at, sample.sent_at, sample.ended_at)
        assert times == (START + 0.5, START + 0.75, START + 1.0)
        assert (sample.status, sample.size, sample.ending) == (200, 4, Ending.ANSWERED)

    def test_of_an_answer_in_pieces_counts_all_of_them(self) -> None:
        stage = Stage(0.0)
        call = stage.connections.calls[0]
        call.body_received(b"abc", ended=False)
        assert stage.player.under_way == 1
        call.body_received(b"de", ended=True)
        assert (call.sample.size, stage.player.under_way) == (5, 0)

    def test_of_a_request_sent_again_keeps_its_first_time(self) -> None:
        stage = Stage(0.0)
        stage.timers.run_until(0.5)
        stage.connections.calls[0].sent()
        assert stage.connections.calls[0].sample.sent_at == START


class TestEnding:
    @pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
    def test_of_an_answer_that_says_no_is_its_status(self, status: int) -> None:
        stage = Stage(0.0)
        stage.connections.answer(0, status)
        assert stage.ending(0) is Ending.STATUS
        assert stage.results.failures == {f"status {status}": 1}

    @pytest.mark.parametrize("failure", [Failure.CONNECT, Failure.RESET, Failure.PROTOCOL])
    def test_of_a_failed_call_is_how_it_failed(self, failure: Failure) -> None:
        stage = Stage(0.0)
        stage.connections.fail(0, failure)
        assert stage.ending(0) is Ending.of_failure(failure)

    def test_of_a_request_that_nobody_waits_for_any_more_is_a_timeout(self) -> None:
        stage = Stage(0.0)
        stage.timers.run_until(PATIENCE + 0.1)
        assert stage.ending(0) is Ending.TIMEOUT
        assert stage.connections.calls[0].is_done

    def test_comes_once(self) -> None:
        stage = Stage(0.0)
        stage.connections.answer(0)
        stage.timers.run_until(PATIENCE + 1)
        stage.connections.fail(0, Failure.RESET)
        assert (stage.ending(0), stage.results.ended) == (Ending.ANSWERED, 1)

    def test_may_come_before_the_call_was_even_under_way(self) -> None:
        class Refusing(FakeConnections):
            @override
            def start(self, call: Call) -> None:
                call.failed(Failure.NO_CAPACITY, "none left")

        timers, recorder = VirtualTimers(), Recorder(1.0)
        player = Player(timers.clock, timers, Refusing(), recorder, patience=PATIENCE)
        player.play(Target.of("http://localhost"), iter([0.0]), START)
        assert (player.is_over, recorder.results().failures) == (True, {"no capacity": 1})


class TestRun:
    def test_is_over_when_all_was_sent_and_all_has_ended(self) -> None:
        stage = Stage(0.0, 1.0)
        stage.connections.answer(0)
        assert not stage.player.is_over
        stage.timers.run_until(1.0)
        assert not stage.player.is_over
        stage.connections.answer(1)
        assert stage.player.is_over

    def test_that_is_to_send_no_more_waits_for_what_is_under_way(self) -> None:
        stage = Stage(0.0, 1.0)
        stage.player.stop_sending()
        stage.timers.run_until(2.0)
        assert (stage.player.sent, stage.player.is_over) == (1, False)
        stage.connections.answer(0)
        assert stage.player.is_over

    def test_that_is_cut_off_waits_for_nothing(self) -> None:
        stage = Stage(0.0, 0.1, 1.0)
        stage.timers.run_until(0.5)
        stage.player.cut_off()
        assert stage.player.is_over
        assert stage.results.failures == {"unfinished": 2}
        assert all(call.is_done for call in stage.connections.calls)


class TestOverdue:
    def test_are_those_who_have_waited_longer_than_the_deadline(self) -> None:
        stage = Stage(0.0, 0.4, 0.8)
        stage.timers.run_until(1.5)
        stage.connections.answer(0)
        assert stage.player.overdue(START + 1.5, deadline=1.0) == 1


class TestTargetThatStalls:
    def test_is_seen_by_everybody_who_came_meanwhile(self) -> None:
        # Two seconds without an answer in ten, at 100 a second: a fifth of the users wait, one
        # second on average.  A sender that waits for answers would have seen one slow request.
        stage = Stage(*(number / 100 for number in range(1000)))
        for step in range(1, 1001):
            stage.timers.run_until(step / 100)
            if not 400 < step < 600:
                stage.answer_everybody()
        p90, p99 = stage.results.latencies.quantiles((0.9, 0.99))
        assert p90 == pytest.approx(1_000_000, rel=0.05)
        assert p99 == pytest.approx(1_900_000, rel=0.05)
