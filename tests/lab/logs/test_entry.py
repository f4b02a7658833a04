"""When the time of a logged request can be used."""

import math

import pytest

from hedgerow.lab.logs.entry import Entry, LeftOut, first_of_several, judged


class TestStatus:
    @pytest.mark.parametrize("status", [200, 204, 304, None])
    def test_of_a_success_counts(self, status: int | None) -> None:
        entry = judged(Entry(1.0), status)
        assert (entry.left_out, entry.is_longer) == (None, False)

    @pytest.mark.parametrize("status", [101, 404, 429, 500, 503])
    def test_of_anything_else_is_left_out(self, status: int) -> None:
        assert judged(Entry(1.0), status).left_out is LeftOut.STATUS

    @pytest.mark.parametrize("status", [0, 499, 504])
    def test_of_giving_up_means_longer(self, status: int) -> None:
        entry = judged(Entry(1.0), status)
        assert (entry.left_out, entry.is_longer) == (None, True)


class TestSeveralTimes:
    @pytest.mark.parametrize(
        ("text", "first", "several"),
        [
            ("0.012", 0.012, False),
            ("0.003, 0.120", 0.003, True),
            ("0.003 : 0.120", 0.003, True),
            ("-", None, False),
            ("-, 0.1", None, True),
        ],
    )
    def test_are_told_from_one(self, text: str, first: float | None, several: bool) -> None:
        assert first_of_several(text) == (first, several)

    def test_that_are_none_are_no_number(self) -> None:
        assert math.isnan(first_of_several("soon")[0] or 0.0)


@pytest.mark.parametrize("seconds", [-0.1, math.inf, math.nan])
def test_a_time_that_cannot_be_is_impossible(seconds: float) -> None:
    assert not Entry(seconds).is_possible
    assert not Entry(1.0, copy_seconds=seconds).is_possible
    assert Entry(0.0, copy_seconds=0.0).is_possible
