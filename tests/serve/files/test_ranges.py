"""Parts of a file of 100 bytes (RFC 9110 section 14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.serve.files.ranges import Part, parts

SIZE = 100


def asked(value: str, size: int = SIZE) -> list[tuple[int, int]] | None:
    found = parts(value.encode("latin-1"), size)
    return None if found is None else [(part.first, part.last) for part in found]


class TestOnePart:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("bytes=0-0", (0, 0)),
            ("bytes=0-9", (0, 9)),
            ("bytes=90-", (90, 99)),
            ("bytes=90-200", (90, 99)),
            ("bytes=-10", (90, 99)),
            ("bytes=-200", (0, 99)),
            ("Bytes = 1-2", (1, 2)),
            ("bytes=,1-2,", (1, 2)),
        ],
    )
    def test_is_cut_to_what_there_is(self, value: str, expected: tuple[int, int]) -> None:
        assert asked(value) == [expected]

    @pytest.mark.parametrize("value", ["bytes=100-", "bytes=100-200", "bytes=-0"])
    def test_cannot_be_had_outside(self, value: str) -> None:
        assert asked(value) == []

    def test_of_nothing_cannot_be_had(self) -> None:
        assert asked("bytes=0-", size=0) == []


class TestSeveralParts:
    def test_come_in_their_order(self) -> None:
        assert asked("bytes=50-59, 0-9,-1") == [(50, 59), (0, 9), (99, 99)]

    def test_leave_out_what_cannot_be_had(self) -> None:
        assert asked("bytes=200-, 0-0") == [(0, 0)]

    def test_that_are_more_than_the_file_are_the_whole_file(self) -> None:
        assert asked("bytes=0-,0-") is None

    def test_that_are_too_many_are_the_whole_file(self) -> None:
        assert asked("bytes=" + ",".join("0-0" for _ in range(33))) is None


class TestWholeFile:
    @pytest.mark.parametrize(
        "value",
        ["", "bytes", "bytes=", "lines=0-1", "bytes=a-b", "bytes=-", "bytes=5-1", "bytes=1-2-3",
         "bytes=0-1;x", "bytes=0x1-2", "bytes=" + "9" * 19 + "-"],
    )  # fmt: skip
    def test_is_what_a_field_that_is_not_well_formed_asks_for(self, value: str) -> None:
        assert asked(value) is None


class TestContentRange:
    def test_tells_the_size(self) -> None:
        assert Part(0, 9).content_range(SIZE) == b"bytes 0-9/100"


@given(st.text("bytes=0123456789,- ", max_size=60), st.integers(0, 200))
def test_parts_are_always_within_the_file(value: str, size: int) -> None:
    found = parts(value.encode(), size)
    for part in found or ():
        assert 0 <= part.first <= part.last < size
    assert sum(part.length for part in found or ()) <= size
