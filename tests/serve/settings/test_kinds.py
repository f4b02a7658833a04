import math
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow.serve.settings.kinds import (
    BYTE_RATE,
    COUNT,
    DURATION,
    JSON,
    RATE,
    SHARE,
    SIZE,
    SWITCH,
    TEXT,
    Kind,
    Refused,
    choice,
    list_of,
    or_off,
    toml,
    toml_key,
)

BALANCE = choice("round-robin", "least-request")
TEXTS = st.text(max_size=5)
PLAIN = st.booleans() | st.integers(-(2**60), 2**60) | TEXTS | st.lists(TEXTS, max_size=2)


def again(kind: Kind, value: object) -> object:
    """Write a value as TOML and read it back."""
    return kind.read(tomllib.loads(f"x = {kind.write(value)}")["x"])


def refused(kind: Kind, value: object) -> Refused:
    with pytest.raises(Refused) as caught:
        kind.read(value)
    return caught.value


class TestReading:
    @pytest.mark.parametrize(
        ("kind", "raw", "value"),
        [
            (DURATION, "250ms", 0.25),
            (DURATION, "1m30s", 90.0),
            (SIZE, "64KiB", 65536),
            (SIZE, 4096, 4096),
            (BYTE_RATE, "2KiB/s", 2048.0),
            (BYTE_RATE, 500, 500.0),
            (SHARE, "5%", 0.05),
            (SHARE, 0.05, 0.05),
            (SHARE, 1, 1.0),
            (COUNT, 7, 7),
            (SWITCH, True, True),
            (BALANCE, "round-robin", "round-robin"),
            (or_off(DURATION), "off", None),
            (or_off(DURATION), "1s", 1.0),
            (list_of(COUNT, "numbers"), [3, 1], (3, 1)),
        ],
    )
    def test_gives_the_value(self, kind: Kind, raw: object, value: object) -> None:
        assert kind.read(raw) == value

    @pytest.mark.parametrize(
        ("kind", "raw", "fact"),
        [
            (DURATION, "250", "with its unit"),
            (DURATION, 250, "in quotes with its unit"),
            (DURATION, True, "in quotes with its unit"),
            (DURATION, "-1s", "with its unit"),
            (DURATION, "9999d", "at most 365d"),
            (DURATION, "9" * 400 + "s", "at most 365d"),
            (SIZE, "64 apples", "64KiB"),
            (SIZE, 1.5, "whole number of bytes"),
            (SIZE, True, "whole number of bytes"),
            (SIZE, 10**30, "at most"),
            (SIZE, "9" * 400, "at most"),
            (BYTE_RATE, "fast", "500B/s"),
            (SHARE, "120%", "between 0 and 1"),
            (SHARE, 5, "between 0 and 1"),
            (SHARE, math.nan, "between 0 and 1"),
            (COUNT, "7", "a whole number"),
            (COUNT, 7.0, "a whole number"),
            (COUNT, True, "a whole number"),
            (SWITCH, "true", "without quotes"),
            (SWITCH, 1, "true or false"),
            (TEXT, "", "at least one character"),
            (TEXT, "two\nlines", "without line breaks"),
            (TEXT, 5, "in quotes"),
            (BALANCE, "random", '"round-robin" or "least-request"'),
            (BALANCE, ["round-robin"], '"round-robin" or "least-request"'),
            (JSON, {"a": [math.inf]}, "nan and inf"),
            (list_of(COUNT, "numbers"), 7, "a list of numbers"),
            (list_of(COUNT, "numbers"), [], "not empty"),
            (list_of(COUNT, "numbers"), [1, 1], "1 twice"),
        ],
    )
    def test_refuses_what_is_not_of_the_kind(self, kind: Kind, raw: object, fact: str) -> None:
        assert fact in refused(kind, raw).must

    def test_of_a_misspelt_word_suggests_the_nearest(self) -> None:
        assert refused(BALANCE, "least-requests").fix == 'Did you mean "least-request"?'

    def test_of_a_list_says_which_part_is_wrong(self) -> None:
        assert refused(list_of(COUNT, "numbers"), [1, "two"]).part == "two"

    def test_takes_off_and_further_words_in_place_of_a_value(self) -> None:
        kind = or_off(DURATION, "auto")
        assert [kind.read(word) for word in ("auto", "off", "1s")] == ["auto", None, 1.0]
        assert kind.name == 'duration, "auto" or "off"'

    def test_of_words_says_them_where_it_is_neither(self) -> None:
        assert '"auto" or "off"' in refused(or_off(DURATION, "auto"), "soon").must

    def test_knows_no_word_that_was_not_declared(self) -> None:
        assert "auto" not in refused(or_off(DURATION), "auto").must


