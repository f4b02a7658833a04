import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Share
from hedgerow.measure import Histogram
from tests.load.generator.open_stage import GOOD, SECOND, START, TIMEOUT, Line, Stage


class TestRequests:
    def test_do_not_wait_for_earlier_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = Stage(monkeypatch, 0.0, 0.1, 0.2)
        stage.run_until(0.2)
        assert [line.asked() for line in stage.lines] == [["/?n=0"], ["/?n=1"], ["/?n=2"]]
        assert stage.driver.standing().in_flight == 3

    def test_take_the_free_connection_that_was_used_last(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, 0.1, 0.5)
        stage.run_until(0.4)
        stage.lines[1].says(GOOD)
        stage.lines[0].says(GOOD)
        stage.run_until(0.5)
        assert [line.asked() for line in stage.lines] == [["/?n=0", "/?n=2"], ["/?n=1"]]

    def test_wait_their_turn_where_connections_are_few(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, 0.1, 0.2, max_connections=1)
        stage.run_until(0.2)
        assert stage.driver.standing().backlog == 2
        stage.answer_everybody()
        stage.answer_everybody()
        assert [line.asked() for line in stage.lines] == [["/?n=0", "/?n=1", "/?n=2"]]

    def test_have_no_more_connections_opened_than_they_need(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, 0.1, 0.2, opens=False)
        stage.run_until(0.2)
        assert len(stage.lines) == 3

    def test_get_a_new_connection_for_one_that_was_lost(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, 0.5)
        stage.run_until(0.1)
        stage.answer_everybody()
        stage.lines[0].ends()
        stage.run_until(0.5)
        assert stage.lines[1].asked() == ["/?n=1"]
        assert stage.outcomes() == [Outcome.OK]


class TestSample:
    def test_counts_from_when_the_request_was_due(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = Stage(monkeypatch, 0.5, opens=False)
        stage.stall(0.75)
        stage.run_until(0.75)
        stage.run_until(0.9)
        stage.open_all()
        stage.run_until(1.0)
        stage.answer_everybody()
        (sample,) = stage.samples
        told = (sample.began, sample.lateness, sample.backlog, sample.service, sample.response)
        assert told == tuple(round(s * SECOND) for s in (0.5, 0.25, 0.15, 0.1, 0.5))

    def test_tells_what_the_first_request_of_a_connection_waited_for_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, 0.5, opens=False)
        stage.run_until(0.2)
        stage.open_all()
        stage.answer_everybody()
        stage.run_until(0.5)
        stage.answer_everybody()
        assert [sample.connect for sample in stage.samples] == [SECOND // 5, -1]

    def test_of_an_answer_in_pieces_counts_all_of_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0)
        stage.run_until(0.1)
        stage.lines[0].says(GOOD[:-1])
        assert stage.samples == []
        stage.lines[0].says(GOOD[-1:])
        assert stage.samples[0].bytes_in == len(GOOD)


