"""The aiohttp helper over real sockets: aiohttp's own session under it, a scripted upstream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from hedgerow.client import AnswerRule, DeadlineExceeded, HedgeRule
from hedgerow.client.aiohttp import HedgedSession, hedged_request
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
from tests.fakes.gateway_upstream import Upstream, answers, is_silent, upstream

RULE = HedgeRule.of(DELAY)
STRICT = {"raise_for_status": True}


@contextlib.asynccontextmanager
async def hedged(
    *, connections: int = 100, session: dict[str, Any] | None = None, **rules: Any
) -> AsyncIterator[HedgedSession]:
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, **(session or {})) as plain:
        yield HedgedSession(plain, RULE, **rules)


def all_gone(up: Upstream) -> bool:
    return all(arrival.gone.is_set() for arrival in up.arrivals)


class TestSlowUpstream:
    def test_is_asked_again_and_the_first_attempt_is_cancelled(self) -> None:
        async def main() -> object:
            async with upstream(in_turn(is_silent, answers_as_copy)) as up, hedged() as session:
                async with session.get(up.url) as answer:
                    body: object = await answer.json()
                await eventually(up.arrivals[0].gone.is_set)
                return body

        assert play(main()) == COPY

    def test_may_be_asked_once_without_a_session_of_ours(self) -> None:
        async def main() -> object:
            async with (
                upstream(in_turn(is_silent, answers_as_copy)) as up,
                aiohttp.ClientSession() as plain,
                hedged_request(plain, "GET", up.url, rule=RULE, deadline=5.0) as answer,
            ):
                return await answer.json()

        assert play(main()) == COPY

    def test_costs_a_post_only_time(self) -> None:
        async def main() -> int:
            async with upstream(is_silent) as up, hedged(deadline=4 * DELAY) as session:
                with pytest.raises(TimeoutError):
                    await session.post(up.url, data=b"order")
                return len(up.arrivals)

        assert play(main()) == 1

    @pytest.mark.parametrize("options", [{"json": {"n": 1}}, {"data": b'{"n": 1}'}])
    def test_is_sent_the_whole_body_again(self, options: dict[str, Any]) -> None:
        async def main() -> list[bytes]:
            async with upstream(in_turn(is_silent, answers)) as up, hedged() as session:
                key = {"idempotency-key": "7"}
                await session.post(up.url, headers=key, **options)
                return [arrival.body for arrival in up.arrivals]

        assert play(main()) == [b'{"n": 1}', b'{"n": 1}']

    def test_is_sent_no_second_copy_of_a_body_that_is_used_up(self) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield b"piece by piece"

        async def main() -> int:
            async with upstream(is_silent) as up, hedged(deadline=4 * DELAY) as session:
                with pytest.raises(TimeoutError):
                    await session.put(up.url, data=body(), hedge=True)
                return len(up.arrivals)

        assert play(main()) == 1


class TestFailingUpstream:
    def test_is_asked_again_at_once(self) -> None:
        async def main() -> tuple[int, int]:
            async with upstream(in_turn(refuses, answers)) as up, hedged() as session:
                return (await session.get(up.url)).status, len(up.arrivals)

        assert play(main()) == (200, 2)

    def test_has_its_own_answer_passed_on_when_nothing_better_came(self) -> None:
        async def main() -> tuple[int, str]:
            async with upstream(refuses) as up, hedged() as session:
                answer = await session.get(up.url)
                return answer.status, await answer.text()

        assert play(main()) == (503, "busy")

    def test_that_is_not_there_raises_what_aiohttp_raises(self) -> None:
        async def main() -> str:
            async with upstream(answers) as up:
                url = up.url
            async with hedged() as session:
                with pytest.raises(aiohttp.ClientConnectorError) as raised:
                    await session.get(url)
                return raised.value.__notes__[0]

        assert play(main()).startswith("attempt 2 (retry): ClientConnectorError")

    def test_breaks_a_body_that_has_been_handed_over(self) -> None:
        async def main() -> None:
            async with (
                upstream(breaks_off) as up,
                hedged() as session,
                session.get(up.url) as answer,
            ):
                with pytest.raises(aiohttp.ClientPayloadError):
                    await answer.read()

        play(main())


class TestRaiseForStatus:
    def test_waits_for_the_answer_that_wins(self) -> None:
        async def main() -> int:
            async with upstream(in_turn(refuses, answers)) as up, hedged(session=STRICT) as session:
                return (await session.get(up.url)).status

        assert play(main()) == 200

    def test_raises_for_the_best_answer_where_none_won(self) -> None:
        async def main() -> int:
            async with upstream(refuses) as up, hedged(session=STRICT) as session:
                with pytest.raises(aiohttp.ClientResponseError) as raised:
                    await session.get(up.url)
                return raised.value.status

        assert play(main()) == 503

    def test_may_be_left_to_a_function(self) -> None:
        async def check(answer: aiohttp.ClientResponse) -> None:
            raise LookupError(answer.status)

        async def main() -> None:
            async with upstream(refuses) as up, hedged() as session:
                with pytest.raises(LookupError, match="503"):
                    await session.get(up.url, raise_for_status=check)

        play(main())


class TestDeadline:
    def test_says_how_much_was_tried(self) -> None:
        async def main() -> None:
            async with upstream(is_silent) as up, hedged() as session:
                with pytest.raises(DeadlineExceeded, match="within 200ms: 2 attempts sent"):
                    await session.get(up.url, deadline=4 * DELAY)
                await eventually(lambda: all_gone(up))

        play(main())

    def test_ends_a_body_that_never_ends(self) -> None:
        async def main() -> None:
            async with (
                upstream(drips) as up,
                hedged(deadline=4 * DELAY) as session,
                session.get(up.url) as answer,
            ):
                with pytest.raises(TimeoutError):
                    await answer.read()

        play(main())

    def test_leaves_a_shorter_timeout_of_the_callers_alone(self) -> None:
        async def main() -> None:
            async with upstream(is_silent) as up, hedged(deadline=20.0) as session:
                with pytest.raises(TimeoutError):
                    await session.get(up.url, timeout=aiohttp.ClientTimeout(total=DELAY))

        play(main(), seconds=10.0)


class TestJson:
    def test_is_looked_for_in_the_body(self) -> None:
        async def main() -> object:
            rules = AnswerRule(frozenset({200}), "json")
            async with (
                upstream(in_turn(answers_html, answers_as_copy)) as up,
                hedged(answers=rules) as session,
                session.get(up.url) as answer,
            ):
                return await answer.json()

        assert play(main()) == COPY

    def test_that_never_comes_is_told_as_such(self) -> None:
        async def main() -> None:
            rules = AnswerRule(frozenset({200}), "json")
            async with upstream(answers_html) as up, hedged(answers=rules) as session:
                with pytest.raises(aiohttp.ContentTypeError, match="not JSON"):
                    await session.get(up.url)

        play(main())


class TestConnections:
    def test_are_free_again_after_each_call(self) -> None:
        """Two connections for eight calls with a loser each: none may be lost on the way."""

        async def main() -> list[int]:
            script = in_turn(refuses, answers, refuses, answers, refuses, answers, answers)
            async with upstream(script) as up, hedged(connections=2) as session:
                statuses = []
                for _ in range(8):
                    async with session.get(up.url, deadline=5.0) as answer:
                        statuses.append(answer.status)
                return statuses

        assert play(main()) == [200] * 8

    def test_have_room_for_copies_while_refused_answers_are_kept(self) -> None:
        async def main() -> list[int]:
            script = in_turn(refuses, refuses, answers)
            async with upstream(script) as up, hedged(connections=2) as session:
                both = await asyncio.gather(session.get(up.url), session.get(up.url))
                return [answer.status for answer in both]

        assert play(main()) == [200, 200]


class TestCaller:
    def test_that_leaves_takes_every_attempt_along(self) -> None:
        async def main() -> None:
            async with upstream(is_silent) as up, hedged() as session:

                async def call() -> None:
                    await session.get(up.url)

                calling = asyncio.ensure_future(call())
                await eventually(lambda: len(up.arrivals) == 2)
                calling.cancel()
                await eventually(lambda: all_gone(up))

        play(main())
