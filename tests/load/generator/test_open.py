import random
import types
from collections.abc import Iterable
from typing import Final

import pytest

from hedgerow.load.batch import Sample
from hedgerow.load.generator import carrier as carrier_module
from hedgerow.load.generator import field as field_module
from hedgerow.load.generator import open as open_module
from hedgerow.load.generator.dialling import Caller
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.open import OpenDriver
from hedgerow.load.generator.recorder import Recorder
from hedgerow.load.generator.request_maker import Endpoint, RequestMaker
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import LoadPlan, Open, RequestPlan, Share
from hedgerow.measure import Histogram
from hedgerow.wire import lean as lean_module
from hedgerow.wire.lean import LeanConnection
from hedgerow.workload.template import Draw
from tests.fakes.clock import FakeClock
from tests.fakes.loop import FakeLoop
from tests.fakes.transport import FakeTransport

SECOND: Final = 1_000_000_000
START: Final = 1_000_000 * SECOND  # a forgotten subtraction shows at once
TIMEOUT: Final = 5.0
GOOD: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Line:
    """A connection, and its far end in the hands of the test."""

    def __init__(self, connection: LeanConnection, caller: Caller) -> None:
        self.connection = connection
        self.transport = FakeTransport()
        self._caller = caller

    def opens(self) -> None:
        self.connection.connection_made(self.transport)

    def refuses(self) -> None:
        self._caller.not_opened(self.connection, Outcome.CONNECT_REFUSED, "connection refused")

    def asked(self) -> list[str]:
        """The targets of all requests sent on it."""
        lines = bytes(self.transport.unsent).split(b"\r\n")
        return [line.split()[1].decode() for line in lines if line.startswith(b"GET ")]

    def says(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.connection.data_received(piece)

    def ends(self, error: Exception | None = None) -> None:
        self.transport.close()
        self.connection.connection_lost(error)


class Pacing:
    """Stands in for the pacer: sends when the stage's clock has come to it."""

    def __init__(self, due: Iterable[tuple[int, int]], stage: "Stage") -> None:
        self._due = list(due)
        self._stage = stage
        self.is_over = False

    def start(self) -> None:
        """The clock starts it."""

    def next_due(self) -> int | None:
        return self._due[0][1] if self._due else None

    def stop(self) -> None:
        self.is_over = True
        self._due = []

    def drop_due(self) -> list[tuple[int, int]]:
        dropped = [pair for pair in self._due if pair[1] <= self._stage.now_ns]
        self.stop()
        return dropped

    def send_next(self) -> None:
        number, due_ns = self._due.pop(0)
        self.is_over = not self._due
        self._stage.driver._arrive(number, due_ns)


class Stage:
    """A driver on virtual time, and the connections that it believes in."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *due_times: float,
        opens: bool = True,
        max_connections: int | None = None,
        shed_after: float | None = None,
    ) -> None:
        self.now_ns = START
        self.lines: list[Line] = []
        self._opens = opens
        self._replace_what_it_stands_on(monkeypatch)
        work = RequestPlan(url="http://a.example/?n={seq}", label="all", is_template=True)
        model = Open(start_rate=1, max_connections=max_connections, shed_after=shed_after)
        plan = LoadPlan(work=work, model=model, timeout=TIMEOUT, keeps_samples=True)
        self.recorder = Recorder(is_warm_up=False)
        self.recorder.began_ns = START
        field = Field(FakeLoop(FakeClock()), plan, Share(), self.recorder)
        maker = RequestMaker(work, Draw(0, 1, random.Random(1)))
        self.driver = OpenDriver(field, model, work.label, maker, enumerate(due_times))
        self.driver.start(START)

    def run_until(self, seconds: float) -> None:
        """Let time pass, counted from the plan's beginning."""
        until = START + round(seconds * 1e9)
        while (due_ns := self.pacing.next_due()) is not None and due_ns <= until:
            self.now_ns = max(self.now_ns, due_ns)
            self.pacing.send_next()
            if self._opens:
                self.open_all()
        self.now_ns = until

    def stall(self, seconds: float) -> None:
        """Let time pass in which nothing runs, as when the process is not scheduled."""
        self.now_ns += round(seconds * 1e9)

    def open_all(self) -> None:
        for line in self.lines:
            if not line.connection.was_opened:
                line.opens()

    def answer_everybody(self) -> None:
        for line in self.lines:
            if line.connection.is_busy:
                line.says(GOOD)

    def is_over(self) -> bool:
        return self.driver.is_over

    @property
    def samples(self) -> list[Sample]:
        return self.recorder.samples

    def outcomes(self) -> list[str]:
        return [sample.outcome for sample in self.samples]

    # --- stands in for the dialler ---

    def dial(self, endpoint: Endpoint, connection: LeanConnection, caller: Caller) -> None:
        caller.dialling(self.now_ns)
        self.lines.append(Line(connection, caller))

    def _replace_what_it_stands_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = types.SimpleNamespace(perf_counter_ns=lambda: self.now_ns)
        for module in (open_module, carrier_module, lean_module):
            monkeypatch.setattr(module, "time", clock)
        monkeypatch.setattr(open_module, "Pacer", self._paced)
        monkeypatch.setattr(field_module, "Dialler", lambda *_: self)

    def _paced(self, loop: object, due: Iterable[tuple[int, int]], send: object) -> Pacing:
        self.pacing = Pacing(due, self)
        return self.pacing


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
