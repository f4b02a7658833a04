"""Replicas are asked whether they are well, and are left alone while they are not."""

import asyncio
from collections import Counter

import pytest

from tests.fakes.gateway_client import ask
from tests.fakes.gateway_house import AT_ONCE, TURNS, House, checked, house
from tests.fakes.gateway_running import Running, eventually, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, dead_port, is_silent

#: Asked as often as the gateway looks, and believed at once.
EVERY = 'path = "/health", interval = "50ms", rise = 1, fall = 1'
CHECK = f"check = {{{EVERY}}}\n" + AT_ONCE


class Health:
    """What a replica says of itself."""

    def __init__(self, status: int = 200) -> None:
        self.status = status

    async def __call__(self, arrival: Arrival) -> None:
        arrival.answer(self.status)


def is_down(scene: House) -> bool:
    return not scene.one(1).is_up


class TestReplicaThatSaysItIsIll:
    def test_is_left_alone_before_any_request_meets_it(self) -> None:
        async def main() -> list[int]:
            scripts = checked(Health(503)), checked(Health())
            async with house(*scripts, pool=TURNS + CHECK) as scene:
                await scene.until(lambda: is_down(scene))
                return await scene.shares(20)

        assert play(main()) == [0, 20]

    def test_is_used_again_once_it_says_otherwise(self) -> None:
        async def main() -> list[int]:
            health = Health(503)
            async with house(checked(health), checked(Health()), pool=TURNS + CHECK) as scene:
                await scene.until(lambda: is_down(scene))
                health.status = 200
                await scene.until(lambda: not is_down(scene))
                return await scene.shares(20)

        assert play(main()) == [10, 10]

    def test_is_believed_only_after_some_times(self) -> None:
        async def main() -> tuple[bool, int]:
            health = Health()
            table = '{path = "/health", interval = "50ms", fall = 2}'
            async with house(checked(health), pool=f"check = {table}", route="") as scene:
                await scene.until(lambda: len(scene.replicas[0].arrivals) == 1)
                health.status = 500
                await scene.until(lambda: len(scene.replicas[0].arrivals) == 2)
                await asyncio.sleep(0.02)
                after_one = is_down(scene)
                await scene.until(lambda: is_down(scene))
                return after_one, len(scene.replicas[0].arrivals)

        assert play(main()) == (False, 3)

    @pytest.mark.parametrize(
        ("status", "wanted", "is_up"),
        [
            (302, "", True),
            (404, "", False),
            (204, "status = [204]", True),
            (200, "status = [204]", False),
        ],
    )
    def test_says_so_by_its_status(self, status: int, wanted: str, is_up: bool) -> None:
        async def main() -> bool:
            table = f"{{{', '.join(filter(None, (EVERY, wanted)))}}}"
            async with house(checked(Health(status)), pool=f"check = {table}", route="") as scene:
                await scene.until(lambda: len(scene.replicas[0].arrivals) == 2)
                return not is_down(scene)

        assert play(main()) is is_up


class TestReplicaThatSaysNothing:
    def test_is_down_when_it_refuses(self) -> None:
        async def main() -> str:
            text = settings(f"http://127.0.0.1:{dead_port()}", pool='check = "/health"')
            async with gateway(text) as running:
                await eventually(lambda: last_check(running) != "not asked yet")
                assert not running.gateway.upstreams["work"].statistics().replicas[0].is_up
                return last_check(running)

        assert play(main()).endswith(": Connection refused")

    def test_is_down_when_it_does_not_answer_in_time(self) -> None:
        async def main() -> str:
            table = '{path = "/health", interval = "50ms", timeout = "50ms", fall = 1}'
            async with house(is_silent, pool=f"check = {table}", route="") as scene:
                await scene.until(lambda: is_down(scene))
                await scene.until(lambda: scene.replicas[0].arrivals[0].how_gone is not None)
                return last_check(scene.running)

        assert play(main()) == "failed: no whole answer within 0.05s"

    def test_is_down_when_its_answer_does_not_end(self) -> None:
        async def begins(arrival: Arrival) -> None:
            arrival.begin()
            await arrival.gone.wait()

        async def main() -> None:
            table = '{path = "/health", interval = "50ms", timeout = "50ms", fall = 1}'
            async with house(checked(begins), pool=f"check = {table}", route="") as scene:
                await scene.until(lambda: is_down(scene))

        play(main())


