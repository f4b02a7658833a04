"""Replicas that fail are left alone, and used again once they are well."""

import asyncio
import time
from collections import Counter

import pytest

from hedgerow.policy.health import ADMITTING, EJECTED
from tests.fakes.gateway_house import AT_ONCE, TURNS, House, house, with_status
from tests.fakes.gateway_running import play
from tests.fakes.gateway_upstream import Arrival, Script, answers, is_silent

QUICK = 'health = {failures = 2, ejection = "150ms"}\n' + AT_ONCE
LONG = 'health = {failures = 2, ejection = "60s"}\n' + AT_ONCE
BALANCES = ["round-robin", "least-request", "peak-ewma"]


def is_out(scene: House) -> bool:
    return scene.one(1).state is EJECTED


def is_back(scene: House) -> bool:
    return scene.one(1).state is ADMITTING


class Changing:
    """A replica that does something else when a test says so."""

    def __init__(self, script: Script) -> None:
        self.script = script

    async def __call__(self, arrival: Arrival) -> None:
        await self.script(arrival)


class TestKilledReplica:
    @pytest.mark.parametrize("balance", BALANCES)
    def test_fails_no_request_and_gets_none(self, balance: str) -> None:
        async def main() -> tuple[Counter[int], bool, int]:
            pool = f'balance = "{balance}"\n{LONG}'
            async with house(answers, answers, answers, pool=pool) as scene:
                await scene.ask(6)
                await scene.replicas[0].stop()
                statuses = await scene.ask(60)
                return statuses, is_out(scene), scene.told().ejections

        statuses, is_ejected, ejections = play(main())
        assert statuses == {200: 60}
        # The balancer of peaks avoids it after its first failure: then there is no second one.
        assert balance == "peak-ewma" or (is_ejected and ejections == 1)

    def test_is_used_again_once_it_is_back(self) -> None:
        async def main() -> tuple[Counter[int], list[int]]:
            async with house(answers, answers, pool=TURNS + QUICK) as scene:
                await scene.replicas[0].stop()
                await scene.until(lambda: is_out(scene), asking=True)
                await scene.replicas[0].start()
                await scene.until(lambda: is_back(scene), asking=True)
                shares = await scene.shares(20)
                return await scene.ask(20), shares

        assert play(main()) == ({200: 20}, [10, 10])

    def test_costs_one_attempt_each_time_its_time_is_over(self) -> None:
        async def main() -> tuple[Counter[int], int]:
            async with house(with_status(503), answers, pool=TURNS + QUICK) as scene:
                await scene.until(lambda: is_out(scene), asking=True)
                before = scene.came()[0]
                statuses: Counter[int] = Counter()
                until = time.monotonic() + 0.6
                while time.monotonic() < until:
                    statuses += await scene.ask()
                    await asyncio.sleep(0.002)
                return statuses, scene.came()[0] - before

        statuses, attempts = play(main())
        assert list(statuses) == [200]
        assert 1 <= attempts <= 3  # after 150 ms, and 300 ms after that


class TestOperator:
    def test_is_told_when_a_replica_goes_and_comes_back(self) -> None:
        async def main() -> tuple[list[str], str]:
            bad = Changing(with_status(500))
            async with house(bad, answers, pool=TURNS + QUICK) as scene:
                stories = scene.running.stories
                await scene.until(lambda: is_out(scene), asking=True)
                await scene.until(lambda: len(stories) == 1)
                bad.script = answers
                await scene.until(lambda: is_back(scene), asking=True)
                await scene.until(lambda: len(stories) == 2)
                return stories, scene.one(1).name

        stories, name = play(main())
        assert stories == [
            f"hedgerow: upstream work: {name} is left alone: its attempts fail",
            f"hedgerow: upstream work: {name} is used again",
        ]


