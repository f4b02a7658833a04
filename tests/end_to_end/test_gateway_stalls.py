"""Upstreams that stop moving inside a body, where no deadline covers it."""

import asyncio
from typing import Final

from tests.fakes.gateway_client import Answer, Client, connected
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, upstream

SIZE: Final = 32 << 20
PIECE: Final = b"x" * (1 << 17)
STALL: Final = 'stall_timeout = "300ms"'


async def upload(client: Client) -> None:
    client.ask("/", f"Content-Length: {SIZE}", method="PUT")
    for _ in range(SIZE // len(PIECE)):
        client.writer.write(PIECE)
        await client.writer.drain()


class TestUpstreamThatStopsReading:
    async def takes_nothing(self, arrival: Arrival) -> None:
        arrival.stop_reading()
        await asyncio.sleep(30)

    def test_has_not_answered_in_time(self) -> None:
        async def main() -> Answer:
            async with (
                upstream(self.takes_nothing, window=4096) as up,
                gateway(settings(up.url, pool=STALL)) as running,
                connected(running.port) as client,
            ):
                sending = asyncio.ensure_future(upload(client))
                answer = await client.answer()
                sending.cancel()
                return answer

        answer = play(main())
        assert answer.status == 504
        assert 0.28 <= answer.took < 5.0

    def test_for_a_moment_is_waited_for(self) -> None:
        async def takes_a_breath(arrival: Arrival) -> None:
            arrival.stop_reading()
            await asyncio.sleep(0.15)
            arrival.read_on()
            await arrival.whole.wait()
            arrival.answer()

        async def main() -> Answer:
            async with (
                upstream(takes_a_breath, window=4096) as up,
                gateway(settings(up.url, pool='stall_timeout = "2s"')) as running,
                connected(running.port) as client,
            ):
                await upload(client)
                return await client.answer()

        assert play(main()).status == 200


class TestUpstreamThatStopsSending:
    def test_breaks_its_answer(self) -> None:
        async def stops_halfway(arrival: Arrival) -> None:
            arrival.begin("Content-Length: 100")
            arrival.send(b"half")
            await asyncio.sleep(30)

        async def main() -> Answer:
            async with (
                upstream(stops_halfway) as up,
                gateway(settings(up.url, pool=STALL)) as running,
                connected(running.port) as client,
            ):
                client.ask("/")
                return await client.answer()

        answer = play(main())
        assert (answer.status, answer.end) == (200, "reset")

    def test_because_the_client_does_not_read_is_not_to_blame(self) -> None:
        async def sends_much(arrival: Arrival) -> None:
            arrival.begin(f"Content-Length: {SIZE}")
            for _ in range(SIZE // len(PIECE)):
                await arrival.drain()
                arrival.send(PIECE)

        async def main() -> Answer:
            async with (
                upstream(sends_much) as up,
                gateway(settings(up.url, pool=STALL)) as running,
                connected(running.port) as client,
            ):
                client.stop_reading()
                client.ask("/")
                await asyncio.sleep(1.0)
                client.read_on()
                return await client.answer(keep=False)

        answer = play(main())
        assert (answer.body_size, answer.end) == (SIZE, "whole")
