"""Balancing by expected cost: a slow replica gets less, and none is left without traffic."""

import asyncio
from collections import Counter

import pytest

from tests.fakes.gateway_house import House, house, with_status
from tests.fakes.gateway_running import play
from tests.fakes.gateway_upstream import Arrival, Script, answers

PEAKS = 'balance = "peak-ewma"\n'


def answers_after(seconds: float) -> Script:
    async def script(arrival: Arrival) -> None:
        await asyncio.sleep(seconds)
        arrival.answer()

    return script


async def crowd(scene: House, users: int, each: int) -> Counter[int]:
    """Several at once, each one request after the other."""
    counts = await asyncio.gather(*(scene.ask(each) for _ in range(users)))
    return sum(counts, Counter())


class TestSlowReplica:
    @pytest.mark.parametrize("health", ["", 'health = "off"'])
    def test_gets_less(self, health: str) -> None:
        async def main() -> list[int]:
            slow, quick = answers_after(0.04), answers_after(0.002)
            async with house(slow, quick, pool=PEAKS + health) as scene:
                await crowd(scene, 4, 40)
                return scene.came()

        slow, quick = play(main())
        assert slow + quick == 160
        assert 1 <= slow < quick / 4


class TestReplicaThatFailsAtOnce:
    def test_draws_no_traffic(self) -> None:
        async def main() -> tuple[Counter[int], list[int]]:
            pool = PEAKS + 'health = "off"'
            async with house(with_status(503), answers_after(0.005), pool=pool) as scene:
                return await crowd(scene, 4, 25), scene.came()

        statuses, (bad, good) = play(main())
        assert statuses == {200: 100}
        assert bad < good / 4


class TestEqualReplicas:
    def test_all_get_some(self) -> None:
        async def main() -> list[int]:
            async with house(answers, answers, answers, pool=PEAKS) as scene:
                await crowd(scene, 4, 25)
                return scene.came()

        assert min(play(main())) >= 5
