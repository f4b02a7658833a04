"""Several replicas: who gets what, and what happens when one is gone."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.fakes.gateway_client import Answer, ask, connected
from tests.fakes.gateway_running import Running, gateway, play, settings
from tests.fakes.gateway_upstream import (
    Arrival,
    Script,
    Upstream,
    answers,
    dead_port,
    is_silent,
    upstream,
)

TURNS = 'balance = "round-robin"'


@contextlib.asynccontextmanager
async def house(
    *scripts: Script, route: str = "", pool: str = "", dead: int = 0
) -> AsyncIterator[tuple[Running, list[Upstream]]]:
    """A gateway with a replica for each script, and some that nobody answers at."""
    async with contextlib.AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(upstream(script)) for script in scripts]
        urls = [replica.url for replica in replicas]
        urls += [f"http://127.0.0.1:{dead_port()}" for _ in range(dead)]
        running = await stack.enter_async_context(gateway(settings(urls, route, pool=pool)))
        yield running, replicas


async def asked(running: Running, count: int) -> Counter[int]:
    """How many answers of each status there were."""
    statuses: Counter[int] = Counter()
    async with connected(running.port) as client:
        for _ in range(count):
            client.ask("/")
            statuses[(await client.answer()).status] += 1
    return statuses


class TestRoundRobin:
    def test_asks_each_in_turn(self) -> None:
        async def main() -> list[int]:
            async with house(answers, answers, answers, pool=TURNS) as (running, replicas):
                await asked(running, 30)
                return [len(replica.arrivals) for replica in replicas]

        assert play(main()) == [10, 10, 10]


class TestLeastRequest:
    def test_spares_the_one_that_is_busy(self) -> None:
        async def slow(arrival: Arrival) -> None:
            await asyncio.sleep(0.1)
            arrival.answer()

        async def main() -> list[int]:
            async with house(slow, answers) as (running, replicas):
                await asyncio.gather(*(asked(running, 10) for _ in range(4)))
                return [len(replica.arrivals) for replica in replicas]

        slow_one, quick_one = play(main())
        assert slow_one < quick_one


class TestCopy:
    HEDGED = 'hedge = {delay = "30ms", extra = 2}'

    def test_goes_to_another_replica(self) -> None:
        async def main() -> tuple[Answer, list[list[int]]]:
            async with house(is_silent, answers, route=self.HEDGED, pool=TURNS) as (
                running,
                replicas,
            ):
                answer = await ask(running.port)
                return answer, [[a.attempt for a in replica.arrivals] for replica in replicas]

        answer, numbers = play(main())
        assert (answer.status, numbers) == (200, [[1], [2]])

    def test_is_not_sent_where_there_is_no_other(self) -> None:
        async def main() -> list[int]:
            route = self.HEDGED + '\ndeadline = "200ms"'
            async with house(is_silent, is_silent, route=route, pool=TURNS) as (running, replicas):
                await ask(running.port)
                return [len(replica.arrivals) for replica in replicas]

        assert play(main()) == [1, 1]


class TestDeadReplica:
    @pytest.mark.parametrize("balance", ["round-robin", "least-request"])
    @pytest.mark.parametrize(
        "route", ["", 'hedge = {max_attempts = 2, budget = "off"}', 'hedge = {delay = "200ms"}']
    )
    def test_fails_no_request(self, balance: str, route: str) -> None:
        async def main() -> Counter[int]:
            pool = f'balance = "{balance}"'
            async with house(answers, dead=1, route=route, pool=pool) as (running, _):
                return await asked(running, 60)

        assert play(main()) == {200: 60}

    def test_that_dies_while_it_is_used_fails_no_request(self) -> None:
        async def main() -> Counter[int]:
            route = 'hedge = {max_attempts = 2, budget = "off"}'
            async with house(answers, answers, route=route, pool=TURNS) as (running, replicas):
                before = await asked(running, 10)
                await replicas[0].stop()
                return before + await asked(running, 20)

        assert play(main()) == {200: 30}

    def test_is_used_again_once_it_is_back(self) -> None:
        async def main() -> tuple[int, Counter[int]]:
            route = 'hedge = {max_attempts = 2, budget = "off"}'
            async with house(answers, answers, route=route, pool=TURNS) as (running, replicas):
                await replicas[0].stop()
                await asked(running, 4)
                seen = len(replicas[0].arrivals)
                await replicas[0].start()
                statuses = await asked(running, 20)
                return len(replicas[0].arrivals) - seen, statuses

        assert play(main()) == (10, {200: 20})


class TestAllReplicasDead:
    def test_is_a_bad_gateway_at_once(self) -> None:
        async def main() -> Answer:
            async with house(dead=3) as (running, _):
                return await ask(running.port)

        answer = play(main())
        assert (answer.status, answer.json["detail"]) == (502, "the upstream could not be reached")
        assert answer.took < 5.0
