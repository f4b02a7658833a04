"""Single values of flags; what whole command lines make of them is in ``test_load``."""

import pytest

from hedgerow.cli import load_values as values
from hedgerow.errors import ConfigError
from hedgerow.load.plan import Stage, ThinkTime


class TestCount:
    @pytest.mark.parametrize(("text", "number"), [("1", 1), ("10k", 10_000), ("1.5M", 1_500_000)])
    def test_may_have_a_suffix(self, text: str, number: int) -> None:
        assert values.count("-n", text) == number

    @pytest.mark.parametrize("text", ["0", "1.5", "1.0005k", "-1", "1K", "", "many"])
    def test_must_be_whole_and_above_none(self, text: str) -> None:
        with pytest.raises(ConfigError, match="-n"):
            values.count("-n", text)

    def test_may_be_none_where_none_means_something(self) -> None:
        assert values.count("--follow", "0", least=0) == 0


class TestRunDuration:
    @pytest.mark.parametrize(("text", "seconds"), [("30", 30.0), ("30s", 30.0), ("0.5", 0.5)])
    def test_takes_a_bare_number_for_seconds(self, text: str, seconds: float) -> None:
        assert values.run_duration(text) == seconds

    @pytest.mark.parametrize("text", ['{"a": 1}', "@file", "30x"])
    def test_asks_whether_a_body_was_meant(self, text: str) -> None:
        with pytest.raises(ConfigError, match="Did you mean -b"):
            values.run_duration(text)


class TestRequestTimeout:
    def test_carries_its_unit(self) -> None:
        assert values.request_timeout("500ms") == 0.5

    def test_without_one_may_be_threads(self) -> None:
        with pytest.raises(ConfigError, match=r"Threads\? Use -w 4\. Timeout\? Use -t 4s"):
            values.request_timeout("4")


class TestRates:
    @pytest.mark.parametrize(
        ("text", "rates"), [("200", (200.0, None)), ("1k:60/m", (1000.0, 1.0)), ("0", (0.0, None))]
    )
    def test_are_one_or_a_ramp(self, text: str, rates: tuple[float, float | None]) -> None:
        assert values.rates(text) == rates


class TestThinkTime:
    def test_is_drawn_between_two_times(self) -> None:
        assert values.think_time("1s..3s") == ThinkTime(low=1.0, high=3.0)

    def test_has_the_shorter_one_first(self) -> None:
        with pytest.raises(ConfigError, match=r"1s\.\.3s"):
            values.think_time("3s..1s")


class TestStages:
    def test_are_of_users(self) -> None:
        assert values.stages(("30s:100", "0s:5")) == (
            (Stage(seconds=30.0, target=100.0), Stage(seconds=0.0, target=5.0)),
            False,
        )

    def test_or_of_rates(self) -> None:
        assert values.stages(("30s:90/m",)) == ((Stage(seconds=30.0, target=1.5),), True)

    def test_have_no_half_users(self) -> None:
        with pytest.raises(ConfigError, match=r"30s:1\.5"):
            values.stages(("30s:1.5",))
