"""After two thousand requests of every kind nothing is left of them.

Hedges, failures, clients that leave at every moment, uploads, answers that break, over
real sockets: afterwards no connection is busy, no timer is armed, no request is alive.
"""

import asyncio
import random
from collections import Counter

import pytest

from tests.fakes.gateway_client import Client, connected
from tests.fakes.gateway_running import Running, eventually, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, upstream

REQUESTS = 2_000
AT_ONCE = 50
ROUTE = """
deadline = "400ms"
hedge    = {delay = "20ms", extra = 2, same_replica = true, max_attempts = 4}
max_replay = "1KiB"
"""


class Mischief:
    """An upstream that draws what it does to each request."""

    def __init__(self) -> None:
        self.lot = random.Random(7)

    async def __call__(self, arrival: Arrival) -> None:
        fate = self.lot.random()
        if fate < 0.5:
            arrival.answer()
        elif fate < 0.6:
            arrival.answer(503)
        elif fate < 0.65:
            arrival.reset()
        elif fate < 0.7:
            await arrival.gone.wait()
        elif fate < 0.8:
            await asyncio.sleep(0.03)
            arrival.answer()
        elif fate < 0.85:
            arrival.begin("Content-Length: 100")
            arrival.send(b"short")
            arrival.close()
        elif fate < 0.9:
            arrival.begin()
            arrival.chunk(b"slow")
            await asyncio.sleep(0.02)
            arrival.send(b"0\r\n\r\n")
        elif fate < 0.95:
            arrival.send(b"this is not HTTP\r\n\r\n")
        else:
            arrival.answer(200, b"x" * 100_000, "Connection: close")


class Crowd:
    """Clients of every kind; ``outcomes`` counts what became of their requests."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.lot = random.Random(11)
        self.outcomes: Counter[object] = Counter()
        self.left = REQUESTS

    async def member(self) -> None:
        while self.left > 0:
            async with connected(self.port) as client:
                for _ in range(5):
                    self.left -= 1
                    if not await self.one(client):
                        break

    async def one(self, client: Client) -> bool:
        """One request; False when the connection is of no more use."""
        kind = self.lot.random()
        if kind < 0.1:
            client.ask("/gone")
            await asyncio.sleep(self.lot.random() * 0.05)
            client.leave()
            self.outcomes["left"] += 1
            return False
        if kind < 0.2:
            client.ask("/up", method="POST", body=b"x" * self.lot.choice([10, 50_000]))
        elif kind < 0.25:
            client.ask("/head", method="HEAD")
        else:
            client.ask("/get")
        answer = await client.answer(to_head=0.2 <= kind < 0.25, keep=False)
        self.outcomes[answer.status if answer.end == "whole" else answer.end] += 1
        return answer.end == "whole" and answer.field("connection") != "close"


@pytest.fixture(scope="module")
def aftermath() -> tuple[Counter[object], dict[str, int]]:
    """What became of the requests, and what was left when the clients had gone."""

    async def main() -> tuple[Counter[object], dict[str, int]]:
        async with upstream(Mischief()) as up, gateway(settings(up.url, ROUTE)) as running:
            crowd = Crowd(running.port)
            await asyncio.gather(*(crowd.member() for _ in range(AT_ONCE)))
            await eventually(lambda: not running.clients)
            await asyncio.sleep(0.5)  # past the last deadline
            await eventually(lambda: not any(pool._opening for pool in running.gateway.pools))
            return crowd.outcomes, left(running)

    return play(main(), seconds=60)


def left(running: Running) -> dict[str, int]:
    policy = running.policy
    counters, replica = policy.counters, policy.balancer.choose(())
    assert replica is not None
    return {
        "busy connections": running.busy,
        "attempts in flight": replica.in_flight,
        "requests not counted": counters.requests
        - (counters.answered + counters.failed + counters.abandoned),
        "clients": running.clients,
        "timers": running.timers,
        "requests": running.requests_alive(),
        "waiting calls": sum(len(pool._waiting) for pool in running.gateway.pools),
        "descriptors": running.engine.descriptors.in_use
        - sum(pool.open_connections for pool in running.gateway.pools),
    }


class TestMixedRequests:
    def test_had_every_kind_of_end(self, aftermath: tuple[Counter[object], object]) -> None:
        outcomes = aftermath[0]
        assert sum(outcomes.values()) >= REQUESTS
        assert {200, 502, 503, 504, "left", "reset"} <= outcomes.keys()

    def test_left_nothing_behind(self, aftermath: tuple[object, dict[str, int]]) -> None:
        assert {what: count for what, count in aftermath[1].items() if count} == {}
