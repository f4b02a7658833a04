"""The httpx transport over real sockets: httpx's own pool under it, a scripted upstream."""

import asyncio
from typing import Any

import httpx
import pytest

from hedgerow.client import AnswerRule, HedgeRule
from hedgerow.client.httpx import HedgedTransport
from tests.client.real_time import eventually, play
from tests.client.treatments import (
    COPY,
    DELAY,
    answers_as_copy,
    answers_html,
    breaks_off,
    drips,
    in_turn,
    refuses,
)
from tests.fakes.gateway_upstream import Arrival, Upstream, answers, is_silent, upstream


def hedged(*, connections: int = 100, **rules: Any) -> httpx.AsyncClient:
    pool = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=connections))
    return httpx.AsyncClient(transport=HedgedTransport(pool, HedgeRule.of(DELAY), **rules))


def all_gone(up: Upstream) -> bool:
    return all(arrival.gone.is_set() for arrival in up.arrivals)


class TestSlowUpstream:
    def test_is_asked_again_and_the_first_attempt_is_cancelled(self) -> None:
        async def main() -> object:
            async with upstream(in_turn(is_silent, answers_as_copy)) as up, hedged() as client:
                answer = await client.get(up.url)
                await eventually(up.arrivals[0].gone.is_set)
                return answer.json()

        assert play(main()) == COPY

    def test_costs_a_post_only_time(self) -> None:
        async def main() -> int:
            async with upstream(is_silent) as up, hedged(deadline=4 * DELAY) as client:
                with pytest.raises(httpx.TimeoutException):
                    await client.post(up.url, content=b"order")
                return len(up.arrivals)

        assert play(main()) == 1

    def test_is_sent_the_whole_body_again(self) -> None:
        async def main() -> list[bytes]:
            async with upstream(in_turn(is_silent, answers)) as up, hedged() as client:
                key = {"Idempotency-Key": "7"}
                await client.post(up.url, content=b"order", headers=key)
                return [arrival.body for arrival in up.arrivals]

        assert play(main()) == [b"order", b"order"]


class TestFailingUpstream:
    def test_is_asked_again_at_once(self) -> None:
        async def main() -> tuple[int, int]:
            async with upstream(in_turn(refuses, answers)) as up, hedged() as client:
                return (await client.get(up.url)).status_code, len(up.arrivals)

        assert play(main()) == (200, 2)

    def test_has_its_own_answer_passed_on_when_nothing_better_came(self) -> None:
        async def main() -> tuple[int, str]:
            async with upstream(refuses) as up, hedged() as client:
                answer = await client.get(up.url)
                return answer.status_code, answer.text

        assert play(main()) == (503, "busy")

    def test_that_is_not_there_raises_what_httpx_raises(self) -> None:
        async def main() -> str:
            async with upstream(answers) as up:
                url = up.url
            async with hedged() as client:
                with pytest.raises(httpx.ConnectError) as raised:
                    await client.get(url)
                return raised.value.__notes__[0]

        assert play(main()).startswith("attempt 2 (retry): ConnectError")

    def test_breaks_a_body_that_has_been_handed_over(self) -> None:
        async def main() -> None:
            async with upstream(breaks_off) as up, hedged() as client:
                with pytest.raises(httpx.RemoteProtocolError):
                    await client.get(up.url)

        play(main())


class TestDeadline:
    def test_ends_a_body_that_never_ends(self) -> None:
        async def main() -> None:
            async with upstream(drips) as up, hedged(deadline=4 * DELAY) as client:
                with pytest.raises(httpx.TimeoutException):
                    await client.get(up.url)
                await eventually(lambda: all_gone(up))

        play(main())

    def test_is_a_request_of_its_own_where_that_says_so(self) -> None:
        async def main() -> None:
            async with upstream(is_silent) as up, hedged() as client:
                with pytest.raises(httpx.TimeoutException):
                    await client.get(up.url, extensions={"deadline": DELAY / 2})
                assert len(up.arrivals) == 1

        play(main())


class TestJson:
    def test_is_looked_for_in_the_body(self) -> None:
        async def main() -> object:
            rules = AnswerRule(frozenset({200}), "json")
            async with (
                upstream(in_turn(answers_html, answers_as_copy)) as up,
                hedged(answers=rules) as client,
            ):
                return (await client.get(up.url)).json()

        assert play(main()) == COPY


class TestPool:
    def test_has_room_for_copies_while_refused_answers_are_kept(self) -> None:
        """Two connections, two calls at once: a kept answer must not hold its connection."""

        async def main() -> list[int]:
            script = in_turn(refuses, refuses, answers)
            async with upstream(script) as up, hedged(connections=2) as client:
                both = await asyncio.gather(client.get(up.url), client.get(up.url))
                return [answer.status_code for answer in both]

        assert play(main()) == [200, 200]

    def test_can_be_closed_right_after_losers_were_cancelled(self) -> None:
        async def main() -> None:
            async with upstream(in_turn(is_silent, answers)) as up:
                async with hedged() as client:
                    await client.get(up.url)
                await eventually(lambda: all_gone(up))
                assert asyncio.all_tasks() - {asyncio.current_task()} == up._tasks

        play(main())

    def test_serves_many_calls_at_once_and_loses_none(self) -> None:
        """Of each three, the first attempt is answered, ignored or refused; copies are answered."""
        seen: set[str] = set()

        async def script(arrival: Arrival) -> None:
            is_copy = arrival.target in seen
            seen.add(arrival.target)
            number = int(arrival.target.removeprefix("/"))
            await (answers if is_copy else (answers, is_silent, refuses)[number % 3])(arrival)

        async def main() -> set[int]:
            async with upstream(script) as up, hedged(connections=20) as client:
                calls = [client.get(f"{up.url}/{number}") for number in range(60)]
                return {answer.status_code for answer in await asyncio.gather(*calls)}

        assert play(main()) == {200}


class TestCaller:
    def test_that_leaves_takes_every_attempt_along(self) -> None:
        async def main() -> None:
            async with upstream(is_silent) as up, hedged() as client:
                call = asyncio.ensure_future(client.get(up.url))
                await eventually(lambda: len(up.arrivals) == 2)
                call.cancel()
                await eventually(lambda: all_gone(up))

        play(main())
