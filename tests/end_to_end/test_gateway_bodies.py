"""Long bodies pass through, both ways, and never pile up in the gateway.

The gateway is a process of its own, so that its memory is its own.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import pytest

from tests.fakes.gateway_client import Client, connected
from tests.fakes.gateway_running import eventually, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, Script, Upstream, upstream
from tests.fakes.processes import Process, hedgerow

SIZE: Final = 64 << 20
PIECE: Final = b"x" * (1 << 17)
#: Buffers of both sides and the interpreter's own; a body that piled up would be 64.
MORE_MEMORY: Final = 40.0

RETRY: Final = 'hedge = {max_attempts = 2, budget = "off", same_replica = true}\n'

each_framing = pytest.mark.parametrize("framing", ["length", "chunked"])


class Watch:
    """The most memory that a process had while it was looked at."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.before = self.most = process.memory

    async def look(self) -> None:
        while True:
            self.most = max(self.most, self.process.memory)
            await asyncio.sleep(0.02)

    @property
    def more(self) -> float:
        """MiB above what it had in the beginning."""
        return max(self.most, self.process.memory) - self.before


@contextlib.asynccontextmanager
async def watched(script: Script, *words: str) -> AsyncIterator[tuple[Upstream, Client, Watch]]:
    """A gateway in front of this upstream, a client of it, and its memory."""
    async with upstream(script) as up:
        with hedgerow("serve", up.url, "-p", "0", *words) as process:
            watch = Watch(process)
            looking = asyncio.ensure_future(watch.look())
            async with connected(process.port) as client:
                yield up, client, watch
            looking.cancel()


def coded(piece: bytes, framing: str) -> bytes:
    return piece if framing == "length" else b"%x\r\n%b\r\n" % (len(piece), piece)


def sends_much(framing: str) -> Script:
    async def script(arrival: Arrival) -> None:
        told = f"Content-Length: {SIZE}" if framing == "length" else "Transfer-Encoding: chunked"
        arrival.begin(told)
        for _ in range(SIZE // len(PIECE)):
            await arrival.drain()
            arrival.send(coded(PIECE, framing))
        if framing == "chunked":
            arrival.send(b"0\r\n\r\n")

    return script


async def takes_all(arrival: Arrival) -> None:
    await arrival.whole.wait()
    arrival.answer(200, b"thanks")


async def upload(client: Client, framing: str) -> None:
    told = f"Content-Length: {SIZE}" if framing == "length" else "Transfer-Encoding: chunked"
    client.ask("/", told, method="PUT")
    for _ in range(SIZE // len(PIECE)):
        client.writer.write(coded(PIECE, framing))
        await client.writer.drain()
    if framing == "chunked":
        client.writer.write(b"0\r\n\r\n")


class TestDownload:
    @each_framing
    def test_arrives_whole_and_does_not_pile_up(self, framing: str) -> None:
        async def main() -> tuple[int, str, float]:
            async with watched(sends_much(framing)) as (_, client, watch):
                client.ask("/")
                answer = await client.answer(keep=False)
                return answer.body_size, answer.end, watch.more

        size, end, more = play(main())
        assert (size, end) == (SIZE, "whole")
        assert more < MORE_MEMORY

    @each_framing
    def test_waits_for_a_client_that_does_not_read(self, framing: str) -> None:
        async def main() -> tuple[int, float]:
            async with watched(sends_much(framing)) as (_, client, watch):
                client.stop_reading()
                client.ask("/")
                await asyncio.sleep(0.5)
                client.read_on()
                answer = await client.answer(keep=False)
                return answer.body_size, watch.more

        size, more = play(main())
        assert size == SIZE
        assert more < MORE_MEMORY


class TestUpload:
    @each_framing
    def test_arrives_whole_and_does_not_pile_up(self, framing: str) -> None:
        async def main() -> tuple[bytes, int, float]:
            async with watched(takes_all) as (up, client, watch):
                await upload(client, framing)
                answer = await client.answer()
                return answer.body, up.arrivals[0].body_size, watch.more

        body, size, more = play(main())
        assert body == b"thanks"
        assert size >= SIZE
        assert more < MORE_MEMORY

    @each_framing
    def test_waits_for_an_upstream_that_does_not_read(self, framing: str) -> None:
        async def takes_it_slowly(arrival: Arrival) -> None:
            arrival.stop_reading()
            await asyncio.sleep(0.5)
            arrival.read_on()
            await takes_all(arrival)

        async def main() -> tuple[bytes, float]:
            async with watched(takes_it_slowly) as (_, client, watch):
                await upload(client, framing)
                return (await client.answer()).body, watch.more

        body, more = play(main())
        assert body == b"thanks"
        assert more < MORE_MEMORY


class TestWhatWasKept:
    """More of it than the kernel takes in: writing it fills the other side at once.

    The gateway is inside the test here; what its kernel and ours hold is below 32 MiB.
    """

    MOST = SIZE // 2

    def test_of_a_failed_answer_does_not_flood_a_client_that_does_not_read(self) -> None:
        sent = 0

        async def fails_at_length(arrival: Arrival) -> None:
            nonlocal sent
            if arrival.attempt == 2:
                await asyncio.sleep(0.2)
                arrival.answer(503)
                return
            arrival.begin(f"Content-Length: {SIZE}", 500)
            while sent < SIZE and not arrival.gone.is_set():
                await arrival.drain()
                arrival.send(PIECE)
                sent += len(PIECE)

        async def main() -> None:
            route = RETRY + 'max_held = "8MiB"'
            async with (
                upstream(fails_at_length) as up,
                gateway(settings(up.url, route)) as running,
                connected(running.port, window=4096) as client,
            ):
                client.stop_reading()
                client.ask("/")
                await eventually(lambda: running.policy.counters.attempts == 2)
                await asyncio.sleep(0.7)

        play(main())
        assert 8 << 20 < sent < self.MOST

    def test_of_a_request_does_not_flood_an_upstream_that_does_not_read(self) -> None:
        sent = 0

        async def does_not_read(arrival: Arrival) -> None:
            arrival.stop_reading()
            await asyncio.sleep(2.0)

        async def send_all(client: Client) -> None:
            nonlocal sent
            client.ask("/", "Transfer-Encoding: chunked", method="POST")
            while sent < SIZE:
                client.writer.write(coded(PIECE, "chunked"))
                sent += len(PIECE)
                await client.writer.drain()

        async def main() -> None:
            async with (
                upstream(does_not_read, window=4096) as up,
                gateway(settings(up.url, 'max_replay = "8MiB"')) as running,
                connected(running.port) as client,
            ):
                sending = asyncio.ensure_future(send_all(client))
                await asyncio.sleep(0.7)
                sending.cancel()

        play(main())
        assert 8 << 20 < sent < self.MOST