class TestReplicaThatAnswersBadly:
    def test_gets_no_more_than_it_takes_to_see(self) -> None:
        async def main() -> tuple[Counter[int], list[int]]:
            async with house(with_status(500), answers, answers, pool=TURNS + LONG) as scene:
                return await scene.ask(30), scene.came()

        statuses, came = play(main())
        assert statuses == {200: 30}
        assert came[0] == 2

    def test_is_used_again_once_it_answers_well(self) -> None:
        async def main() -> list[int]:
            bad = Changing(with_status(500))
            async with house(bad, answers, pool=TURNS + QUICK) as scene:
                await scene.until(lambda: is_out(scene), asking=True)
                bad.script = answers
                await scene.until(lambda: is_back(scene), asking=True)
                return await scene.shares(20)

        assert play(main()) == [10, 10]

    def test_is_not_ejected_for_what_is_the_clients_fault(self) -> None:
        async def main() -> tuple[Counter[int], bool]:
            async with house(with_status(404), answers, pool=TURNS + LONG) as scene:
                return await scene.ask(20), is_out(scene)

        assert play(main()) == ({404: 10, 200: 10}, False)

    def test_stays_where_health_is_off(self) -> None:
        async def main() -> list[int]:
            async with house(with_status(500), answers, pool=TURNS + 'health = "off"') as scene:
                await scene.ask(20)
                return scene.came()

        assert play(main()) == [10, 20]

    def test_stays_where_it_is_alone(self) -> None:
        async def main() -> Counter[int]:
            async with house(with_status(500), route="", pool=LONG) as scene:
                return await scene.ask(20)

        assert play(main()) == {500: 20}


class TestReplicaThatNeverAnswers:
    def test_costs_its_time_only_until_it_is_ejected(self) -> None:
        async def main() -> tuple[Counter[int], list[int], float]:
            route = (
                'deadline = {default = "2s", per_try = "60ms"}\n'
                'hedge = {delay = "off", max_attempts = 2, budget = "off"}'
            )
            async with house(is_silent, answers, route=route, pool=TURNS + LONG) as scene:
                statuses = await scene.ask(4)
                began = time.monotonic()
                statuses += await scene.ask(20)
                return statuses, scene.came(), time.monotonic() - began

        statuses, came, took = play(main())
        assert statuses == {200: 24}
        assert came == [2, 24]
        assert took < 20 * 0.06  # else each of them had waited for an attempt there


class TestPanic:
    def test_uses_what_was_ejected_where_too_few_are_left(self) -> None:
        async def main() -> tuple[Counter[int], bool, bool, list[int]]:
            pool = TURNS + 'health = {failures = 2, ejection = "60s", panic_below = "60%"}'
            async with house(with_status(500), answers, pool=pool) as scene:
                await scene.until(lambda: is_out(scene), asking=True)
                panics = scene.told().is_panicking
                shares = await scene.shares(20)
                return await scene.ask(10), is_out(scene), panics, shares

        statuses, is_ejected, is_panicking, shares = play(main())
        assert statuses == {200: 10}
        assert (is_ejected, is_panicking) == (True, True)
        assert shares == [10, 20]


class TestWeights:
    def test_are_kept_to_by_turns(self) -> None:
        async def main() -> list[int]:
            async with house(answers, answers, pool=TURNS, weights=[3, 1]) as scene:
                return await scene.shares(40)

        assert play(main()) == [30, 10]

    @pytest.mark.parametrize("health", ["", 'health = "off"'])
    def test_are_kept_to_by_draw(self, health: str) -> None:
        async def main() -> list[int]:
            pool = f'balance = "least-request"\n{health}'
            async with house(answers, answers, pool=pool, weights=[3, 1]) as scene:
                return await scene.shares(400)

        heavy, light = play(main())
        assert heavy + light == 400
        assert 250 <= heavy <= 350  # 300, and six standard deviations to either side


class TestSlowStart:
    @pytest.mark.parametrize(("seconds", "least", "most"), [("off", 25, 25), ("60s", 1, 10)])
    def test_gives_one_that_is_back_less_than_its_share(
        self, seconds: str, least: int, most: int
    ) -> None:
        async def main() -> int:
            bad = Changing(with_status(500))
            pool = f'health = {{failures = 2, ejection = "100ms"}}\nslow_start = "{seconds}"\n'
            async with house(bad, answers, pool=TURNS + pool) as scene:
                await scene.until(lambda: is_out(scene), asking=True)
                bad.script = answers
                await scene.until(lambda: is_back(scene), asking=True)
                return (await scene.shares(50))[0]

        assert least <= play(main()) <= most
