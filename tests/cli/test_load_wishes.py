"""What is left of a scenario's options when flags are given too."""

from typing import Any

import pytest

from hedgerow.cli.load_wishes import Wishes, merged, wishes_of_scenario
from hedgerow.load.plan import Stage, ThinkTime
from hedgerow.load.scenario.options import read_options

STAGES = (Stage(seconds=30.0, target=100.0),)


class TestOptions:
    @pytest.mark.parametrize(
        ("flags", "options", "result"),
        [
            # word by word
            ({}, {"users": 5}, {"users": 5}),
            ({"warm_up": 1.0}, {"warm_up": 2.0, "users": 5}, {"warm_up": 1.0, "users": 5}),
            ({"users": 9}, {"users": 5, "ramp_up": 3.0}, {"users": 9, "ramp_up": 3.0}),
            # a model as a whole
            ({"rate": 9.0}, {"users": 5, "ramp_up": 3.0}, {"rate": 9.0}),
            ({"rate": 9.0}, {"think_time": ThinkTime(low=1.0, high=1.0)}, {"rate": 9.0}),
            ({"users": 9}, {"rate": 5.0, "arrivals": "poisson"}, {"users": 9}),
            ({"stages": STAGES}, {"users": 5, "ramp_up": 3.0, "duration": 1.0}, {"stages": STAGES}),
            ({"rate": 0.0, "users": 3}, {"rate": 5.0}, {"rate": 0.0, "users": 3}),
            # -c is users of a closed model and the limit of an open one
            ({"connections": 9}, {"users": 5}, {"connections": 9}),
            ({"connections": 9}, {"rate": 5.0}, {"connections": 9, "rate": 5.0}),
            # an end as a whole
            ({"requests": 9}, {"duration": 5.0, "users": 2}, {"requests": 9, "users": 2}),
            ({"duration": 9.0}, {"iterations": 5}, {"duration": 9.0}),
        ],
    )
    def test_give_way_to_flags(
        self, flags: dict[str, Any], options: dict[str, Any], result: dict[str, Any]
    ) -> None:
        assert merged(Wishes(**flags), Wishes(**options)) == Wishes(**result)


class TestScenario:
    @pytest.mark.parametrize(
        ("options", "wishes"),
        [
            ({"vus": 5, "iterations": 20}, Wishes(users=5, shared_iterations=20)),
            ({"rate": 5}, Wishes(rate=5.0)),
            (
                {"stages": ["30s:100"]},
                Wishes(stages=STAGES, duration=30.0),
            ),
            (
                {"stages": ["30s:100/s"]},
                Wishes(rate=0.0, stages=STAGES, stages_are_rates=True, duration=30.0),
            ),
        ],
    )
    def test_wishes_what_its_options_say(self, options: dict[str, Any], wishes: Wishes) -> None:
        assert wishes_of_scenario(read_options(options, "shop.py")) == wishes
