import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.units import (
    format_duration,
    format_share,
    format_size,
    parse_duration,
    parse_rate,
    parse_share,
    parse_size,
)


class TestDuration:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            *(("250ms", 0.25), ("30s", 30.0), ("2m", 120.0), ("1h", 3600.0), ("1d", 86400.0)),
            *(("500us", 0.0005), ("1.5s", 1.5), (".5s", 0.5), ("0s", 0.0), ("0ms", 0.0)),
            *(("1m30s", 90.0), ("1h30m", 5400.0), ("1s500ms", 1.5), ("  250 ms ", 0.25)),
        ],
    )
    def test_is_read_with_its_unit(self, text: str, seconds: float) -> None:
        assert parse_duration(text) == pytest.approx(seconds)

    @pytest.mark.parametrize(
        "text",
        [
            *("", "  ", "250", "1.5", "ms", "-5s", "+5s", "1e3s", "5 parsecs", "5sec", "1m 30"),
            *("1m30", "1..5s", "5S", "5MS", "s5", "5s!", "0x5s", "inf", "nan"),
        ],
    )
    def test_is_refused_otherwise(self, text: str) -> None:
        with pytest.raises(ValueError, match="unit"):
            parse_duration(text)

    def test_refusal_names_the_units_and_shows_one_that_is_right(self) -> None:
        with pytest.raises(ValueError, match=r"ms.*250ms"):
            parse_duration("250")


class TestSize:
    @pytest.mark.parametrize(
        ("text", "size"),
        [
            *(("4096", 4096), ("0", 0), ("64KiB", 65536), ("5MB", 5_000_000), ("1GiB", 2**30)),
            *(("1.5KiB", 1536), ("1 MiB", 2**20), ("100B", 100), ("2GB", 2 * 10**9)),
            *(("64kib", 65536), ("5mb", 5_000_000), ("1kb", 1000), ("8k", 8192), ("1g", 2**30)),
        ],
    )
    def test_is_read_with_or_without_its_unit(self, text: str, size: int) -> None:
        assert parse_size(text) == size

    @pytest.mark.parametrize("text", ["", "KiB", "-1", "5TB", "5 apples", "1.2.3", "1e6", "0x10"])
    def test_is_refused_otherwise(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"64KiB"):
            parse_size(text)


class TestRate:
    @pytest.mark.parametrize(
        ("text", "rate"),
        [
            *(("200", 200.0), ("1.2k", 1200.0), ("2M", 2e6), ("0", 0.0), (".5", 0.5)),
            *(("100/m", 100 / 60), ("5/s", 5.0), ("3k/h", 3000 / 3600), ("86400/d", 1.0)),
        ],
    )
    def test_is_read_as_events_a_second(self, text: str, rate: float) -> None:
        assert parse_rate(text) == pytest.approx(rate)

    @pytest.mark.parametrize("text", ["", "k", "-5", "5/x", "5K", "5 /s", "1/2", "100/ms", "1e3"])
    def test_is_refused_otherwise(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"100/m"):
            parse_rate(text)


class TestShare:
    @pytest.mark.parametrize(
        ("text", "share"),
        [("5%", 0.05), ("0.05", 0.05), ("0", 0.0), ("1", 1.0), ("100%", 1.0), (" .5 % ", 0.005)],
    )
    def test_is_read_as_a_part_of_one(self, text: str, share: float) -> None:
        assert parse_share(text) == pytest.approx(share)

    @pytest.mark.parametrize("text", ["", "%", "5", "101%", "1.01", "-5%", "5%%", "half", "nan"])
    def test_is_refused_otherwise(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"between 0 and 1"):
            parse_share(text)


class TestPrintedDuration:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            *((0.0, "0us"), (0.000812, "812us"), (0.0243, "24.3ms"), (0.25, "250ms")),
            *((1.5, "1.5s"), (30.0, "30s"), (119.0, "119s"), (180.0, "3m"), (86400.0, "24h")),
        ],
    )
    def test_has_three_digits_in_the_unit_that_fits(self, seconds: float, text: str) -> None:
        assert format_duration(seconds) == text

    @pytest.mark.parametrize(
        ("seconds", "text"), [(0.0009996, "1ms"), (0.9996, "1s"), (0.00099949, "999us")]
    )
    def test_moves_to_the_next_unit_rather_than_to_a_thousand(
        self, seconds: float, text: str
    ) -> None:
        assert format_duration(seconds) == text

    def test_keeps_its_sign(self) -> None:
        assert format_duration(-0.25) == "-250ms"

    @given(st.floats(1e-6, 1e6))
    def test_reads_back_as_about_the_same(self, seconds: float) -> None:
        assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=0.006)


class TestPrintedSize:
    @pytest.mark.parametrize(
        ("size", "text"),
        [(0, "0B"), (1023, "1023B"), (1536, "1.5KiB"), (5 * 2**20, "5MiB"), (2**31, "2GiB")],
    )
    def test_has_the_binary_unit_that_fits(self, size: float, text: str) -> None:
        assert format_size(size) == text

    @given(st.integers(0, 2**45))
    def test_reads_back_as_about_the_same(self, size: int) -> None:
        assert parse_size(format_size(size)) == pytest.approx(size, rel=0.006)


class TestPrintedShare:
    @pytest.mark.parametrize(
        ("share", "text"),
        [(0.0, "0.0%"), (0.0025, "0.25%"), (0.05, "5.0%"), (0.989, "98.9%"), (1.0, "100.0%")],
    )
    def test_has_the_digits_that_matter(self, share: float, text: str) -> None:
        assert format_share(share) == text
