import itertools
from typing import Any

import pytest

from hedgerow.load.channel import Assignment
from hedgerow.load.generator.assembly import arrivals_of, driver_for
from hedgerow.load.generator.closed import ClosedDriver
from hedgerow.load.generator.driver import Driver
from hedgerow.load.generator.open import OpenDriver
from hedgerow.load.generator.scenario_drivers import ScenarioClosedDriver, ScenarioOpenDriver
from hedgerow.load.plan import Closed, LoadPlan, Open, RequestPlan, Scenario, Share, Stage
from tests.load.generator.stage import FieldStage

URL = RequestPlan(url="http://a.example/", label="x")
REDIRECTED = RequestPlan(url="http://a.example/", label="x", follow=3)
SCENARIO = Scenario(source="async def run(user): pass", name="shop.py")
CLOSED, OPEN = Closed(users=1), Open(start_rate=10)


class TestDriver:
    @pytest.mark.parametrize(
        ("work", "model", "kind"),
        [
            (URL, CLOSED, ClosedDriver),
            (URL, OPEN, OpenDriver),
            (SCENARIO, CLOSED, ScenarioClosedDriver),
            (SCENARIO, OPEN, ScenarioOpenDriver),
            (REDIRECTED, CLOSED, ScenarioClosedDriver),
            (REDIRECTED, OPEN, ScenarioOpenDriver),
        ],
    )
    def test_is_that_of_the_plans_work_and_model(
        self,
        monkeypatch: pytest.MonkeyPatch,
        work: RequestPlan | Scenario,
        model: Closed | Open,
        kind: type[Driver],
    ) -> None:
        plan = LoadPlan(work=work, model=model, duration=1.0)
        stage = FieldStage(monkeypatch, plan)
        assert type(driver_for(stage.field, Assignment(plan=plan, share=Share()))) is kind


def arrivals(model: Open, of: int = 1, index: int = 0, **plan: Any) -> list[tuple[int, float]]:
    whole = LoadPlan(work=URL, model=model, **plan)
    return list(itertools.islice(arrivals_of(whole, model, Share(index=index, of=of)), 1000))


class TestArrivals:
    @pytest.mark.parametrize("spacing", ["even", "poisson"])
    def test_of_all_shares_are_the_plan(self, spacing: Any) -> None:
        stages = (Stage(seconds=2, target=20),)
        model = Open(start_rate=10, spacing=spacing, stages=stages)
        whole = arrivals(model, duration=4.0)
        shares = [arrivals(model, of=3, index=index, duration=4.0) for index in range(3)]
        assert sorted(itertools.chain(*shares)) == whole
        assert [number for number, _ in whole] == list(range(len(whole)))

    def test_last_for_the_warm_up_and_what_is_measured(self) -> None:
        due = [at for _, at in arrivals(OPEN, duration=2.0, warm_up=1.0)]
        assert (len(due), due[-1]) == (30, 2.9)

    @pytest.mark.parametrize("spacing", ["even", "poisson"])
    @pytest.mark.parametrize("warm_up", [0.0, 0.55])
    def test_of_a_count_are_so_many_after_the_warm_up(self, spacing: Any, warm_up: float) -> None:
        model = Open(start_rate=10, spacing=spacing)
        due = [at for _, at in arrivals(model, requests=7, warm_up=warm_up)]
        assert sum(at >= warm_up for at in due) == 7

    def test_change_with_the_seed_where_chance_makes_them(self) -> None:
        model = Open(start_rate=10, spacing="poisson")
        first, again, other = (arrivals(model, duration=2.0, seed=seed) for seed in (1, 1, 2))
        assert first == again != other
