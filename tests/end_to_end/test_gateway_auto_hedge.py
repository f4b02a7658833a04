"""A learned hedge delay on real sockets: what it wins against a long tail, and what it costs.

Answers say whether they were slow ones, so that a busy machine cannot change what is counted.
"""

import asyncio
import random
from dataclasses import dataclass

import pytest

from hedgerow.policy.hedge_delay import AdaptiveDelays
from tests.fakes.gateway_client import connected
from tests.fakes.gateway_running import Running, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, upstream

FAST, SLOW = 0.005, 0.3
SLOW_SHARE = 0.03
CLIENTS, WARM_UP, REQUESTS = 16, 320, 3200


@dataclass
class Tail:
    """Replicas that are slow now and then, whoever asks."""

    randomness: random.Random
    slow_primaries: int = 0

    async def __call__(self, arrival: Arrival) -> None:
        is_slow = self.randomness.random() < SLOW_SHARE
        self.slow_primaries += is_slow and arrival.attempt == 1
        await asyncio.sleep(SLOW if is_slow else FAST)
        arrival.answer(200, b"slow" if is_slow else b"fast")


@dataclass
class Outcome:
    """What became of the requests after the warm-up."""

    slow_primaries: int  # what would have been waited for without copies
    slow_answers: int
    hedges: int
    delay: float


async def asked(running: Running, requests: int) -> list[bytes]:
    """Ask on some connections at once; return the bodies."""

    async def user() -> list[bytes]:
        async with connected(running.port) as client:
            bodies = []
            for _ in range(requests // CLIENTS):
                client.ask("/")
                bodies.append((await client.answer()).body)
            return bodies

    everybody = await asyncio.gather(*(user() for _ in range(CLIENTS)))
    return [body for bodies in everybody for body in bodies]


async def outcome(route: str) -> Outcome:
    tail = Tail(random.Random(1))
    async with (
        upstream(tail) as one,
        upstream(tail) as other,
        gateway(settings([one.url, other.url], route)) as running,
    ):
        await asked(running, WARM_UP)
        counters, delays = running.policy.counters, running.policy.delays
        hedges, tail.slow_primaries = counters.hedges, 0
        bodies = await asked(running, REQUESTS)
        assert isinstance(delays, AdaptiveDelays)
        delay = delays.statistics()[b"GET"].delay
        slow = bodies.count(b"slow")
        return Outcome(tail.slow_primaries, slow, counters.hedges - hedges, delay)


@pytest.fixture(scope="module")
def learned() -> Outcome:
    return play(outcome('hedge = {delay = "auto", budget = "5%"}'))


class TestLearnedDelay:
    def test_spares_most_requests_the_tail(self, learned: Outcome) -> None:
        assert learned.slow_primaries > REQUESTS * SLOW_SHARE / 2
        assert learned.slow_answers * 3 <= learned.slow_primaries

    def test_lies_before_the_tail(self, learned: Outcome) -> None:
        assert FAST * 0.9 < learned.delay < SLOW

    def test_sends_copies_within_its_budget(self, learned: Outcome) -> None:
        assert 0 < learned.hedges <= REQUESTS * 0.06
