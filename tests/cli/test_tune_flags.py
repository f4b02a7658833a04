"""Flags of ``hedgerow tune``: from texts to what is asked for."""

import pytest

from hedgerow.cli.tune_flags import GoalFlags, LogFlags, TuneFlags, asked_of
from hedgerow.errors import ConfigError


def goal(**texts: str) -> TuneFlags:
    return TuneFlags(goal=GoalFlags(**texts))


class TestGoal:
    def test_is_p99_and_a_budget_to_be_found_unless_said(self) -> None:
        asked = asked_of(TuneFlags())
        assert (asked.target, asked.goal.quantile, asked.goal.budget) == ("p99", 0.99, None)
        assert (asked.correlation, asked.routes, asked.seed) == (0.0, 0, 1)

    def test_is_read(self) -> None:
        asked = asked_of(goal(target="p99.9", budget="5%", correlation="0.5", seed="7"))
        assert asked.goal.quantile == pytest.approx(0.999)
        assert (asked.goal.budget, asked.correlation, asked.seed) == (0.05, 0.5, 7)

    def test_of_routes_is_the_ten_busiest_or_as_many_as_asked_for(self) -> None:
        assert asked_of(goal(by="path")).routes == 10
        assert asked_of(goal(by="label", top="3")).routes == 3

    @pytest.mark.parametrize(
        ("texts", "facts"),
        [
            ({"target": "99"}, ("--target", "'99'", "p99")),
            ({"target": "p100"}, ("--target", "p99.999")),
            ({"target": "p20"}, ("--target", "p50")),
            ({"budget": "5"}, ("--budget", "'5'", "5%")),
            ({"budget": "0%"}, ("--budget", "0.01%")),
            ({"correlation": "2"}, ("--correlation", "0.5")),
            ({"by": "host"}, ("--by", "path")),
            ({"top": "3"}, ("--top", "--by path")),
        ],
    )
    def test_that_cannot_be_is_refused(self, texts: dict[str, str], facts: tuple[str, ...]) -> None:
        with pytest.raises(ConfigError) as caught:
            asked_of(goal(**texts))
        assert all(fact in str(caught.value) for fact in facts)


class TestLog:
    def test_counts_the_methods_that_are_hedged_by_default(self) -> None:
        assert asked_of(TuneFlags()).methods == frozenset({"GET", "HEAD", "OPTIONS"})

    def test_counts_other_methods_where_asked_for(self) -> None:
        assert asked_of(TuneFlags(log=LogFlags(methods=("put",)))).methods == frozenset({"PUT"})
        assert asked_of(TuneFlags(log=LogFlags(methods=("all",)))).methods is None

    @pytest.mark.parametrize("flags", [LogFlags(unit="min"), LogFlags(time="both")])
    def test_that_cannot_be_is_refused(self, flags: LogFlags) -> None:
        with pytest.raises(ConfigError, match=r"--unit|--time"):
            asked_of(TuneFlags(log=flags))
