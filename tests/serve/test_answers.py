"""What the gateway says itself, and how it reads an upstream's Retry-After and JSON."""

import pytest

from hedgerow.errors import Failure
from hedgerow.policy import Situation
from hedgerow.serve.answers import parse_json, response_for, retry_after_seconds


class TestResponse:
    @pytest.mark.parametrize(
        ("situation", "failure", "status"),
        [
            (Situation.EXPIRED, None, 504),
            (Situation.EXPIRED, Failure.RESET, 504),
            (Situation.UNAVAILABLE, None, 503),
            (Situation.EXHAUSTED, Failure.NO_CAPACITY, 503),
            (Situation.EXHAUSTED, Failure.TIMEOUT, 504),
            (Situation.EXHAUSTED, Failure.CONNECT, 502),
            (Situation.EXHAUSTED, Failure.RESET, 502),
            (Situation.EXHAUSTED, Failure.UNUSABLE, 502),
            (Situation.EXHAUSTED, None, 502),
            (Situation.DEADLINE_MALFORMED, None, 400),
            (Situation.DEADLINE_TOO_SHORT, None, 400),
        ],
    )
    def test_has_the_status_of_its_situation(
        self, situation: Situation, failure: Failure | None, status: int
    ) -> None:
        assert response_for(situation, failure)[0] == status

    def test_says_when_to_come_back_only_where_waiting_helps(self) -> None:
        assert response_for(Situation.UNAVAILABLE, None)[2] == 1
        assert response_for(Situation.UNAVAILABLE, Failure.NO_CAPACITY)[2] == 1
        assert response_for(Situation.EXPIRED, None)[2] is None

    def test_tells_no_room_from_nobody_there(self) -> None:
        full = response_for(Situation.UNAVAILABLE, Failure.NO_CAPACITY)
        nobody = response_for(Situation.UNAVAILABLE, None)
        assert (full[0], full[1]) == (503, "there is no capacity left for this request")
        assert (nobody[0], nobody[1]) == (503, "no address of the upstream is known")

    @pytest.mark.parametrize("situation", list(Situation))
    def test_says_nothing_of_the_inside(self, situation: Situation) -> None:
        detail = response_for(situation, Failure.RESET)[1]
        assert detail
        assert not any(word in detail for word in ("replica", "pool", "attempt", "127.0.0.1"))


class TestJson:
    @pytest.mark.parametrize(
        ("body", "value"),
        [
            (b"null", None),
            (b"0", 0),
            (b'{"time": 7}', {"time": 7}),
            (b" [1, 2]\n", [1, 2]),
            (b"123456789012345678901234567890", 123456789012345678901234567890),
        ],
    )
    def test_is_read(self, body: bytes, value: object) -> None:
        assert parse_json(body) == (value, True)

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b'{"a": ', b"{} {}", b"NaN", b'"\xff"', b"[" * 100_000, b"1e999"]
    )
    def test_is_refused_where_it_is_none(self, body: bytes) -> None:
        assert parse_json(body) == (None, False)


#: Larger than any machine's numbers.
ZONE = b"Sat, 21 Nov 2026 02:00:07 +99999999999999"


class TestRetryAfter:
    SENT = (b"Date", b"Sat, 21 Nov 2026 02:00:00 GMT")

    @pytest.mark.parametrize(
        ("value", "seconds"), [(b"3", 3.0), (b" 3 ", 3.0), (b"0", 0.0), (b"9" * 30, 10.0**8)]
    )
    def test_may_be_seconds(self, value: bytes, seconds: float) -> None:
        assert retry_after_seconds(value, []) == seconds

    def test_may_be_a_date_compared_with_the_answers_own(self) -> None:
        assert retry_after_seconds(b"Sat, 21 Nov 2026 02:00:07 GMT", [self.SENT]) == 7.0

    def test_in_the_past_is_now(self) -> None:
        assert retry_after_seconds(b"Sat, 21 Nov 2026 01:00:00 GMT", [self.SENT]) == 0.0

    @pytest.mark.parametrize(
        "value", [b"", b"soon", b"-3", b"1.5", b"\xb2", b"Sat, 99 Nov 2026", ZONE]
    )
    def test_is_never_where_it_cannot_be_read(self, value: bytes) -> None:
        assert retry_after_seconds(value, [self.SENT]) == -1.0

    def test_is_never_where_a_date_has_nothing_to_be_compared_with(self) -> None:
        assert retry_after_seconds(b"Sat, 21 Nov 2026 02:00:07 GMT", []) == -1.0
