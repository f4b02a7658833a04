import asyncio
import gzip
import importlib
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from hedgerow.client import AnswerRule, DeadlineExceeded, HedgeRule
from hedgerow.client.httpx import HedgedTransport, HttpxDeadlineExceeded
from tests.client.attempts import cancelled_after, elapsed
from tests.client.transport import ScriptedTransport, Serves
from tests.fakes.virtual_loop import run

URL = "http://upstream/"
SILENT = Serves(10_000.0)
REFUSED = httpx.ConnectError("connection refused")
RULE = HedgeRule.of(0.3)
JSON = AnswerRule(frozenset({200}), "json")


def hedged(wrapped: ScriptedTransport, rule: HedgeRule = RULE, **rules: Any) -> HedgedTransport:
    return HedgedTransport(wrapped, rule, **rules)


def get(transport: HedgedTransport, **request: Any) -> httpx.Response:
    """Get it whole, as ``client.get`` does."""
    return run(fetched(transport, "GET", **request))


async def fetched(transport: HedgedTransport, method: str, **request: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=transport) as client:
        return await client.request(method, URL, **request)


class TestGet:
    def test_is_sent_once_when_it_is_answered_in_time(self) -> None:
        wrapped = ScriptedTransport(Serves())
        assert get(hedged(wrapped)).text == "hello"
        assert wrapped.sent == [0.0]

    def test_is_sent_again_when_it_is_slow(self) -> None:
        wrapped = ScriptedTransport(SILENT, Serves(body=(b"from the copy",)))
        assert get(hedged(wrapped)).text == "from the copy"
        assert wrapped.sent == [0.0, 0.3]

    @pytest.mark.parametrize("status", [408, 429, 500, 503])
    def test_is_sent_again_at_once_when_it_fails(self, status: int) -> None:
        wrapped = ScriptedTransport(Serves(status=status), Serves())
        assert get(hedged(wrapped)).status_code == 200
        assert wrapped.sent == [0.0, 0.1]

    def test_is_not_sent_again_when_the_answer_is_final(self) -> None:
        wrapped = ScriptedTransport(Serves(status=404))
        assert get(hedged(wrapped)).status_code == 404
        assert wrapped.sent == [0.0]

    def test_is_not_sent_again_before_the_server_wants_it(self) -> None:
        away = Serves(status=429, headers={"retry-after": "2"})
        wrapped = ScriptedTransport(away, Serves())
        assert get(hedged(wrapped)).status_code == 200
        assert wrapped.sent == [0.0, 2.1]

    def test_may_be_kept_to_one_attempt(self) -> None:
        wrapped = ScriptedTransport(Serves(5.0))
        assert get(hedged(wrapped), extensions={"hedge": False}).text == "hello"
        assert wrapped.sent == [0.0]

    def test_counts(self) -> None:
        transport = hedged(ScriptedTransport(SILENT, Serves()))
        get(transport)
        counted = transport.counters
        assert (counted.requests, counted.attempts, counted.hedges_won) == (1, 2, 1)
        assert (counted.answered, counted.failed, counted.abandoned) == (1, 0, 0)


class TestPost:
    def sent(self, rule: HedgeRule = RULE, **request: Any) -> list[bytes]:
        wrapped = ScriptedTransport(Serves(0.5), Serves())
        run(fetched(hedged(wrapped, rule), "POST", **request))
        return wrapped.bodies

    def test_is_sent_once(self) -> None:
        assert self.sent(content=b"order") == [b"order"]

    def test_is_sent_again_with_an_idempotency_key(self) -> None:
        key = {"Idempotency-Key": "7"}
        assert self.sent(content=b"order", headers=key) == [b"order", b"order"]

    def test_is_sent_again_where_the_rule_lists_its_method(self) -> None:
        rule = replace(RULE, methods=frozenset({"POST"}))
        assert self.sent(rule, json={"n": 1}) == [b'{"n":1}', b'{"n":1}']

    def test_is_sent_again_where_the_request_says_so(self) -> None:
        assert self.sent(content=b"order", extensions={"hedge": True}) == [b"order", b"order"]

    def test_is_sent_again_when_it_never_left(self) -> None:
        wrapped = ScriptedTransport(Serves(error=REFUSED), Serves())
        answer = run(fetched(hedged(wrapped), "POST", content=b"order"))
        assert (answer.status_code, len(wrapped.sent)) == (200, 2)

    def test_is_sent_once_when_its_body_can_be_read_only_once(self) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield b"piece "
            yield b"by piece"

        key = {"Idempotency-Key": "7"}
        assert self.sent(content=body(), headers=key) == [b"piece by piece"]


