import asyncio

import pytest

from hedgerow.client.http import SHORT, HttpHedging, is_json, is_short, retry_after
from hedgerow.policy import HedgeRule
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim

DATE = "Sat, 21 Nov 2026 07:28:00 GMT"
TWO_MINUTES_LATER = "Sat, 21 Nov 2026 07:30:00 GMT"


class TestRetryAfter:
    def test_may_be_seconds(self) -> None:
        assert retry_after({"retry-after": "120"}) == 120.0

    def test_may_be_longer_than_anybody_waits(self) -> None:
        assert (retry_after({"retry-after": "9" * 5000}) or 0) > 1e8

    def test_may_be_a_date_which_counts_from_that_of_the_answer(self) -> None:
        assert retry_after({"retry-after": TWO_MINUTES_LATER, "date": DATE}) == 120.0

    def test_of_the_past_means_at_once(self) -> None:
        assert retry_after({"retry-after": DATE, "date": TWO_MINUTES_LATER}) == 0.0

    @pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "1e3", "\u0663"])
    def test_means_never_when_it_is_neither(self, text: str) -> None:
        assert retry_after({"retry-after": text, "date": DATE}) == -1.0

    def test_means_never_as_a_date_without_one_to_count_from(self) -> None:
        assert retry_after({"retry-after": TWO_MINUTES_LATER}) == -1.0

    def test_means_never_when_only_one_of_the_dates_has_a_zone(self) -> None:
        without_zone = "Sat, 21 Nov 2026 07:28:00 -0000"
        assert retry_after({"retry-after": TWO_MINUTES_LATER, "date": without_zone}) == -1.0

    def test_says_nothing_when_it_is_not_there(self) -> None:
        assert retry_after({}) is None


class TestExchange:
    def test_is_of_the_class_of_its_method(self) -> None:
        hedging = HttpHedging(
            HedgeRule.of(0.1), answers=None, deadline=1.0, per_try=1.0, budget=None
        )
        delays = hedging.policy.delays = AdaptiveDelays(DelayAim(0.05))

        async def begin() -> None:
            exchange = hedging.exchange(
                "HEAD", has_idempotency_key=False, replayable=True, deadline=None, hedge=None
            )
            exchange.start(asyncio.get_running_loop().time())

        asyncio.run(begin())
        assert set(delays.statistics()) == {"HEAD", None}


class TestShortBody:
    @pytest.mark.parametrize("length", ["0", "5", str(SHORT)])
    def test_is_one_that_says_so(self, length: str) -> None:
        assert is_short({"content-length": length})

    @pytest.mark.parametrize("length", [str(SHORT + 1), "", "-1", "five", "\u0665"])
    def test_is_not_one_that_is_long_or_does_not_say(self, length: str) -> None:
        assert not is_short({"content-length": length})

    def test_is_not_one_of_unknown_length(self) -> None:
        assert not is_short({"transfer-encoding": "chunked"})


class TestJson:
    @pytest.mark.parametrize("body", [b"{}", b"7", b' [null, "x"]\n', b'"\xc3\xa9"'])
    def test_is_any_value(self, body: bytes) -> None:
        assert is_json(body)

    @pytest.mark.parametrize(
        "body",
        [b"", b"<html>", b'{"a":', b"{}{}", b"NaN", b'"\xff"', b"[" * 100_000],
        ids=lambda body: repr(body[:8]),
    )
    def test_is_nothing_else(self, body: bytes) -> None:
        assert not is_json(body)
