import asyncio
import itertools
import random
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hedgerow.load.generator import exchange as exchange_module
from hedgerow.load.generator import pacer as pacer_module
from hedgerow.load.generator import scenario_drivers as drivers_module
from hedgerow.load.generator import user_pacing as user_pacing_module
from hedgerow.load.generator.dialling import Caller
from hedgerow.load.generator.driver import Driver
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.pacer import Pacer
from hedgerow.load.generator.recorder import Recorder
from hedgerow.load.generator.request_maker import Endpoint
from hedgerow.load.generator.scenario import load_scenario
from hedgerow.load.generator.scenario_drivers import (
    ScenarioClosedDriver,
    ScenarioOpenDriver,
    Stage,
)
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Closed, LoadPlan, Open, Scenario, Share, ThinkTime
from hedgerow.wire.lean import LeanConnection
from hedgerow.workload.template import Draw
from tests.fakes.virtual_loop import START, run
from tests.load.generator.stage import GOOD, Line

GET = "async def run(user): await user.get('/')"
START_NS = round(START * 1e9)
Use = Callable[["Playhouse"], Any]


class Playhouse:
    """A scenario's driver on virtual time; each answer takes a tenth of a second."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, plan: LoadPlan, share: Share, due: tuple[float, ...]
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self._replace_clocks(monkeypatch)
        self.recorder = Recorder(is_warm_up=bool(plan.warm_up))
        self.recorder.began_ns = START_NS
        self.field = Field(self.loop, plan, share, self.recorder)
        monkeypatch.setattr(self.field, "dialler", self)
        self.asked: list[float] = []
        self.driver = self._driver(plan, due)

    def _driver(self, plan: LoadPlan, due: tuple[float, ...]) -> Driver:
        assert isinstance(plan.work, Scenario)
        module = load_scenario(plan.work.source, plan.work.name)
        stage = Stage(self.field, module, Draw(0, 1, random.Random(1)), None)
        stage.context.clock_ns = self.now_ns
        if isinstance(plan.model, Closed):
            return ScenarioClosedDriver(self.field, plan.model, stage)
        return ScenarioOpenDriver(self.field, plan.model, stage, enumerate(due))

    def _replace_clocks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = types.SimpleNamespace(perf_counter_ns=self.now_ns)
        for module in (exchange_module, drivers_module):
            monkeypatch.setattr(module, "time", clock)
        monkeypatch.setattr(pacer_module, "_SPIN_NS", 0)  # virtual time would stand still
        for module in (user_pacing_module, drivers_module):
            monkeypatch.setattr(module, "Pacer", self._paced)

    def _paced(
        self, loop: asyncio.AbstractEventLoop, due: Iterator[tuple[int, int]], send: Any
    ) -> Pacer:
        return Pacer(loop, due, send, clock=self.now_ns, timers=lambda: None)

    def now_ns(self) -> int:
        return round(self.loop.time() * 1e9)

    @property
    def outcomes(self) -> list[str]:
        return [sample.outcome for sample in self.recorder.samples]

    def dial(self, endpoint: Endpoint, connection: LeanConnection, caller: Caller) -> None:
        caller.dialling(self.now_ns())
        line = Line(connection, caller, 0.0)
        line.transport.on_write = lambda: self._asked(line)
        self.loop.call_soon(line.opens)

    def _asked(self, line: Line) -> None:
        self.asked.append(round(self.loop.time() - START, 2))
        line.transport.unsent.clear()
        self.loop.call_later(0.1, lambda: line.says(GOOD))

    async def until_over(self) -> float:
        for _ in range(100_000):
            if self.driver.is_over:
                return round(self.loop.time() - START, 2)
            await asyncio.sleep(0.01)
        raise AssertionError("it never ends")


def play(
    monkeypatch: pytest.MonkeyPatch,
    model: Closed | Open,
    use: Use = Playhouse.until_over,
    *,
    source: str = GET,
    share: Share | None = None,
    due: tuple[float, ...] = (),
    **plan: Any,
) -> tuple[Playhouse, Any]:
    """Play it, and return what ``use`` returned."""

    async def main() -> tuple[Playhouse, Any]:
        work = Scenario(source=textwrap.dedent(source), name="shop.py")
        whole = LoadPlan(work=work, model=model, base_url="http://shop", **plan)
        house = Playhouse(monkeypatch, whole, share or Share(), due)
        house.driver.start(START_NS)
        result = await use(house)
        house.driver.cut_off()
        await asyncio.sleep(0.2)
        assert house.driver.is_over
        return house, result

    return run(main())


class TestClosedScenario:
    @pytest.mark.parametrize(("users", "of"), [(3, 1), (3, 2), (1, 2)])
    def test_sends_as_many_requests_as_asked_for(
        self, monkeypatch: pytest.MonkeyPatch, users: int, of: int
    ) -> None:
        sent = 0
        for index in range(of):
            share = Share(index=index, of=of)
            house, _ = play(monkeypatch, Closed(users=users), share=share, requests=7)
            sent += len(house.outcomes)
        assert sent == 7

    def test_counts_from_the_end_of_the_warm_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def use(house: Playhouse) -> None:
            await asyncio.sleep(0.35)
            house.driver.begin_measuring(house.now_ns())
            await house.until_over()

        house, _ = play(monkeypatch, Closed(users=1), use, warm_up=0.35, requests=3)
        told = [sample.is_warm_up for sample in house.recorder.samples]
        assert told == [True] * 4 + [False] * 3
        assert len(house.recorder.iterations) == 3

    def test_whose_requests_are_all_sent_does_not_wait_for_those_who_think(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = Closed(users=3, ramp_up=0.6, think_time=ThinkTime(low=500, high=500))
        _, ended_at = play(monkeypatch, model, requests=3)
        assert ended_at < 1.0

    def test_whose_shared_iterations_are_done_does_not_wait_either(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = Closed(
            users=2, ramp_up=0.6, shared_iterations=2, think_time=ThinkTime(low=500, high=500)
        )
        house, ended_at = play(monkeypatch, model)
        assert (len(house.asked), ended_at < 1.0) == (2, True)

    def test_that_is_stopped_ends_its_iterations(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def use(house: Playhouse) -> None:
            await asyncio.sleep(0.05)
            house.driver.stop()
            assert not house.driver.is_over
            await house.until_over()

        source = "async def run(user):\n    await user.get('/')\n    await user.get('/')"
        house, _ = play(monkeypatch, Closed(users=2), use, source=source)
        assert house.outcomes == [Outcome.OK] * 4

    def test_that_is_cut_off_tells_of_what_is_under_way(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def use(house: Playhouse) -> int:
            await asyncio.sleep(0.05)
            house.driver.cut_off()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return house.driver.standing().in_flight

        house, in_flight = play(monkeypatch, Closed(users=2), use)
        assert (house.outcomes, in_flight) == ([Outcome.UNFINISHED] * 2, 0)


class TestOpenScenario:
    def test_plays_each_arrival_when_it_is_due(self, monkeypatch: pytest.MonkeyPatch) -> None:
        house, _ = play(monkeypatch, Open(start_rate=1), due=(0.0, 0.05, 0.5))
        assert house.asked == [0.0, 0.05, 0.5]
        assert house.outcomes == [Outcome.OK] * 3

    def test_that_was_stopped_before_it_began_plays_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def main() -> list[float]:
            work = Scenario(source=GET, name="shop.py")
            plan = LoadPlan(work=work, model=Open(start_rate=1), base_url="http://shop")
            house = Playhouse(monkeypatch, plan, Share(), (0.0,))
            house.driver.stop()
            house.driver.start(START_NS)
            await house.until_over()
            return house.asked

        assert run(main()) == []

    @pytest.mark.parametrize("cut_at", [None, 0.0, 0.001, 0.05, 0.15])
    def test_that_is_cut_off_tells_of_every_arrival(
        self, monkeypatch: pytest.MonkeyPatch, cut_at: float | None
    ) -> None:
        async def use(house: Playhouse) -> None:
            if cut_at is not None:
                await asyncio.sleep(cut_at)
            house.driver.cut_off()

        model = Open(start_rate=1, max_connections=2)
        house, _ = play(monkeypatch, model, use, due=(0.0, 0.0, 0.0))
        assert len(house.outcomes) == 3
        assert Outcome.UNFINISHED in house.outcomes

    def test_leaves_the_warm_ups_iterations_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        due = tuple(itertools.accumulate([0.2] * 5, initial=0.0))
        house, _ = play(monkeypatch, Open(start_rate=1), due=due, warm_up=0.5)
        assert len(house.recorder.iterations) == 3  # due at 0.6, 0.8 and 1.0


class TestCodeThatRaises:
    def test_is_an_outcome_of_its_function(self, monkeypatch: pytest.MonkeyPatch) -> None:
        source = "async def run(user): raise KeyError('price')"
        house, _ = play(monkeypatch, Closed(users=1, iterations=2), source=source)
        assert house.outcomes == [Outcome.EXCEPTION] * 2
        assert house.recorder.samples[0].label == "run"