class TestLosers:
    def test_are_closed_and_the_winner_is_left_open(self) -> None:
        wrapped = ScriptedTransport(Serves(status=503), Serves(body=(b"a", b"b")))

        async def main() -> tuple[int, bytes, int]:
            async with httpx.AsyncClient(transport=hedged(wrapped)) as client:
                async with client.stream("GET", URL) as response:
                    still_open = wrapped.open_streams
                    body = await response.aread()
                return still_open, body, wrapped.open_streams

        assert run(main()) == (1, b"ab", 0)

    def test_are_closed_while_their_body_is_being_read(self) -> None:
        judged = Serves(body=(b"{", b"}"), pause=5.0)
        wrapped = ScriptedTransport(judged, Serves(body=(b"{}",)))
        assert get(hedged(wrapped, answers=JSON)).json() == {}
        assert [stream.closed for stream in wrapped.streams] == [True, True]

    def test_are_closed_when_the_caller_leaves(self) -> None:
        wrapped = ScriptedTransport(Serves(status=503), SILENT)
        run(cancelled_after(0.2, lambda: fetched(hedged(wrapped), "GET")))
        assert (len(wrapped.streams), wrapped.open_streams) == (1, 0)


class TestAllFailed:
    def test_gives_the_best_real_answer(self) -> None:
        wrapped = ScriptedTransport(Serves(status=503), Serves(status=500, body=(b"oops",)))
        answer = get(hedged(wrapped))
        assert (answer.status_code, answer.text) == (500, "oops")
        assert wrapped.open_streams == 0

    def test_prefers_an_answer_to_an_error(self) -> None:
        wrapped = ScriptedTransport(Serves(status=503), Serves(error=REFUSED))
        assert get(hedged(wrapped)).status_code == 503

    def test_raises_the_error_that_tells_most_where_there_is_no_answer(self) -> None:
        reset = httpx.ReadError("connection reset")
        wrapped = ScriptedTransport(Serves(error=REFUSED), Serves(error=reset))
        with pytest.raises(httpx.ReadError) as raised:
            get(hedged(wrapped))
        assert raised.value is reset

    def test_notes_the_other_errors(self) -> None:
        reset = httpx.ReadError("connection reset")
        wrapped = ScriptedTransport(Serves(error=REFUSED), Serves(error=reset))
        with pytest.raises(httpx.ReadError) as raised:
            get(hedged(wrapped))
        assert raised.value.__notes__ == ["attempt 1 (primary): ConnectError('connection refused')"]

    def test_raises_a_timeout_when_each_attempt_had_used_up_its_own_time(self) -> None:
        with pytest.raises(httpx.ReadTimeout, match="longer than its own time"):
            get(hedged(ScriptedTransport(SILENT, SILENT), per_try=0.1))

    def test_reads_a_short_refused_answer_to_free_its_connection(self) -> None:
        refused = Serves(status=503, headers={"content-length": "5"})
        wrapped = ScriptedTransport(refused, Serves(5.0, status=503))

        async def main() -> int:
            call = asyncio.ensure_future(fetched(hedged(wrapped), "GET"))
            await asyncio.sleep(0.2)
            still_open = wrapped.open_streams
            await call
            return still_open

        assert run(main()) == 0

    def test_waits_for_the_body_of_a_refused_answer_that_it_has_begun_to_read(self) -> None:
        refused = Serves(status=503, headers={"content-length": "5"}, pause=0.4)
        answer = get(hedged(ScriptedTransport(refused, Serves(error=REFUSED))))
        assert (answer.status_code, answer.text) == (503, "hello")

    def test_raises_its_error_where_that_body_breaks(self) -> None:
        broken = httpx.ReadError("reset in the body")
        refused = Serves(status=503, headers={"content-length": "9"}, pause=0.4, breaks=broken)
        with pytest.raises(httpx.ReadError, match="reset in the body"):
            get(hedged(ScriptedTransport(refused, Serves(error=REFUSED))))


