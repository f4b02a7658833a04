import os
import types
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from hedgerow.load.batch import Batch
from hedgerow.load.channel import Assignment, Happened, Message, Messages, Ready, Refused
from hedgerow.load.generator import process as process_module
from hedgerow.load.generator.driver import Driver
from hedgerow.load.generator.process import Play, Process
from hedgerow.load.generator.recorder import Standing
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan, Scenario, Share
from tests.fakes.transport import FakeTransport
from tests.load.generator.stage import PAUSE, START_NS, FieldStage

WORK = RequestPlan(url="http://a.example/", label="x")
TICK = 0.01


def a_plan(**settings: Any) -> LoadPlan:
    return LoadPlan(**{"work": WORK, "model": Closed(users=2), "timeout": 1.0, **settings})


class PlayStage(FieldStage):
    """A whole play on a fake clock, and all that it told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, plan: LoadPlan) -> None:
        super().__init__(monkeypatch, plan)
        monkeypatch.setattr(
            process_module, "time", types.SimpleNamespace(perf_counter_ns=lambda: self.now_ns)
        )
        monkeypatch.setattr(Play, "_watch_gc", lambda _: None)
        self.batches: list[Batch] = []
        self.play = Play(self.loop, Assignment(plan=plan, share=Share()), self._told)

    def _told(self, message: Message) -> None:
        assert isinstance(message, Happened)
        self.batches.append(message.batch)

    def go(self, seconds: float) -> "PlayStage":
        self.play.go(START_NS)
        self.run(seconds)
        return self

    @property
    def ended_at(self) -> float:
        (last,) = [batch.at for batch in self.batches if batch.is_last]
        return last / 1e9

    @property
    def told(self) -> list[str]:
        return [sample.outcome for batch in self.batches for sample in batch.samples]

    @property
    def count(self) -> int:
        return len(self.told) + sum(len(batch.plain) // 8 for batch in self.batches)


class TestPlay:
    def test_reports_ten_times_a_second_and_at_the_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = PlayStage(monkeypatch, a_plan(duration=0.95)).go(5)
        assert len(stage.batches) == pytest.approx(11, abs=1)
        assert [batch.is_last for batch in stage.batches].count(True) == 1
        assert stage.play.over.done()

    def test_tells_of_every_request_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = PlayStage(monkeypatch, a_plan(duration=2.0)).go(5)
        assert stage.count == len(stage.requests) == pytest.approx(40, abs=2)
        assert stage.ended_at == pytest.approx(2.0 + PAUSE, abs=2 * TICK)

    def test_says_when_its_frames_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = PlayStage(monkeypatch, a_plan(duration=2.0, warm_up=0.5)).go(5)
        ends: dict[int, float] = {}
        for batch in stage.batches:
            ends.setdefault(batch.frame_ends, batch.at / 1e9)
        assert [ends[n] for n in (1, 2, 3)] == [pytest.approx(s, abs=TICK) for s in (0.5, 1.5, 2.5)]

    def test_of_a_count_ends_with_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = PlayStage(monkeypatch, a_plan(requests=6)).go(5)
        assert stage.count == 6
        assert stage.ended_at == pytest.approx(3 * PAUSE, abs=2 * TICK)

    def test_begins_a_new_batch_with_the_measured_part(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = PlayStage(monkeypatch, a_plan(duration=1.0, warm_up=0.75)).go(5)
        phases = [batch.is_warm_up for batch in stage.batches]
        assert phases == sorted(phases, reverse=True)
        cut = max(batch.at for batch in stage.batches if batch.is_warm_up)
        assert cut / 1e9 == pytest.approx(0.75, abs=TICK)
        samples = [
            sample for batch in stage.batches[phases.count(True) :] for sample in batch.samples
        ]
        assert [sample.is_warm_up for sample in samples] == [
            sample.began < cut for sample in samples
        ]
        assert samples[0].is_warm_up  # it was under way

    def test_tells_how_late_its_ticks_are(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = PlayStage(monkeypatch, a_plan(duration=1.0)).go(0.5)
        stage.clock.now += 0.25  # nothing ran meanwhile
        stage.run(1.0)
        assert max(lag for batch in stage.batches for lag in batch.loop_lag) >= 240_000


class TestEnd:
    def test_waits_for_what_was_sent_as_long_as_it_may_take(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage = PlayStage(monkeypatch, a_plan(duration=0.5))
        stage.answer = lambda _: None
        stage.go(5)
        assert stage.told == [Outcome.TIMEOUT] * 2
        assert stage.ended_at == pytest.approx(1.0, abs=0.05)

    def test_calls_what_has_had_its_time_a_timeout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # The last request goes out just before the end, and is looked at no sooner than then.
        plan = a_plan(duration=0.99, timeout=20.0, model=Closed(users=3, ramp_up=1.47))
        stage = PlayStage(monkeypatch, plan)
        stage.answer = lambda _: None
        stage.go(25)
        assert set(stage.told) == {Outcome.TIMEOUT}

    def test_is_told_by_a_stop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = PlayStage(monkeypatch, a_plan(duration=60.0)).go(0.55)
        stage.play.stop()
        stage.run(1.0)
        assert stage.ended_at == pytest.approx(0.6, abs=2 * TICK)
        assert set(stage.told) == {Outcome.OK}

    def test_is_at_once_by_a_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = PlayStage(monkeypatch, a_plan(duration=60.0)).go(0.55)
        stage.play.cut_off()
        stage.run(0.02)
        assert stage.told[-2:] == [Outcome.UNFINISHED] * 2
        assert stage.play.over.done()

    def test_comes_when_the_run_cannot_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = PlayStage(monkeypatch, a_plan(duration=60.0)).go(0.1)
        stage.play._recorder.complaint = "no"
        stage.run(0.1)
        assert (stage.play.over.done(), stage.batches[-1].complaint) == (True, "no")

    @pytest.mark.parametrize("order", ["stop", "cut_off"])
    def test_may_come_before_the_beginning(
        self, monkeypatch: pytest.MonkeyPatch, order: str
    ) -> None:
        stage = PlayStage(monkeypatch, a_plan(duration=60.0))
        getattr(stage.play, order)()
        stage.go(0.5)
        assert (stage.play.over.done(), stage.requests) == (True, [])

    def test_does_not_wait_for_a_scenario_that_will_not_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process_module, "driver_for", lambda *_: StubbornDriver())
        stage = PlayStage(monkeypatch, a_plan(duration=1.0)).go(10)
        assert stage.ended_at == pytest.approx(1.0 + 1.0 + 2.0, abs=0.05)


class StubbornDriver(Driver):
    """Whatever it is told, it goes on."""

    @property
    @override
    def is_over(self) -> bool:
        return False

    @override
    def start(self, began_ns: int) -> None:
        return None

    @override
    def begin_measuring(self, now_ns: int) -> None:
        return None

    @override
    def end(self) -> None:
        return None

    @override
    def stop(self) -> None:
        return None

    @override
    def cut_off(self) -> None:
        return None

    @override
    def sweep(self, now_ns: int) -> None:
        return None

    @override
    def standing(self) -> Standing:
        return Standing(users=1)


class PipeStage(PlayStage):
    """The process around a play: orders in, messages out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch, a_plan())
        self.out = FakeTransport()
        self.process = Process(self.loop, self.out)

    def assigned(self, plan: LoadPlan) -> bytes:
        return msgspec.json.encode(Assignment(plan=plan, share=Share())) + b"\n"

    @property
    def said(self) -> list[Message]:
        data = bytes(self.out.unsent)
        self.out.unsent.clear()
        return Messages().feed(data)


