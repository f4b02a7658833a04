import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow import units
from hedgerow.faults.numerals import parse_number, write_duration, write_number, write_share


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0.0, "0s"),
            (0.000_25, "250us"),
            (0.1, "100ms"),
            (0.0125, "12.5ms"),
            (1.0, "1s"),
            (2.5, "2.5s"),
            (90.0, "90s"),
        ],
    )
    def test_is_written_in_the_unit_that_fits(self, seconds: float, text: str) -> None:
        assert write_duration(seconds) == text

    @pytest.mark.unhurried(reason="many examples")
    @given(st.floats(0, 1e300))
    def test_reads_back_as_the_same_float(self, seconds: float) -> None:
        assert units.parse_duration(write_duration(seconds)) == seconds


class TestShare:
    @pytest.mark.parametrize(("share", "text"), [(0.85, "85%"), (0.005, "0.5%"), (0.07, "7%")])
    def test_is_written_in_percent(self, share: float, text: str) -> None:
        assert write_share(share) == text

    @pytest.mark.unhurried(reason="many examples")
    @given(st.floats(0, 1))
    def test_reads_back_as_the_same_float(self, share: float) -> None:
        assert units.parse_share(write_share(share)) == share


class TestNumber:
    @pytest.mark.unhurried(reason="many examples")
    @given(st.floats(0, 1e300))
    def test_reads_back_as_the_same_float(self, number: float) -> None:
        assert parse_number(write_number(number)) == number

    @pytest.mark.parametrize("text", ["", "x", "-1", "1e3", ".5", "1.", "inf", "nan", "1 000"])
    def test_in_another_form_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="written as a number"):
            parse_number(text)
