"""More comes than an upstream may have: who waits, who is refused, who is served first."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from hedgerow.policy.admission import AdmissionStatistics
from tests.fakes.gateway_client import Answer, Client, ask, connected
from tests.fakes.gateway_running import Running, eventually, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, Upstream, upstream

PATIENT = 'hedge = "off"\ndeadline = "5s"'


@dataclass
class Scene:
    """A gateway in front of an upstream whose every answer the test gives by hand."""

    running: Running
    upstream: Upstream

    async def asks(self, stack: contextlib.AsyncExitStack, *lines: str, name: str = "") -> Client:
        """One more client, whose request is known to the gateway when this returns."""
        known = self.known
        client = await stack.enter_async_context(connected(self.running.port))
        client.ask(f"/{name}", *lines)
        await eventually(lambda: self.known > known)
        return client

    @property
    def known(self) -> int:
        told = self.statistics
        refused = sum(told.refused.values())
        return told.entered + told.waiting + refused - told.entered_after_wait + told.client_left

    @property
    def statistics(self) -> AdmissionStatistics:
        admission = self.running.policy.admission
        assert admission is not None
        return admission.statistics()

    async def arrived(self, count: int) -> list[Arrival]:
        await eventually(lambda: len(self.upstream.arrivals) >= count)
        assert len(self.upstream.arrivals) == count
        return self.upstream.arrivals


@contextlib.asynccontextmanager
async def scene(
    limit: str = "limit = 1\nqueue = 2", route: str = PATIENT
) -> AsyncIterator[tuple[Scene, contextlib.AsyncExitStack]]:
    async def by_hand(arrival: Arrival) -> None:
        await arrival.gone.wait()

    async with (
        upstream(by_hand) as up,
        gateway(settings(up.url, route, pool=limit)) as running,
        contextlib.AsyncExitStack() as stack,
    ):
        yield Scene(running, up), stack


class TestFullUpstream:
    def test_gets_no_more_than_its_limit(self) -> None:
        async def main() -> tuple[int, list[int]]:
            async with scene("limit = 2\nqueue = 5") as (room, stack):
                clients = [await room.asks(stack) for _ in range(5)]
                at_once = len(await room.arrived(2))
                statuses = []
                for number, client in enumerate(clients):
                    (await room.arrived(min(2 + number, 5)))[number].answer()
                    statuses.append((await client.answer()).status)
                return at_once, statuses

        assert play(main()) == (2, [200] * 5)

    def test_refuses_at_once_who_finds_the_queue_full(self) -> None:
        async def main() -> tuple[Answer, int]:
            async with scene() as (room, stack):
                for _ in range(3):
                    await room.asks(stack)
                answer = await ask(room.running.port)
                return answer, len(room.upstream.arrivals)

        answer, sent = play(main())
        assert (answer.status, sent) == (503, 1)
        assert int(answer.field("retry-after") or 0) >= 1
        assert answer.field("content-type") == "application/problem+json"
        assert answer.took < 5.0

    def test_serves_the_most_urgent_first(self) -> None:
        async def main() -> list[str]:
            route = PATIENT + '\npriority = {from = "header.X-Priority", most_urgent = 0}'
            async with scene("limit = 1\nqueue = 5", route) as (room, stack):
                await room.asks(stack, name="first")
                for urgency in (7, 3, 0):
                    await room.asks(stack, f"X-Priority: {urgency}", name=str(urgency))
                for number in range(4):
                    (await room.arrived(number + 1))[number].answer()
                return [arrival.target for arrival in room.upstream.arrivals]

        assert play(main()) == ["/first", "/0", "/3", "/7"]

    def test_has_the_less_urgent_make_room_for_the_more_urgent(self) -> None:
        async def main() -> int:
            route = PATIENT + '\npriority = {from = "header.X-Priority", most_urgent = 0}'
            async with scene("limit = 1\nqueue = 1", route) as (room, stack):
                await room.asks(stack)
                less = await room.asks(stack, "X-Priority: 6")
                await room.asks(stack, "X-Priority: 1")
                return (await less.answer()).status

        assert play(main()) == 503

    def test_forgets_clients_that_left(self) -> None:
        async def main() -> list[str]:
            async with scene() as (room, stack):
                await room.asks(stack, name="served")
                gone = await room.asks(stack, name="gone")
                await room.asks(stack, name="waits")
                gone.leave()
                await eventually(lambda: room.statistics.client_left == 1)
                (await room.arrived(1))[0].answer()
                await room.arrived(2)
                return [arrival.target for arrival in room.upstream.arrivals]

        assert play(main()) == ["/served", "/waits"]

    def test_has_a_place_again_when_a_client_leaves_that_had_one(self) -> None:
        async def main() -> int:
            async with scene() as (room, stack):
                first = await room.asks(stack)
                await room.asks(stack)
                await room.arrived(1)
                first.leave()
                return len(await room.arrived(2))

        assert play(main()) == 2

    def test_keeps_the_promise_of_the_deadline(self) -> None:
        async def main() -> Answer:
            async with scene(route='hedge = "off"\ndeadline = "200ms"') as (room, stack):
                await room.asks(stack)
                return await (await room.asks(stack)).answer()

        answer = play(main())
        assert answer.status in (503, 504)
        assert answer.took < 5.0

    def test_keeps_bodies_that_wait(self) -> None:
        async def main() -> tuple[int, int]:
            async with scene() as (room, stack):
                await room.asks(stack)
                body = b"x" * 300_000  # too long to be kept: it waits in the client's socket
                asking = asyncio.ensure_future(ask(room.running.port, method="POST", body=body))
                await eventually(lambda: room.statistics.waiting == 1)
                (await room.arrived(1))[0].answer()
                arrival = (await room.arrived(2))[1]
                await arrival.whole.wait()
                arrival.answer()
                return (await asking).status, arrival.body_size

        assert play(main()) == (200, 300_000)


class TestDraining:
    def test_answers_those_who_wait(self) -> None:
        async def main() -> list[int]:
            async with scene() as (room, stack):
                clients = [await room.asks(stack) for _ in range(2)]
                drained = asyncio.ensure_future(room.running.gateway.drain(5.0))
                (await room.arrived(1))[0].answer()
                (await room.arrived(2))[1].answer()
                statuses = [(await client.answer()).status for client in clients]
                await drained
                return statuses

        assert play(main()) == [200, 200]


class TestThrottle:
    def test_spares_an_upstream_that_fails_everything(self) -> None:
        async def fails(arrival: Arrival) -> None:
            arrival.answer(500)

        async def main() -> tuple[int, int]:
            async with (
                upstream(fails) as up,
                gateway(settings(up.url, 'hedge = "off"', pool="throttle = true")) as running,
            ):
                statuses = [(await ask(running.port)).status for _ in range(150)]
                return statuses.count(503), len(up.arrivals)

        refused, sent = play(main())
        assert refused + sent == 150
        assert refused > 50