class TestOrders:
    def test_may_come_in_any_pieces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = PipeStage(monkeypatch)
        orders = stage.assigned(a_plan(requests=4)) + b"go %d\n" % START_NS
        for at in range(0, len(orders), 7):
            stage.process.data_received(orders[at : at + 7])
        stage.run(1.0)
        ready, *happened = stage.said
        assert ready == Ready(os.getpid())
        assert isinstance(happened[-1], Happened)
        assert happened[-1].batch.is_last
        stage.run(0)
        assert stage.process.over.done()

    def test_to_stop_are_heard(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = PipeStage(monkeypatch)
        plan = stage.assigned(a_plan(duration=60.0))
        stage.process.data_received(plan + b"go %d\n" % START_NS)
        stage.run(0.5)
        stage.process.data_received(b"stop\n")
        stage.run(0.5)
        stage.run(0)
        assert stage.process.over.done()

    def test_that_cannot_be_carried_out_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = PipeStage(monkeypatch)
        broken = a_plan(work=Scenario(source="def run(", name="shop.py"))
        stage.process.data_received(stage.assigned(broken))
        (refused,) = stage.said
        assert isinstance(refused, Refused)
        assert refused.is_usage
        assert "shop.py" in refused.text
        assert stage.process.over.done()


class Exits:
    """Stands in for the end of this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.codes: list[int] = []
        monkeypatch.setattr("hedgerow.load.generator.process.os._exit", self.codes.append)


class TestProcess:
    def test_ends_when_nobody_is_there_to_order(self, monkeypatch: pytest.MonkeyPatch) -> None:
        exits, stage = Exits(monkeypatch), PipeStage(monkeypatch)
        stage.process.connection_lost(None)
        assert exits.codes == [1]

    @pytest.mark.parametrize(
        ("context", "codes"),
        [
            ({"handle": None, "exception": KeyError("ours")}, [1]),
            ({"protocol": None, "exception": KeyError("ours")}, [1]),
            ({"protocol": None, "exception": OSError("the network's")}, []),
            ({"future": None, "exception": KeyError("a scenario's own task")}, []),
        ],
    )
    def test_ends_when_its_own_code_failed(
        self,
        monkeypatch: pytest.MonkeyPatch,
        context: dict[str, Any],
        codes: list[int],
    ) -> None:
        exits, stage = Exits(monkeypatch), PipeStage(monkeypatch)
        said: list[dict[str, Any]] = []
        monkeypatch.setattr(stage.loop, "default_exception_handler", said.append)
        process_module._give_up(stage.loop, {"message": "it failed", **context})
        assert exits.codes == codes
        assert said[0]["message"] == "it failed"