class TestAllReplicasDown:
    def test_are_used_nevertheless(self) -> None:
        async def main() -> tuple[Counter[int], list[int]]:
            scripts = checked(Health(503)), checked(Health(503))
            async with house(*scripts, pool=TURNS + CHECK) as scene:
                await scene.until(lambda: scene.told().is_panicking)
                return await scene.ask(20), scene.came()

        assert play(main()) == ({200: 20}, [10, 10])


class TestCheck:
    def test_says_who_asks_and_keeps_no_connection(self) -> None:
        async def main() -> tuple[Arrival, int]:
            async with house(checked(Health()), pool=CHECK, route="") as scene:
                await scene.until(lambda: len(scene.replicas[0].arrivals) == 2)
                return scene.replicas[0].arrivals[0], scene.replicas[0].port

        arrival, port = play(main())
        assert (arrival.method, arrival.target) == ("GET", "/health")
        assert arrival.field("host") == f"127.0.0.1:{port}"
        assert arrival.field("user-agent") == "hedgerow-check"
        assert arrival.field("connection") == "close"
        assert arrival.how_gone == "closed"

    def test_may_ask_for_another_host(self) -> None:
        async def main() -> str | None:
            pool = f'check = {{{EVERY}, host = "api.test"}}'
            async with house(checked(Health()), pool=pool, route="") as scene:
                await scene.until(lambda: len(scene.replicas[0].arrivals) == 1)
                return scene.replicas[0].arrivals[0].field("host")

        assert play(main()) == "api.test"

    def test_does_not_wait_behind_requests(self) -> None:
        async def slow(arrival: Arrival) -> None:
            arrival.answer() if arrival.target == "/health" else await is_silent(arrival)

        async def main() -> bool:
            pool = CHECK + "max_connections = 1\n"
            async with house(slow, pool=pool, route="") as scene:
                port = scene.running.port
                stuck = asyncio.gather(ask(port), ask(port))
                await scene.until(lambda: scene.came() == [1])
                seen = len(scene.replicas[0].arrivals)
                await scene.until(lambda: len(scene.replicas[0].arrivals) >= seen + 2)
                stuck.cancel()
                await asyncio.gather(stuck, return_exceptions=True)
                return is_down(scene)

        assert not play(main())

    def test_does_not_read_a_long_answer_to_its_end(self) -> None:
        async def talks(arrival: Arrival) -> None:
            arrival.begin()
            while not arrival.gone.is_set():
                arrival.chunk(b"x" * 10_000)
                await asyncio.sleep(0)

        async def main() -> bool:
            async with house(checked(talks), pool=CHECK, route="") as scene:
                await scene.until(lambda: len(scene.replicas[0].arrivals) == 2)
                return is_down(scene)

        assert not play(main())

    def test_is_no_request_of_a_client(self) -> None:
        async def main() -> int:
            async with house(checked(Health()), pool=CHECK, route="") as scene:
                await scene.until(lambda: len(scene.replicas[0].arrivals) == 2)
                return scene.running.policy.counters.requests

        assert play(main()) == 0

    def test_is_not_made_any_more_while_the_gateway_stops(self) -> None:
        may_end = asyncio.Event()

        async def slow(arrival: Arrival) -> None:
            await may_end.wait()
            arrival.answer()

        async def checks(arrival: Arrival) -> None:
            arrival.answer()
            heard.append(arrival)

        async def script(arrival: Arrival) -> None:
            await (checks if arrival.target == "/health" else slow)(arrival)

        heard: list[Arrival] = []

        async def main() -> tuple[int, int, int]:
            async with house(script, pool=CHECK, route="") as scene:
                asked = asyncio.ensure_future(ask(scene.running.port))
                await scene.until(lambda: scene.came() == [1] and len(heard) > 0)
                stops = asyncio.ensure_future(scene.running.gateway.drain(5.0))
                await asyncio.sleep(0)
                before = len(heard)
                await asyncio.sleep(0.6)
                may_end.set()
                answer = await asked
                await stops
                return answer.status, before, len(heard)

        status, before, after = play(main())
        assert (status, before) == (200, after)


def last_check(running: Running) -> str:
    (told,) = running.gateway.upstreams["work"].last_checks().values()
    return told
