"""One latency a line, or two."""

import pytest

from hedgerow.lab.logs.numbers import NumbersLog


class TestNumber:
    @pytest.mark.parametrize(
        ("line", "unit", "seconds"),
        [
            ("12.5", "ms", 0.0125),
            ("  12.5  ", "s", 12.5),
            ("1e3", "us", 0.001),
            ("12.5ms", "s", 0.0125),
            (".5 s", "ms", 0.5),
        ],
    )
    def test_is_in_its_unit_or_in_the_given_one(self, line: str, unit: str, seconds: float) -> None:
        entry = NumbersLog(unit).read(line)
        assert entry is not None
        assert entry.seconds == pytest.approx(seconds)
        assert entry.copy_seconds is None

    @pytest.mark.parametrize("line", ["12.5 3", "12.5,3", "12.5\t3", "12.5ms; 3ms"])
    def test_beside_another_is_the_primary_and_its_copy(self, line: str) -> None:
        entry = NumbersLog().read(line)
        assert entry is not None
        assert (entry.seconds, entry.copy_seconds) == pytest.approx((0.0125, 0.003))

    @pytest.mark.parametrize(
        "line", ["", "latency", "-3", "1 2 3", "12.5 minutes", "nan", "1.2.3.4"]
    )
    def test_is_nothing_else(self, line: str) -> None:
        assert NumbersLog().read(line) is None
