"""Several replicas behind a gateway in the test's own process, and requests that count."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from hedgerow.policy.member import ReplicaStatistics
from hedgerow.policy.replica_set import SetStatistics
from tests.fakes.gateway_client import connected
from tests.fakes.gateway_running import Running, eventually, gateway, settings
from tests.fakes.gateway_upstream import Arrival, Script, Upstream, upstream

#: Another replica at once where one fails, however often, and no copies by time.
RETRIES = 'hedge = {delay = "off", max_attempts = 4, budget = "off"}'
TURNS = 'balance = "round-robin"\n'
AT_ONCE = 'slow_start = "off"\n'


@dataclass
class House:
    """A gateway, and a replica for each script."""

    running: Running
    replicas: list[Upstream]

    def told(self) -> SetStatistics:
        return self.running.gateway.upstreams["work"].statistics()

    def one(self, number: int) -> ReplicaStatistics:
        """What is told of a replica; the first is 1."""
        return self.told().replicas[number - 1]

    async def ask(self, count: int = 1, target: str = "/") -> Counter[int]:
        """Ask one after the other; how many answers of each status there were."""
        statuses: Counter[int] = Counter()
        async with connected(self.running.port) as client:
            for _ in range(count):
                client.ask(target)
                statuses[(await client.answer()).status] += 1
        return statuses

    async def shares(self, count: int) -> list[int]:
        """How many of so many requests came to each replica."""
        before = self.came()
        await self.ask(count)
        return [now - then for now, then in zip(self.came(), before, strict=True)]

    def came(self) -> list[int]:
        """How many requests (and not checks) have come to each replica so far."""
        return [sum(a.target != "/health" for a in one.arrivals) for one in self.replicas]

    async def until(self, condition: Callable[[], bool], *, asking: bool = False) -> None:
        """Wait until it holds; where nothing happens without requests, with requests."""
        if not asking:
            await eventually(condition)
            return
        for _ in range(2000):
            if condition():
                return
            await self.ask()
        raise AssertionError("not after 2000 requests")


@contextlib.asynccontextmanager
async def house(
    *scripts: Script, route: str = RETRIES, pool: str = "", weights: Sequence[int] = ()
) -> AsyncIterator[House]:
    """Run it while the context lasts."""
    async with contextlib.AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(upstream(script)) for script in scripts]
        text = settings([replica.url for replica in replicas], route, pool=pool)
        for replica, weight in zip(replicas, weights, strict=False):
            table = f'{{url = "{replica.url}", weight = {weight}}}'
            text = text.replace(f"'{replica.url}'", table)
        running = await stack.enter_async_context(gateway(text))
        yield House(running, replicas)


def with_status(status: int) -> Script:
    """Every answer has this status."""

    async def script(arrival: Arrival) -> None:
        arrival.answer(status)

    return script


def checked(health: Callable[[Arrival], Awaitable[None]]) -> Script:
    """A replica that answers requests well, and checks as it is told to."""

    async def script(arrival: Arrival) -> None:
        if arrival.target == "/health":
            await health(arrival)
        else:
            arrival.answer()

    return script
