"""Who sends, who waits, and fan-out."""

import pytest

from tests.simulate.worlds import figures

FREE = {"workers": "unlimited", "replicas": 4}


class TestArrivals:
    def test_are_as_many_as_asked_for(self) -> None:
        found = figures(
            requests=200, warm_up="0%", traffic={"rate": "100"}, upstream={**FREE, "latency": "1ms"}
        )
        assert (found.requests, found.ok, found.failed, found.unfinished) == (200, 200, 0, 0)

    def test_do_not_wait_for_answers(self) -> None:
        found = figures(
            requests=100,
            warm_up="0%",
            traffic={"rate": "100", "spacing": "even"},
            upstream={**FREE, "latency": "10s"},
        )
        assert found.simulated_s == pytest.approx(0.99 + 10)

    def test_of_the_warm_up_are_not_counted(self) -> None:
        found = figures(
            requests=200, warm_up="25%", traffic={"rate": "9"}, upstream={**FREE, "latency": "1ms"}
        )
        assert found.requests == 150


class TestFanOut:
    def test_ends_with_its_last_leaf(self) -> None:
        uniform = {**FREE, "latency": "uniform:0s..1s"}
        found = figures(
            requests=1000, warm_up="0%", fan_out=9, traffic={"rate": "1"}, upstream=uniform
        )
        # The largest of nine uniform draws has mean 9/10 and deviation 0.0905.
        assert found.times["mean"].value == pytest.approx(0.9, abs=4 * 0.0905 / 1000**0.5)

    def test_sends_every_leaf_through_the_gateway(self) -> None:
        found = figures(
            requests=50, fan_out=8, traffic={"rate": "1"}, upstream={**FREE, "latency": "1ms"}
        )
        assert found.attempts == 400

    def test_fails_with_one_leaf(self) -> None:
        upstream = {**FREE, "latency": "1ms", "errors": "500:10%"}
        found = figures(
            requests=1000, warm_up="0%", fan_out=5, traffic={"rate": "1"}, upstream=upstream
        )
        share = 1 - 0.9**5
        error = (share * (1 - share) * 1000) ** 0.5
        assert found.failed == pytest.approx(share * 1000, abs=4 * error)