class TestEnding:
    @pytest.mark.parametrize(
        ("status", "outcome"), [(204, Outcome.OK), (429, Outcome.STATUS_4XX), (503, "status_5xx")]
    )
    def test_of_a_whole_answer_is_by_its_status(
        self, monkeypatch: pytest.MonkeyPatch, status: int, outcome: str
    ) -> None:
        stage = Stage(monkeypatch, 0.0)
        stage.run_until(0.1)
        stage.lines[0].says(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)
        assert (stage.outcomes(), stage.samples[0].status) == ([outcome], status)

    @pytest.mark.parametrize(
        ("error", "outcome"), [(None, Outcome.CLOSED), (ConnectionResetError(), Outcome.RESET)]
    )
    def test_of_a_broken_connection_is_how_it_broke(
        self, monkeypatch: pytest.MonkeyPatch, error: Exception | None, outcome: Outcome
    ) -> None:
        stage = Stage(monkeypatch, 0.0)
        stage.run_until(0.1)
        stage.lines[0].ends(error)
        assert stage.outcomes() == [outcome]
        assert stage.is_over()

    def test_of_whoever_waits_longest_comes_with_a_connection_that_cannot_be_made(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, 0.1, opens=False)
        stage.run_until(0.2)
        stage.lines[1].refuses()
        (sample,) = stage.samples
        assert (sample.outcome, sample.began, sample.service) == (Outcome.CONNECT_REFUSED, 0, -1)
        stage.lines[0].opens()
        assert stage.lines[0].asked() == ["/?n=0"]  # numbers are given when requests are sent

    def test_of_a_request_that_nobody_waits_for_any_more_is_a_timeout(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0)
        stage.run_until(TIMEOUT)
        stage.driver.sweep(stage.now_ns)
        assert stage.outcomes() == []
        stage.run_until(TIMEOUT + 0.1)
        stage.driver.sweep(stage.now_ns)
        assert stage.outcomes() == [Outcome.TIMEOUT]
        assert stage.lines[0].transport.aborted

    def test_comes_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = Stage(monkeypatch, 0.0)
        stage.run_until(0.1)
        stage.answer_everybody()
        stage.run_until(TIMEOUT + 1)
        stage.driver.sweep(stage.now_ns)
        stage.lines[0].ends(ConnectionResetError())
        stage.driver.cut_off()
        assert stage.outcomes() == [Outcome.OK]

    def test_of_a_request_that_waited_too_long_to_be_sent_is_its_deadline(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, 0.1, max_connections=1, shed_after=1.0)
        stage.run_until(1.2)
        stage.answer_everybody()
        assert stage.outcomes() == [Outcome.OK, Outcome.DEADLINE]
        assert stage.lines[0].asked() == ["/?n=0"]


class TestRun:
    def test_is_over_when_all_was_sent_and_all_has_ended(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, 1.0)
        stage.run_until(0.5)
        stage.answer_everybody()
        assert not stage.is_over()
        stage.run_until(1.0)
        assert not stage.is_over()
        stage.answer_everybody()
        assert stage.is_over()

    def test_is_not_over_while_a_request_waits_for_its_connection(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, opens=False)
        stage.run_until(1.0)
        assert not stage.is_over()

    def test_that_is_stopped_waits_for_what_is_under_way(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, 0.1, 1.0, max_connections=1)
        stage.run_until(0.5)
        stage.driver.stop()
        stage.run_until(2.0)
        stage.answer_everybody()
        assert not stage.is_over()
        stage.answer_everybody()
        assert stage.is_over()
        assert stage.outcomes() == [Outcome.OK, Outcome.OK]

    def test_that_is_cut_off_waits_for_nothing_and_hides_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # One under way, one without a connection, one that we did not get round to.
        stage = Stage(monkeypatch, 0.0, 0.1, 1.0, 9.0, max_connections=1)
        stage.run_until(0.5)
        stage.stall(1.0)
        stage.driver.cut_off()
        assert stage.is_over()
        assert stage.outcomes() == [Outcome.UNFINISHED] * 3
        assert stage.lines[0].transport.aborted


