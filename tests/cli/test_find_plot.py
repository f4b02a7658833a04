import pytest

from hedgerow.cli.find_plot import ASCII, Mark, plot


def drawn(*marks: Mark, limit: float = 0.1) -> list[str]:
    return plot(marks, limit, show_x=lambda x: f"{x:g}", show_y=lambda y: f"{y:g}s", signs=ASCII)


def place(lines: list[str], sign: str) -> tuple[int, int]:
    """Row from the top, and column."""
    [(row, column)] = [
        (row, line.index(sign)) for row, line in enumerate(lines[:-2]) if sign in line
    ]
    return row, column


RISING = (Mark(10, 0.01, kept=True), Mark(1000, 1.0, kept=False))


class TestCurve:
    def test_goes_from_lower_left_to_upper_right(self) -> None:
        lines = drawn(*RISING)
        kept, broken = place(lines, "o"), place(lines, "x")
        assert kept[0] == 11
        assert broken[0] == 0
        assert broken[1] - kept[1] == 59

    def test_has_equal_ratios_at_equal_distances(self) -> None:
        lines = drawn(Mark(10, 1, kept=True), Mark(100, 2, kept=False), Mark(1000, 4, kept=True))
        middle = place(lines, "x")[1]
        first, last = (line.index("o") for line in reversed(lines) if "o" in line)
        assert middle - first == pytest.approx((last - first) / 2, abs=1)

    def test_shows_the_limit_with_its_value(self) -> None:
        [line] = [line for line in drawn(*RISING) if "---" in line and "0.1s" in line]
        assert line.startswith(" 0.1s |---")

    def test_has_the_ends_of_both_axes(self) -> None:
        lines = drawn(*RISING)
        assert lines[0].startswith("   1s")
        assert lines[11].startswith("0.01s")
        assert lines[-1].split() == ["10", "1000"]

    def test_shows_broken_marks_under_kept_ones(self) -> None:
        both = drawn(Mark(10, 1, kept=True), Mark(20, 1, kept=True), Mark(20, 1, kept=False))
        assert "x" not in "".join(both)

    def test_of_one_height_is_a_level_line(self) -> None:
        lines = drawn(Mark(10, 1, kept=True), Mark(20, 1, kept=True), limit=0)
        assert lines[11].count("o") == 2


class TestTooLittle:
    @pytest.mark.parametrize(
        "marks",
        [
            (),
            (Mark(10, 1, kept=True),),
            (Mark(10, 1, kept=True), Mark(10, 2, kept=True)),
            (Mark(10, 1, kept=True), Mark(20, 0, kept=True)),
        ],
    )
    def test_is_not_drawn(self, marks: tuple[Mark, ...]) -> None:
        assert drawn(*marks) == []
