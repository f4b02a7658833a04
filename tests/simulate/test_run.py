"""Whole runs: repeatable, bounded, and with figures that add up."""

import gc
from typing import Any, Final

import msgspec
import pytest

from hedgerow.simulate import Run, figures_of, read_simulation
from tests.simulate.worlds import figures

HEDGED: Final[dict[str, Any]] = {
    "requests": 2000,
    "traffic": {"load": 0.6},
    "upstream": {"errors": "500:2%,reset:1%,drip+20ms:1%", "network": "exponential:1ms"},
    "route": {
        "deadline": "200ms",
        "hedge": {"delay": "auto", "budget": "20%", "extra": 2, "mode": "staggered"},
    },
}


class TestSeed:
    def test_gives_the_same_result_bit_for_bit(self) -> None:
        one, other = (msgspec.json.encode(figures(seed=7, **HEDGED)) for _ in range(2))
        assert one == other

    def test_that_is_another_gives_another_result(self) -> None:
        assert figures(seed=7, **HEDGED).times != figures(seed=8, **HEDGED).times

    def test_gives_the_same_arrivals_and_primaries_whatever_is_hedged(self) -> None:
        plain = figures(requests=500, traffic={"load": 0.01})
        hedged = figures(requests=500, traffic={"load": 0.01}, route={"hedge": {"delay": "500ms"}})
        assert plain.response == hedged.response

    def test_does_not_depend_on_the_size_of_the_steps(self) -> None:
        runs = [Run(read_simulation(HEDGED), seed=1) for _ in range(2)]
        for run, events in zip(runs, (1, 1000), strict=True):
            while run.advance(events):
                pass
        one, other = (figures_of([run]) for run in runs)
        assert one == other


class TestFigures:
    def test_add_up(self) -> None:
        found = figures(warm_up="0%", **HEDGED)
        assert found.ok + found.failed == found.requests == 2000
        assert found.attempts == 2000 + found.hedges + found.retries
        assert found.extra == pytest.approx((found.hedges + found.retries) / 2000)
        assert found.response.count == 2000

    def test_of_a_queue_are_as_busy_as_the_load(self) -> None:
        found = figures(requests=5000, traffic={"load": 0.4}, upstream={"latency": "10ms"})
        # Arrivals vary by 1/sqrt(n): four standard errors.
        assert found.utilisation == pytest.approx(0.4, rel=4 / 4750**0.5)
        assert found.wasted == pytest.approx(0.0, abs=1e-9)

    def test_say_what_was_worked_out_for_nobody(self) -> None:
        copies = {"hedge": {"delay": "0s"}, "balance": "random"}
        upstream = {"latency": "10ms", "notices_cancel": False, "workers": "unlimited"}
        found = figures(requests=100, traffic={"rate": "10"}, upstream=upstream, route=copies)
        assert (found.answers_for_nobody, found.extra) == (100, 1.0)
        assert found.wasted == pytest.approx(0.5)

    def test_of_repeats_are_those_of_all_together(self) -> None:
        found = figures(repeat=3, **HEDGED)
        assert found.response.count == 3 * 1900

    def test_tell_what_the_delay_was_steered_to(self) -> None:
        found = figures(**HEDGED)
        assert found.hedge_delay_s is not None
        assert 0.001 <= found.hedge_delay_s < 0.1

    def test_of_a_run_that_was_stopped_are_of_what_had_ended(self) -> None:
        run = Run(read_simulation({"requests": 1000, "warm_up": "0%"}), seed=1)
        run.advance(500)
        found = figures_of([run])
        assert 0 < found.requests < 1000
        assert found.requests + found.unfinished == run.clients.sent
        assert 0 < run.done < 1


@pytest.mark.unhurried(reason="2,000 simulated requests, and two full collections")
class TestMemory:
    def test_is_freed_without_the_cycle_collector(self) -> None:
        was_on = gc.isenabled()
        gc.collect()
        gc.disable()
        try:
            figures(**HEDGED)
            assert gc.collect() < 1000  # the run itself; 2000 requests would be 8000 objects
        finally:
            if was_on:
                gc.enable()
