"""Clients that leave: whatever is done for them stops."""

import asyncio

from tests.fakes.gateway_client import connected
from tests.fakes.gateway_running import Running, eventually, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, Upstream, is_silent, upstream

BURST = 'hedge = {delay = "20ms", extra = 2, same_replica = true}'


async def drips(arrival: Arrival) -> None:
    """An answer that never ends."""
    arrival.begin()
    while not arrival.gone.is_set():
        arrival.chunk(b"x")
        await asyncio.sleep(0.01)


async def has_arrived(up: Upstream, attempts: int) -> None:
    await eventually(lambda: len(up.arrivals) == attempts)


async def all_reset(up: Upstream) -> None:
    await eventually(lambda: all(a.how_gone == "reset" for a in up.arrivals))


class TestClientThatLeaves:
    def test_takes_every_attempt_along(self) -> None:
        async def main() -> None:
            async with upstream(is_silent) as up, gateway(settings(up.url, BURST)) as running:
                async with connected(running.port) as client:
                    client.ask("/")
                    await has_arrived(up, 3)
                    client.leave()
                await all_reset(up)
                assert running.policy.counters.abandoned == 1

        play(main())

    def test_stops_the_answer_that_it_was_getting(self) -> None:
        async def main() -> None:
            async with upstream(drips) as up, gateway(settings(up.url)) as running:
                async with connected(running.port) as client:
                    client.ask("/")
                    await client.reader.readuntil(b"1\r\nx\r\n")
                    client.leave()
                await all_reset(up)

        play(main())

    def test_with_an_orderly_close_has_left_too(self) -> None:
        async def main() -> None:
            async with upstream(is_silent) as up, gateway(settings(up.url)) as running:
                async with connected(running.port) as client:
                    client.ask("/")
                    await has_arrived(up, 1)
                    client.writer.close()
                await all_reset(up)

        play(main())

    def test_in_the_middle_of_its_upload_has_sent_nothing_whole(self) -> None:
        async def main() -> None:
            route = 'max_replay = "1KiB"'
            async with upstream(is_silent) as up, gateway(settings(up.url, route)) as running:
                async with connected(running.port) as client:
                    client.ask("/", "Content-Length: 100000", method="POST")
                    client.writer.write(b"x" * 50_000)
                    await eventually(lambda: sum(a.body_size for a in up.arrivals) == 50_000)
                    client.leave()
                await all_reset(up)

        play(main())

    def test_before_its_upload_is_whole_has_asked_nobody(self) -> None:
        async def main() -> None:
            async with upstream(is_silent) as up, gateway(settings(up.url)) as running:
                async with connected(running.port) as client:
                    client.ask("/", "Content-Length: 100", method="POST")
                    client.writer.write(b"x" * 50)
                    await eventually(lambda: running.requests_alive() == 1)
                    client.leave()
                await eventually(lambda: running.requests_alive() == 0)
                assert up.arrivals == []

        play(main())


class TestHalfClosedClient:
    def test_that_waits_gets_its_answer(self) -> None:
        async def late(arrival: Arrival) -> None:
            await asyncio.sleep(0.6)  # longer than two looks for it
            arrival.answer()

        async def main() -> tuple[int, str | None, bool]:
            async with (
                upstream(late) as up,
                gateway(settings(up.url)) as running,
                connected(running.port) as client,
            ):
                client.ask("/")
                await has_arrived(up, 1)
                client.writer.write_eof()
                answer = await client.answer()
                return answer.status, answer.field("connection"), await client.closed()

        assert play(main()) == (200, "close", True)

    def test_that_really_left_is_found_out(self) -> None:
        async def main() -> None:
            async with upstream(is_silent) as up, gateway(settings(up.url, BURST)) as running:
                async with connected(running.port) as client:
                    client.ask("/")
                    await has_arrived(up, 3)
                    client.stop_reading()  # it has not seen our question
                    client.writer.write_eof()
                    await asyncio.sleep(0.02)
                    client.writer.close()
                await all_reset(up)
                await eventually(lambda: not running.clients)

        play(main())


class TestPipeliningClient:
    def test_gets_its_answers_in_order(self) -> None:
        async def first_is_slow(arrival: Arrival) -> None:
            await asyncio.sleep(0.1 if arrival.target == "/1" else 0.0)
            arrival.answer(200, arrival.target.encode())

        async def main() -> list[bytes]:
            async with (
                upstream(first_is_slow) as up,
                gateway(settings(up.url)) as running,
                connected(running.port) as client,
            ):
                for number in (1, 2, 3):
                    client.ask(f"/{number}")
                return [(await client.answer()).body for _ in range(3)]

        assert play(main()) == [b"/1", b"/2", b"/3"]

    def test_that_leaves_has_asked_for_nothing_more(self) -> None:
        async def main() -> int:
            async with upstream(is_silent) as up, gateway(settings(up.url)) as running:
                async with connected(running.port) as client:
                    client.ask("/1")
                    client.ask("/2")
                    await has_arrived(up, 1)
                    client.leave()
                await at_rest(running)
                return len(up.arrivals)

        assert play(main()) == 1


async def at_rest(running: Running) -> None:
    await eventually(lambda: not (running.clients or running.busy or running.timers))
