import tomllib

import pytest

from hedgerow.cli.demo_plan import UPSTREAM_IN_WORDS, DemoPlan, noise
from hedgerow.errors import ConfigError


def plan(rate: str = "100", seconds: str = "20", seed: str = "1", deadline: str = "1s") -> DemoPlan:
    return DemoPlan.read(rate, seconds, seed, deadline)


class TestFlags:
    def test_are_read_in_their_units(self) -> None:
        assert plan("6k/m", "1m", "7", "800ms") == DemoPlan(100, 60, 7, 0.8)

    def test_take_bare_seconds(self) -> None:
        assert plan(seconds="2.5").seconds == 2.5

    @pytest.mark.parametrize(
        ("flag", "text"),
        [
            ("--rate", "fast"),
            ("--rate", "0"),
            ("--rate", "1001"),
            ("--seconds", "soon"),
            ("--seconds", ""),
            ("--seconds", "0"),
            ("--seconds", "601"),
            ("--seed", "-1"),
            ("--seed", "x"),
            ("--deadline", "1"),
            ("--deadline", "0s"),
            ("--deadline", "2m"),
        ],
    )
    def test_that_make_no_sense_are_named_with_their_value(self, flag: str, text: str) -> None:
        with pytest.raises(ConfigError) as caught:
            plan(**{flag.removeprefix("--"): text})
        assert f"{flag} = {text!r}: must be" in str(caught.value)


class TestArrivals:
    def test_are_the_same_on_both_sides(self) -> None:
        assert list(plan().due_times()) == list(plan().due_times())

    def test_are_others_with_another_seed(self) -> None:
        assert list(plan(seed="2").due_times()) != list(plan().due_times())

    def test_come_at_the_rate_asked_for(self) -> None:
        assert len(list(plan().due_times())) == pytest.approx(2000, rel=0.1)


class TestExpectation:
    def test_is_the_known_figure_of_the_rule(self) -> None:
        assert plan().expectation(hedged=True).success == pytest.approx(0.989, abs=0.0005)
        assert plan().expectation(hedged=True).attempts == pytest.approx(2.39, abs=0.005)

    def test_without_a_gateway_is_one_attempt(self) -> None:
        assert plan().expectation(hedged=False) == pytest.approx((0.7875, 1.0))


class TestUpstream:
    def test_is_described_as_it_behaves(self) -> None:
        words = plan(seed="9").upstream_words()
        law = "mix:85%*uniform:100ms..600ms+15%*uniform:600ms..3s"
        assert words == [
            "flaky", "--port=0", f"--latency={law}", "--errors=500:5%,429:5%", "--seed=9",
        ]  # fmt: skip
        for figure in ("85%", "0.1 to 0.6 s", "15%", "0.6 to 3 s", "10%"):
            assert figure in UPSTREAM_IN_WORDS

    def test_gets_the_time_that_its_slowest_answer_takes(self) -> None:
        assert plan().patience > 3.0
        assert plan(deadline="20s").patience > 20.0


class TestGatewaySettings:
    def test_are_the_rule_of_the_demo(self) -> None:
        settings = tomllib.loads(plan(deadline="800ms").gateway_settings("http://127.0.0.1:9"))
        route = settings["route"][0]
        assert settings["upstream"]["work"]["replicas"] == ["http://127.0.0.1:9"]
        assert route["hedge"] == {"delay": "300ms", "extra": 2, "same_replica": True}
        assert route["deadline"] == "800ms"
        assert settings["server"]["trace"] is True


class TestNoise:
    def test_is_two_standard_deviations_of_a_share(self) -> None:
        assert noise(0.5, 100) == pytest.approx(0.098)

    @pytest.mark.parametrize(("share", "count"), [(0.5, 0), (1.0, 100), (0.0, 100)])
    def test_is_none_where_there_is_no_chance(self, share: float, count: int) -> None:
        assert noise(share, count) == 0.0