class TestOverdue:
    def test_are_those_who_have_waited_longer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = Stage(monkeypatch, 0.0, 0.2, 0.4, 0.8)
        stage.run_until(1.5)
        stage.lines[0].says(GOOD)
        assert stage.driver.overdue(stage.now_ns - SECOND) == 2

    def test_are_also_those_who_have_no_connection(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = Stage(monkeypatch, 0.0, 0.4, 0.8, max_connections=1)
        stage.run_until(1.5)
        assert stage.driver.overdue(stage.now_ns - SECOND) == 2


class TestConnections:
    def test_are_closed_when_the_driver_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = Stage(monkeypatch, 0.0, 0.1)
        stage.run_until(0.2)
        stage.lines[0].says(GOOD)
        stage.driver.cut_off()
        stage.driver.close()
        assert [line.transport.closing for line in stage.lines] == [True, True]


class TestTargetThatStalls:
    def test_is_seen_by_everybody_who_came_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Two seconds without an answer in ten, at 100 a second: a fifth of the users wait, one
        # second on average.  A sender that waits for answers would have seen one slow request.
        stage = Stage(monkeypatch, *(number / 100 for number in range(1000)))
        for step in range(1, 1001):
            stage.run_until(step / 100)
            if not 400 < step < 600:
                stage.answer_everybody()
        latencies = Histogram()
        for sample in stage.samples:
            latencies.record(sample.response // 1000)
        p90, p99 = latencies.quantiles((0.9, 0.99))
        assert p90 == pytest.approx(1_000_000, rel=0.05)
        assert p99 == pytest.approx(1_900_000, rel=0.05)


class TestIdleConnection:
    def test_that_is_being_closed_is_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = Stage(monkeypatch, 0.0, 0.5)
        stage.run_until(0.1)
        stage.answer_everybody()
        stage.lines[0].connection.eof_received()  # connection_lost is to come
        stage.run_until(0.5)
        stage.lines[0].ends()
        stage.answer_everybody()
        assert (len(stage.lines), stage.outcomes()) == (2, [Outcome.OK, Outcome.OK])
        assert stage.field.open_connections == 1

    def test_costs_no_search_when_thousands_are_lost_at_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, *(0.0 for _ in range(3000)))
        stage.run_until(0.1)
        stage.answer_everybody()
        for line in stage.lines:
            line.ends()
        assert stage.field.open_connections == 0
        assert stage.is_over()


class TestLimitOfConnections:
    @pytest.mark.parametrize(("index", "most"), [(0, 2), (1, 1)])
    def test_is_of_all_processes_together(
        self, monkeypatch: pytest.MonkeyPatch, index: int, most: int
    ) -> None:
        share = Share(index=index, of=2)
        stage = Stage(monkeypatch, *(0.0 for _ in range(5)), max_connections=3, share=share)
        stage.run_until(0.1)
        assert len(stage.lines) == most


class TestStop:
    def test_sends_what_was_due_before_though_we_were_late(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = Stage(monkeypatch, 0.0, 0.5, 9.0)
        stage.run_until(0.1)
        stage.stall(0.5)
        stage.driver.stop()
        stage.open_all()
        stage.answer_everybody()
        assert stage.is_over()
        assert stage.outcomes() == [Outcome.OK, Outcome.OK]


EVENTS = ("arrive", "open", "refuse", "answer", "pieces", "break", "idle ends", "late", "sweep",
          "stall", "stop", "cut off")  # fmt: skip


def happens(stage: Stage, event: str, pick: int) -> None:
    """Let one of the things happen that may happen, to one of those it may happen to."""
    line = stage.lines[pick % len(stage.lines)] if stage.lines else None
    match event:
        case "arrive":
            stage.run_until((stage.now_ns - START) / SECOND + 0.25)
        case "stall":
            stage.stall(3.0)
        case "sweep":
            stage.driver.sweep(stage.now_ns)
        case "stop":
            stage.driver.stop()
        case "cut off":
            stage.driver.cut_off()
        case _:
            if line is not None:
                happens_to(line, event)


def happens_to(line: Line, event: str) -> None:
    is_new = not line.connection.was_opened and not line.was_refused
    if is_new and event == "open":
        line.opens()
    elif is_new and event == "refuse":
        line.refuses()
    elif line.connection.was_opened and not line.has_ended:
        if event == "answer" and line.connection.is_busy:
            line.says(GOOD)
        elif event == "pieces" and line.connection.is_busy:
            line.says(GOOD[:20], GOOD[20:])
        elif event in ("break", "late") or (event == "idle ends" and not line.connection.is_busy):
            line.ends(ConnectionResetError() if event == "break" else None)


class TestArrival:
    @given(
        st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 7)), max_size=60),
        st.sampled_from([None, 1, 2]),
        st.sampled_from([None, 1.0]),
    )
    def test_has_one_end_whatever_happens(
        self, events: list[tuple[str, int]], most: int | None, shed_after: float | None
    ) -> None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            due = [number / 5 for number in range(20)]
            stage = Stage(
                monkeypatch, *due, opens=False, max_connections=most, shed_after=shed_after
            )
            for event, pick in events:
                happens(stage, event, pick)
            # Arrivals that were not due when it was stopped are none.
            asked = stage.arrived if stage.driver._is_stopping else len(due)
            stage.run_until(30.0)
            stage.driver.cut_off()
            assert stage.is_over()
            assert len(stage.samples) == asked
            assert stage.driver.standing().in_flight == 0
