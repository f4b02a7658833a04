import random
from typing import Any

import msgspec
import pytest

from hedgerow.load.generator.closed import ClosedDriver
from hedgerow.load.generator.request_maker import RequestMaker
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import (
    Closed,
    Connecting,
    LoadPlan,
    RequestPlan,
    Share,
    Stage,
    ThinkTime,
)
from hedgerow.workload.template import Draw
from tests.load.generator.stage import GOOD, PAUSE, START_NS, FieldStage, Line

TIMEOUT = 1.0
WORK = RequestPlan(url="http://a.example/x", label="GET /x")


class ClosedStage(FieldStage):
    """A closed driver and its users."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        model: Closed,
        *,
        work: RequestPlan = WORK,
        share: Share | None = None,
        **plan: Any,
    ) -> None:
        whole = LoadPlan(work=work, model=model, timeout=TIMEOUT, **plan)
        super().__init__(monkeypatch, whole, share)
        draw = Draw(self.field.share.index, self.field.share.of, random.Random(1))
        maker = RequestMaker(work, draw, keep_alive=whole.connecting.keep_alive)
        self.driver = ClosedDriver(self.field, model, work.label, maker)
        self.driver.start(START_NS)

    def sweep(self) -> None:
        self.driver.sweep(self.now_ns)

    def run_until_over(self) -> float:
        for _ in range(1000):
            if self.driver.is_over:
                return self.elapsed
            self.run(PAUSE / 2)
        raise AssertionError("it never ends")


class TestCount:
    @pytest.mark.parametrize(("requests", "users"), [(7, 1), (7, 3), (10, 5), (2, 5)])
    def test_is_met_exactly(
        self, monkeypatch: pytest.MonkeyPatch, requests: int, users: int
    ) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=users), requests=requests)
        stage.run_until_over()
        assert (len(stage.requests), stage.counted) == (requests, requests)

    @pytest.mark.parametrize(("requests", "users", "of"), [(7, 3, 2), (10, 4, 3), (5, 1, 2)])
    def test_is_met_by_all_shares_together(
        self, monkeypatch: pytest.MonkeyPatch, requests: int, users: int, of: int
    ) -> None:
        sent = 0
        for index in range(of):
            share = Share(index=index, of=of)
            stage = ClosedStage(monkeypatch, Closed(users=users), requests=requests, share=share)
            stage.run_until_over()
            sent += len(stage.requests)
        assert sent == requests

    def test_begins_after_the_warm_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=2), requests=4, warm_up=0.25)
        stage.run(0.25)
        stage.driver.begin_measuring(stage.now_ns)
        stage.run_until_over()
        told = [sample.is_warm_up for sample in stage.samples]
        # Of six that began in the warm-up the last two were under way at its end.
        assert (len(stage.requests), told.count(True)) == (10, 4)
        assert len(stage.recorder.plain) == 6
        assert stage.counted == 10

    def test_ends_a_run_whose_users_still_think(self, monkeypatch: pytest.MonkeyPatch) -> None:
        thinking = Closed(users=3, think_time=ThinkTime(low=60, high=60))
        stage = ClosedStage(monkeypatch, thinking, requests=3)
        stage.run(0.5)
        assert stage.driver.is_over
        assert len(stage.requests) == 3

    def test_is_no_reason_to_wait_for_users_who_have_not_come(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=2, ramp_up=600), requests=3)
        assert stage.run_until_over() < 1.0


class TestIterations:
    def test_are_so_many_of_each_user(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=3, iterations=4))
        stage.run_until_over()
        assert [len(line.requests) for line in stage.lines] == [4, 4, 4]

    def test_that_fail_count_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1, iterations=3))
        stage.answer = Line.ends
        stage.run_until_over()
        assert stage.outcomes == [Outcome.CLOSED] * 3


class TestUsers:
    def test_come_one_after_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=4, ramp_up=2.0))
        stage.run(2.0)
        assert [line.dialled_at for line in stage.lines] == [0.0, 0.5, 1.0, 1.5]
        assert stage.driver.standing().users == 4

    def test_come_and_go_in_stages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stages = (Stage(seconds=2, target=2), Stage(seconds=2, target=0))
        stage = ClosedStage(monkeypatch, Closed(users=2, stages=stages))
        seen = []
        for _ in range(4):
            stage.run(1.01)
            seen.append(stage.driver.standing().users)
        assert seen == [1, 2, 1, 0]
        stage.run(1.0)
        assert (stage.driver.is_over, stage.open_lines) == (True, 0)

    def test_think_after_each_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        thinking = Closed(users=1, think_time=ThinkTime(low=0.4, high=0.4))
        stage = ClosedStage(monkeypatch, thinking)
        stage.run(1.75)
        assert len(stage.requests) == 4  # at 0, 0.5, 1.0 and 1.5
        assert len(stage.lines) == 1

    def test_connect_anew_when_the_server_has_closed_meanwhile(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        thinking = Closed(users=1, think_time=ThinkTime(low=1, high=1))
        stage = ClosedStage(monkeypatch, thinking)
        stage.run(0.5)
        stage.lines[0].ends()
        stage.run(1.0)
        assert (len(stage.lines), stage.outcomes) == (2, [Outcome.OK, Outcome.OK])

    def test_do_not_ask_on_a_connection_that_is_being_closed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        thinking = Closed(users=1, think_time=ThinkTime(low=1, high=1))
        stage = ClosedStage(monkeypatch, thinking)
        stage.run(1.05)
        stage.lines[0].connection.eof_received()  # connection_lost is to come
        stage.run(0.2)
        assert (len(stage.lines), stage.outcomes) == (2, [Outcome.OK, Outcome.OK])

    def test_that_are_new_each_time_hang_up_and_forget_cookies(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = Closed(users=1, iterations=3, new_user_each_iteration=True)
        stage = ClosedStage(monkeypatch, model)
        stage.answer = lambda line: line.says(
            GOOD.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=1\r\n\r\n")
        )
        stage.run_until_over()
        assert [len(line.requests) for line in stage.lines] == [1, 1, 1]
        assert not any(b"Cookie" in request for request in stage.requests)
        assert stage.open_lines == 0

    def test_that_stay_the_same_bring_their_cookies(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1, iterations=2))
        stage.answer = lambda line: line.says(
            GOOD.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=1\r\n\r\n")
        )
        stage.run_until_over()
        assert [b"Cookie: a=1" in request for request in stage.requests] == [False, True]

    def test_that_leave_while_they_connect_are_waited_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1))
        stage.opens = lambda _: None
        stage.run(0.1)
        stage.driver.stop()
        assert not stage.driver.is_over
        stage.lines[0].opens()
        stage.run(PAUSE)
        assert (stage.driver.is_over, stage.open_lines, stage.counted) == (True, 0, 1)


class TestRequestThatFails:
    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            (Line.ends, Outcome.CLOSED),
            (lambda line: line.ends(ConnectionResetError()), Outcome.RESET),
            (lambda line: line.says(b"SSH-2.0"), Outcome.PROTOCOL),
            (lambda line: line.says(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), "status_5xx"),
        ],
    )
    def test_is_counted_once_and_its_user_goes_on(
        self, monkeypatch: pytest.MonkeyPatch, answer: Any, outcome: str
    ) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1))
        stage.answer = answer
        stage.run(PAUSE * 1.5)
        assert stage.outcomes == [outcome]
        stage.answer = lambda line: line.says(GOOD)
        stage.run(PAUSE)
        assert stage.outcomes == [outcome, Outcome.OK]

    def test_for_want_of_a_connection_makes_its_user_rest(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1))
        stage.opens = Line.refuses
        stage.run(0.1)
        assert set(stage.outcomes) == {Outcome.CONNECT_REFUSED}
        assert 5 < len(stage.samples) < 12
        assert {sample.service for sample in stage.samples} == {-1}

    def test_for_want_of_a_connection_was_never_sent_whatever_came_before(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        thinking = Closed(users=1, think_time=ThinkTime(low=0.4, high=0.4))
        stage = ClosedStage(monkeypatch, thinking)
        stage.run(0.75)  # two answers, the second of them plain
        stage.run(0.5)
        stage.opens = Line.refuses
        stage.lines[0].ends()
        stage.run(0.5)
        last = stage.samples[-1]
        assert (last.outcome, last.service, last.bytes_out) == ("connect_refused", -1, 0)

    def test_in_time_is_a_timeout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=2))
        stage.answer = lambda _: None
        stage.run(TIMEOUT)
        stage.sweep()
        assert stage.outcomes == []
        stage.run(0.01)
        stage.sweep()
        assert stage.outcomes == [Outcome.TIMEOUT] * 2
        assert [line.transport.aborted for line in stage.lines] == [True, True]
        stage.lines[0].says(GOOD)
        stage.run(0.01)
        assert len(stage.lines) == 4


class TestAnswer:
    def test_at_once_on_a_kept_connection_is_plain(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1))
        stage.run(PAUSE * 5.5)
        assert len(stage.samples) == 2  # until its head has come twice
        assert stage.recorder.plain == [pytest.approx(PAUSE * 1e9, abs=1000)] * 3

    def test_in_pieces_is_a_sample(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1))
        stage.answer = lambda line: line.says(GOOD[:-1], GOOD[-1:])
        stage.run(PAUSE * 5.5)
        assert (len(stage.samples), stage.recorder.plain) == (5, [])

    def test_to_the_first_request_of_a_connection_tells_what_connecting_took(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1))
        stage.opens = lambda line: stage.loop.call_later(0.25, line.opens)
        stage.run(0.6)
        told = [sample.connect for sample in stage.samples]
        assert told[1:] == [-1] * (len(told) - 1)
        assert told[0] == pytest.approx(0.25e9, abs=1000)
        assert stage.samples[0].response == pytest.approx(0.35e9, abs=1000)
        assert stage.samples[0].service == pytest.approx(0.1e9, abs=1000)

    def test_with_a_redirect_is_not_followed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1), requests=2)
        stage.answer = lambda line: line.says(
            b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"
        )
        stage.run_until_over()
        assert [request.split()[1] for request in stage.requests] == [b"/x", b"/x"]
        assert [(sample.outcome, sample.status) for sample in stage.samples] == [("ok", 302)] * 2

    def test_to_head_has_no_body(self, monkeypatch: pytest.MonkeyPatch) -> None:
        work = msgspec.structs.replace(WORK, method="HEAD")
        stage = ClosedStage(monkeypatch, Closed(users=1), work=work, requests=5)
        stage.answer = lambda line: line.says(GOOD[:-2])
        stage.run_until_over()
        assert stage.outcomes == [Outcome.OK] * 5
        assert len(stage.lines) == 1

    def test_ends_its_connection_where_none_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        connecting = Connecting(keep_alive=False)  # the server does not care
        stage = ClosedStage(monkeypatch, Closed(users=1), requests=5, connecting=connecting)
        stage.run_until_over()
        assert [len(line.requests) for line in stage.lines] == [1] * 5
        assert (stage.open_lines, len(stage.samples)) == (0, 5)

    def test_that_closes_its_connection_is_followed_by_a_new_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1), requests=3)
        stage.answer = lambda line: line.says(
            GOOD.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")
        )
        stage.run_until_over()
        assert (len(stage.lines), stage.outcomes) == (3, [Outcome.OK] * 3)


class TestBytes:
    def test_of_requests_of_many_lengths_are_exact(self, monkeypatch: pytest.MonkeyPatch) -> None:
        work = RequestPlan(url="http://a.example/{seq}", label="x", is_template=True)
        stage = ClosedStage(monkeypatch, Closed(users=1), work=work, requests=120)
        stage.run_until_over()
        batch = stage.batch()
        assert len(batch.plain) > 100 * 8
        sent = batch.plain_bytes_out + sum(sample.bytes_out for sample in batch.samples)
        assert sent == sum(map(len, stage.requests))
        received = sum(size for _, _, size in batch.plain_counts)
        assert received + sum(sample.bytes_in for sample in batch.samples) == 120 * len(GOOD)


class TestStop:
    def test_begins_nothing_new_and_waits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=3))
        stage.run(PAUSE / 2)
        stage.driver.stop()
        assert not stage.driver.is_over
        stage.run(1.0)
        assert (stage.driver.is_over, len(stage.requests), stage.counted) == (True, 3, 3)
        assert stage.open_lines == 0

    def test_before_the_beginning_lets_nobody_begin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=2, ramp_up=1), warm_up=0.5)
        stage.driver.stop()
        stage.driver.start(START_NS)
        stage.run(1.0)
        assert (stage.driver.is_over, len(stage.requests)) == (True, 1)


class TestCutOff:
    def test_tells_once_of_everything_under_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=2, ramp_up=1))
        stage.run(0.5)
        stage.opens = lambda _: None
        stage.run(0.05)  # the second one is still connecting
        before = stage.counted
        stage.driver.cut_off()
        stage.driver.cut_off()
        assert stage.driver.is_over
        assert stage.outcomes[-2:] == [Outcome.UNFINISHED] * 2
        assert stage.counted == before + 2

    def test_closes_a_connection_that_comes_too_late(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = ClosedStage(monkeypatch, Closed(users=1))
        stage.opens = lambda _: None
        stage.run(0.1)
        stage.driver.cut_off()
        stage.lines[0].opens()
        assert stage.lines[0].transport.closing
        assert stage.outcomes == [Outcome.UNFINISHED]
