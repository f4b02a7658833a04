"""A chart as data, and thinning of what is too long to draw."""

from hypothesis import given
from hypothesis import strategies as st

from hedgerow.report.page.chart import Chart, Column, Series, compact, thinned


def chart(tables: list[list[Column]]) -> Chart:
    return Chart(key="k", title="t", axis="time", unit="us",
                 series=[Series(label="a", colour="1")], tables=tables)  # fmt: skip


class TestThinning:
    def test_leaves_short_columns_alone(self) -> None:
        assert thinned([[1, 2], [3, None]], limit=2) == [[1, 2], [3, None]]

    def test_keeps_one_bad_second_of_a_day(self) -> None:
        values: Column = [1.0] * 86_400
        values[54_321] = 900.0
        xs, ys = thinned([list(range(86_400)), values], limit=2_000)
        assert (54_321, 900.0) in list(zip(xs, ys, strict=True))
        assert len(xs) <= 2_002

    def test_keeps_the_ends(self) -> None:
        xs, _ = thinned([list(range(5_000)), [0.0] * 5_000], limit=100)
        assert (xs[0], xs[-1]) == (0, 4_999)

    def test_of_a_column_without_values_keeps_it_empty(self) -> None:
        _, ys = thinned([list(range(5_000)), [None] * 5_000], limit=100)
        assert set(ys) == {None}

    @given(st.lists(st.none() | st.integers(0, 1000), min_size=1, max_size=300), st.integers(2, 50))
    def test_shows_only_real_rows_in_their_order(
        self, values: list[int | None], limit: int
    ) -> None:
        table: list[Column] = [list(range(len(values))), [*values]]
        xs, ys = thinned(table, limit=limit)
        assert [x for x in xs if x is not None] == sorted(x for x in xs if x is not None)
        assert all(values[int(x)] == y for x, y in zip(xs, ys, strict=True) if x is not None)
        known = [value for value in values if value is not None]
        assert max((y for y in ys if y is not None), default=None) == max(known, default=None)


class TestCompactNumbers:
    def test_keep_six_digits(self) -> None:
        assert compact([1234567.891, 0.123456789, 5.0, None]) == [1234570.0, 0.123457, 5, None]

    def test_are_numbers_that_json_knows(self) -> None:
        assert compact([float("inf"), float("nan")]) == [0.0, 0.0]


class TestEmptyChart:
    def test_has_no_value_in_any_table(self) -> None:
        assert chart([[[1, 2], [None, None]]]).is_empty
        assert chart([]).is_empty

    def test_is_none_that_shows_a_zero(self) -> None:
        assert not chart([[[1, 2], [None, 0]]]).is_empty
