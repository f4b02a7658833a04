from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.load.plan import Stage, ThinkTime
from hedgerow.load.scenario import values


class TestDuration:
    def test_has_a_unit(self) -> None:
        assert values.duration("x", "1m30s") == 90

    @pytest.mark.parametrize("bare", [30, 30.5, "30"])
    def test_without_one_could_be_seconds_or_milliseconds(self, bare: Any) -> None:
        with pytest.raises(ConfigError, match="unit"):
            values.duration("x", bare)

    def test_of_nothing_is_refused_where_it_ends_something(self) -> None:
        with pytest.raises(ConfigError, match="longer than 0s"):
            values.duration_above_none("x", "0s")


class TestCount:
    @pytest.mark.parametrize("wrong", [0, -1, 1.5, "50", True, None])
    def test_is_a_whole_number_from_1(self, wrong: Any) -> None:
        with pytest.raises(ConfigError, match=r"x = .*whole number from 1"):
            values.count("x", wrong)

    def test_may_be_0_where_there_may_be_none(self) -> None:
        assert values.count_or_none("x", 0) == 0


class TestRate:
    @pytest.mark.parametrize(
        ("given", "a_second"), [(200, 200), ("1.2k", 1200), ("120/m", 2), (0.5, 0.5)]
    )
    def test_is_a_number_or_a_text(self, given: Any, a_second: float) -> None:
        assert values.rate("x", given) == a_second

    @pytest.mark.parametrize("wrong", [0, "0", -1, "fast", None, float("nan"), True])
    def test_is_above_0(self, wrong: Any) -> None:
        with pytest.raises(ConfigError, match="x = "):
            values.rate("x", wrong)


class TestThinkTime:
    def test_is_one_duration_or_a_range(self) -> None:
        assert values.think_time("x", "1s") == ThinkTime(low=1, high=1)
        assert values.think_time("x", "500ms..3s") == ThinkTime(low=0.5, high=3)

    def test_begins_with_the_shorter_one(self) -> None:
        with pytest.raises(ConfigError, match="SHORTEST"):
            values.think_time("x", "3s..1s")


class TestStages:
    def test_are_texts_or_dicts(self) -> None:
        expected = (Stage(seconds=30, target=100), Stage(seconds=60, target=0))
        assert values.stages("x", ["30s:100", {"duration": "1m", "target": 0}]) == expected

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ([], "list of stages"),
            ("30s:100", "list of stages"),
            (["30s"], "x\\[0\\]"),
            (["30s:many"], "DURATION:TARGET"),
            ([{"duration": "1m"}], "given a target"),
            ([{"duration": "1m", "target": -1}], "number from 0"),
            ([{"durashun": "1m", "target": 1}], "Did you mean 'duration'"),
            (["30s:100/s", "30s:100"], "all of users, or all of rates"),
        ],
    )
    def test_say_what_is_wrong_with_one(self, wrong: Any, told: str) -> None:
        with pytest.raises(ConfigError, match=told):
            values.stages("x", wrong)