class TestDeadline:
    def test_is_a_timeout_to_httpx_and_to_python(self) -> None:
        with pytest.raises(HttpxDeadlineExceeded) as exceeded:
            get(hedged(ScriptedTransport(SILENT, SILENT), deadline=1.0))
        for kind in (httpx.TimeoutException, DeadlineExceeded, TimeoutError):
            assert isinstance(exceeded.value, kind)
        assert exceeded.value.request.url == URL

    def test_may_come_with_the_request(self) -> None:
        with pytest.raises(HttpxDeadlineExceeded, match="within 200ms: 1 attempt sent"):
            get(hedged(ScriptedTransport(SILENT)), extensions={"deadline": 0.2})

    def test_gives_the_best_real_answer_that_is_whole(self) -> None:
        refused = Serves(status=503, headers={"content-length": "5"})
        answer = get(hedged(ScriptedTransport(refused, SILENT), deadline=1.0))
        assert (answer.status_code, answer.text) == (503, "hello")

    def test_covers_the_body_too(self) -> None:
        transport = hedged(ScriptedTransport(Serves(body=(b"x",) * 9, pause=0.2)), deadline=1.0)
        with pytest.raises(HttpxDeadlineExceeded):
            get(transport)
        assert (transport.counters.expired, transport.counters.aborted) == (1, 1)

    def test_ends_a_refused_answer_that_is_still_being_read(self) -> None:
        refused = Serves(status=503, headers={"content-length": "5"}, pause=5.0)
        wrapped = ScriptedTransport(refused, Serves(error=REFUSED))
        with pytest.raises(HttpxDeadlineExceeded):
            get(hedged(wrapped, deadline=1.0))
        assert wrapped.open_streams == 0

    def test_is_kept_to_the_moment(self) -> None:
        async def main() -> float:
            with pytest.raises(httpx.TimeoutException):
                await fetched(hedged(ScriptedTransport(SILENT, SILENT), deadline=1.0), "GET")
            return elapsed()

        assert run(main()) == 1.0


class TestBody:
    def test_of_the_winner_comes_piece_by_piece(self) -> None:
        wrapped = ScriptedTransport(Serves(body=(b"a", b"b"), pause=1.0))
        came: list[tuple[float, bytes]] = []

        async def main() -> None:
            async with (
                httpx.AsyncClient(transport=hedged(wrapped)) as client,
                client.stream("GET", URL) as response,
            ):
                came.extend([(elapsed(), piece) async for piece in response.aiter_raw()])

        run(main())
        assert came == [(1.1, b"a"), (2.1, b"b")]

    def test_that_breaks_raises_what_broke_it(self) -> None:
        broken = Serves(breaks=httpx.RemoteProtocolError("incomplete"))
        transport = hedged(ScriptedTransport(broken))
        with pytest.raises(httpx.RemoteProtocolError):
            get(transport)
        assert (transport.counters.aborted, transport.counters.answered) == (1, 0)

    def test_that_is_not_read_to_its_end_counts_as_abandoned(self) -> None:
        transport = hedged(ScriptedTransport(Serves()))

        async def main() -> None:
            async with (
                httpx.AsyncClient(transport=transport) as client,
                client.stream("GET", URL),
            ):
                pass

        run(main())
        assert (transport.counters.abandoned, transport.counters.answered) == (1, 0)


class TestJson:
    def test_that_is_valid_wins(self) -> None:
        wrapped = ScriptedTransport(Serves(body=(b"<html>",)), Serves(body=(b'{"time":', b" 7}")))
        assert get(hedged(wrapped, answers=JSON)).json() == {"time": 7}

    def test_may_be_compressed(self) -> None:
        packed = Serves(body=(gzip.compress(b"[7]"),), headers={"content-encoding": "gzip"})
        assert get(hedged(ScriptedTransport(packed), answers=JSON)).json() == [7]

    def test_that_never_comes_is_told_as_such(self) -> None:
        html = Serves(body=(b"<html>",))
        with pytest.raises(httpx.DecodingError, match="not JSON"):
            get(hedged(ScriptedTransport(html, html), answers=JSON))

    def test_is_not_asked_of_an_answer_that_has_no_body(self) -> None:
        transport = hedged(ScriptedTransport(Serves(body=())), answers=JSON)
        assert run(fetched(transport, "HEAD")).status_code == 200


class TestFirstByte:
    RULE = replace(HedgeRule.of(0.3), at="first-byte")

    def test_is_waited_for(self) -> None:
        stuck = Serves(0.1, body=(b"late",), pause=10.0)
        wrapped = ScriptedTransport(stuck, Serves(body=(b"", b"copy", b" wins")))
        assert get(hedged(wrapped, self.RULE)).text == "copy wins"

    def test_may_be_missing_from_an_empty_body(self) -> None:
        wrapped = ScriptedTransport(Serves(body=()))
        assert get(hedged(wrapped, self.RULE)).content == b""


class TestHedgedTransport:
    def test_enters_and_closes_the_transport_that_it_wraps(self) -> None:
        wrapped = ScriptedTransport(Serves())
        get(hedged(wrapped))
        assert (wrapped.entered, wrapped.closed) == (True, True)

    def test_says_what_to_install_where_httpx_is_missing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "httpx", None)
        monkeypatch.delitem(sys.modules, "hedgerow.client.httpx")
        with pytest.raises(ImportError, match=r"pip install 'hedgerow\[httpx\]'"):
            importlib.import_module("hedgerow.client.httpx")
