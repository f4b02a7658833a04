import pytest

from hedgerow.wire.limits import Limits
from hedgerow.wire.unfinished import objection, without_empty_lines

LIMITS = Limits(max_request_line=20, max_head=50)


def status_of(data: bytes) -> int | None:
    error = objection(data, data.find(b"\r\n\r\n"), LIMITS)
    return error.status if error is not None else None


class TestBeginning:
    def test_of_a_head_is_read_on(self) -> None:
        head = b"GET / HTTP/1.1\r\nHost: a\r\n\r"
        assert {status_of(head[:size]) for size in range(1, len(head))} == {None}

    def test_of_an_empty_line_is_read_on(self) -> None:
        assert status_of(b"\r") is None

    def test_that_cannot_be_a_method_is_refused_at_its_first_byte(self) -> None:
        assert [status_of(b) for b in (b"\x16", b"\n", b" ", b"\rG", b"\xff", b"1")] == [400] * 6

    def test_with_a_bare_line_feed_is_refused_before_the_end(self) -> None:
        assert status_of(b"GET / HTTP/1.1\nHost") == 400


class TestTooLong:
    def test_a_request_line_is_414(self) -> None:
        assert status_of(b"GET /" + b"a" * 60) == 414

    def test_a_request_line_is_414_also_with_fields_behind_it(self) -> None:
        assert status_of(b"GET /" + b"a" * 30 + b"\r\nX: " + b"b" * 30) == 414

    def test_a_head_is_431(self) -> None:
        assert status_of(b"GET / HTTP/1.1\r\nX: " + b"b" * 60) == 431

    def test_a_whole_head_is_431(self) -> None:
        assert status_of(b"GET / HTTP/1.1\r\nX: " + b"b" * 60 + b"\r\n\r\n") == 431

    def test_is_not_a_head_of_just_the_limit_whose_empty_line_is_cut(self) -> None:
        head = b"GET / HTTP/1.1\r\n" + b"X: ".ljust(34, b"b") + b"\r\n\r\n"
        assert [status_of(head[:size]) for size in (50, 51, 52, 53)] == [None] * 4


class TestEmptyLines:
    @pytest.mark.parametrize(
        ("data", "rest"),
        [
            (b"\r\n\r\nGET", b"GET"),
            (b"\r\n\r", b"\r"),
            (b"\r\n", b""),
            (b"GET\r\n", b"GET\r\n"),
            (b"", b""),
        ],
    )
    def test_at_the_front_are_left_out(self, data: bytes, rest: bytes) -> None:
        assert without_empty_lines(data) == rest
