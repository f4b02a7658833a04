"""The chart of a load and its workers."""

import pytest

from hedgerow.cli.main import run
from hedgerow.cli.simulate_workers import changes, chart
from hedgerow.simulate.workers import Moment


def moments(*levels: tuple[float, int]) -> list[Moment]:
    """Twenty seconds of each load and number of workers."""
    pairs = [pair for pair in levels for _ in range(20)]
    return [Moment(at, demand, workers) for at, (demand, workers) in enumerate(pairs)]


class TestChart:
    def test_has_the_load_below_what_the_workers_have_left(self) -> None:
        lines = list(chart(moments((1.0, 2), (2.0, 3))))
        assert [line[0:5].rstrip() for line in lines[5:8]] == ["3 │ ░", "2 │░█", "1 │██"]


class TestChanges:
    def test_tell_how_long_after_the_load_changed(self) -> None:
        lines = list(changes([Moment(239, 2.0, 2), Moment(243, 4.0, 4)]))
        assert lines == [" 4 min 03 s  2 -> 4 workers, 3 s after the load changed"]


def test_it_is_one_of_the_named_simulations(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "--list"]) == 0
    assert "workers " in capsys.readouterr().out


def test_it_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "workers"]) == 0
    assert "after the load changed" in capsys.readouterr().out