class TestWriting:
    @pytest.mark.parametrize(
        ("kind", "value", "text"),
        [
            (DURATION, 10.0, '"10s"'),
            (DURATION, 1.2345, '"1.2345s"'),
            (DURATION, 0.0, '"0s"'),
            (SIZE, 65536, '"64KiB"'),
            (SIZE, 65537, "65537"),
            (BYTE_RATE, 500.0, '"500B/s"'),
            (BYTE_RATE, 2048.0, '"2KiB/s"'),
            (SHARE, 0.2, '"20%"'),
            (or_off(SHARE), None, '"off"'),
            (SWITCH, False, "false"),
            (list_of(COUNT, "numbers"), (3, 1), "[3, 1]"),
        ],
    )
    def test_is_what_a_person_would_write(self, kind: Kind, value: object, text: str) -> None:
        assert kind.write(value) == text

    @given(st.floats(1e-4, 1e7))
    def test_of_a_duration_reads_back_the_same(self, seconds: float) -> None:
        assert again(DURATION, seconds) == seconds

    @given(st.integers(0, 2**60))
    def test_of_a_size_reads_back_the_same(self, size: int) -> None:
        assert again(SIZE, size) == size

    @given(st.floats(0, 1))
    def test_of_a_share_reads_back_the_same(self, share: float) -> None:
        assert again(SHARE, share) == share


class TestToml:
    @settings(max_examples=25)
    @given(st.recursive(PLAIN, lambda inner: st.dictionaries(TEXTS, inner, max_size=2)))
    def test_is_read_back_as_the_same_value(self, value: object) -> None:
        assert tomllib.loads(f"x = {toml(value)}") == {"x": value}

    def test_has_quotes_around_a_key_only_where_it_needs_them(self) -> None:
        assert [toml_key(key) for key in ("max_body", "X-A", "a b", "")] == [
            "max_body", "X-A", '"a b"', '""'
        ]  # fmt: skip


class TestRate:
    @pytest.mark.parametrize(
        ("text", "rate", "count"),
        [
            ("100/m", 100 / 60, 100),
            ("50/s", 50.0, 50),
            ("10/h", 10 / 3600, 10),
            ("1/d", 1 / 86400, 1),
            ("1.5k/s", 1500.0, 1500),
            (" 2.5/m ", 2.5 / 60, 2.5),
        ],
    )
    def test_is_a_number_a_second_and_knows_how_it_was_written(
        self, text: str, rate: float, count: float
    ) -> None:
        value = RATE.read(text)
        assert (value, value.count) == (pytest.approx(rate), count)

    @pytest.mark.parametrize(
        "text", ["100/m", "60/h", "1/s", "0.5/s", "7/h", "1/d", "0.001/d", "333.333/m", "1M/s"]
    )
    def test_is_written_so_that_it_reads_back(self, text: str) -> None:
        rate = RATE.read(text)
        again_read = again(RATE, rate)
        assert again_read == rate

    @pytest.mark.parametrize("text", ["100/m", "60/h", "1/s", "7/h", "2/d"])
    def test_is_written_as_it_was(self, text: str) -> None:
        assert RATE.write(RATE.read(text)) == f'"{text}"'

    @given(st.floats(1e-12, 1e9))
    def test_that_was_never_written_reads_back(self, rate: float) -> None:
        assert again(RATE, rate) == rate

    @pytest.mark.parametrize(
        "value", ["100", 100, "100/", "/s", "100/w", "1e3/s", "-1/s", "0/s", True, [], "9M9/s"]
    )
    def test_needs_its_unit(self, value: object) -> None:
        assert refused(RATE, value).must

    def test_without_a_unit_gets_the_three_that_may_be_meant(self) -> None:
        assert refused(RATE, 100).fix == 'Write "100/s", "100/m" or "100/h".'

    def test_has_an_end(self) -> None:
        assert "at most" in refused(RATE, "9" * 400 + "/s").must
