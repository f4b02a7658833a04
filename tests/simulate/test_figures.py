"""Figures and the noise in them."""

import random

import pytest

from hedgerow.simulate.figures import share_above, times_of
from hedgerow.simulate.recorder import Batch


def batches(*contents: list[float]) -> list[Batch]:
    made = []
    for content in contents:
        batch = Batch()
        for seconds in content:
            batch.ended(seconds, ok=True)
        made.append(batch)
    return made


class TestTimes:
    def test_are_those_of_all_batches(self) -> None:
        times, response = times_of(batches([0.001, 0.002], [0.003], []))
        assert times["mean"].value == pytest.approx(0.002)
        assert times["p50"].value == pytest.approx(0.002, rel=1e-3)
        assert (response.count, response.mean) == (3, 2000.0)

    def test_have_an_error_from_how_batches_differ(self) -> None:
        times, _ = times_of(batches([0.001], [0.003]))
        assert times["mean"].error == pytest.approx(0.001)

    def test_have_a_larger_one_where_neighbours_are_alike(self) -> None:
        mixed, _ = times_of(batches(*([seconds] for seconds in (1.0, 2.0) * 4)))
        alike, _ = times_of(batches(*([seconds] for seconds in (1.0,) * 4 + (2.0,) * 4)))
        assert alike["mean"].error > 1.5 * mixed["mean"].error

    def test_of_one_batch_have_no_known_error(self) -> None:
        times, _ = times_of(batches([0.001, 0.003]))
        assert times["mean"].error == 0.0

    def test_of_nothing_are_none(self) -> None:
        assert times_of(batches([]))[0] == {}

    def test_have_the_error_that_theory_says(self) -> None:
        draws = random.Random(5)
        made = batches(*([draws.expovariate(100) for _ in range(400)] for _ in range(20)))
        # Of 8000 exponential draws the mean is 10 ms within 10 / sqrt(8000) = 0.112 ms; an error
        # from 20 batches is itself good to 1 / sqrt(2 * 19) = 16 %.
        times, _ = times_of(made)
        assert times["mean"].error == pytest.approx(0.000112, rel=4 * 0.16)


class TestSlow:
    def test_are_those_above_the_limit(self) -> None:
        slow = share_above(batches([0.5, 1.5, 2.5], [0.5]), 1.0)
        assert slow.value == 0.5
        assert slow.error == pytest.approx(1 / 3)
