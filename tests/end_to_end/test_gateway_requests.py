"""Requests with bodies: which are sent again, and what is sent."""

import asyncio

import pytest

from tests.fakes.gateway_client import Answer, ask, connected
from tests.fakes.gateway_once import once
from tests.fakes.gateway_running import eventually, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, Upstream, dead_port, upstream

RETRY = 'hedge = {max_attempts = 2, budget = "off", same_replica = true}'
BODY = bytes(range(256)) * 40


async def fails_then_answers(arrival: Arrival) -> None:
    await arrival.whole.wait()
    arrival.answer(503 if arrival.attempt == 1 else 200)


async def is_slow_then_answers(arrival: Arrival) -> None:
    await arrival.whole.wait()
    if arrival.attempt == 1:
        await arrival.gone.wait()
    arrival.answer()


async def echoes_its_size(arrival: Arrival) -> None:
    await arrival.whole.wait()
    arrival.answer(200, b"%d" % arrival.body_size)


class TestPost:
    def test_is_not_sent_again(self) -> None:
        scene = once(fails_then_answers, RETRY, method="POST", body=BODY)
        assert (scene.answer.status, scene.attempts) == (503, [1])

    def test_is_not_hedged(self) -> None:
        route = 'hedge = {delay = "30ms", same_replica = true}\ndeadline = "200ms"'
        scene = once(is_slow_then_answers, route, method="POST", body=BODY)
        assert (scene.answer.status, scene.attempts) == (504, [1])

    def test_with_an_idempotency_key_is_sent_again(self) -> None:
        key = ("Idempotency-Key: 7",)
        scene = once(fails_then_answers, RETRY, method="POST", body=BODY, lines=key)
        assert (scene.answer.status, scene.attempts) == (200, [1, 2])
        assert [arrival.body for arrival in scene.arrivals] == [BODY, BODY]
        assert [arrival.field("idempotency-key") for arrival in scene.arrivals] == ["7", "7"]

    def test_that_reached_nobody_goes_to_another_replica(self) -> None:
        async def main() -> tuple[list[Answer], Upstream]:
            route = 'hedge = {max_attempts = 2, budget = "off"}'
            async with upstream(echoes_its_size) as up:
                urls = [up.url, f"http://127.0.0.1:{dead_port()}"]
                async with gateway(settings(urls, route, pool='balance="round-robin"')) as running:
                    sending = [ask(running.port, method="POST", body=BODY) for _ in range(4)]
                    return await asyncio.gather(*sending), up

        posted, up = play(main())
        assert [answer.status for answer in posted] == [200] * 4
        assert len(up.arrivals) == 4


class TestPut:
    @pytest.mark.parametrize("script", [fails_then_answers, is_slow_then_answers])
    def test_by_opt_in_sends_the_same_bytes_twice(self, script: object) -> None:
        route = 'hedge = {delay = "30ms", same_replica = true, methods = ["PUT"]}'
        assert callable(script)
        scene = once(script, route, method="PUT", body=BODY)
        assert (scene.answer.status, scene.attempts) == (200, [1, 2])
        assert [arrival.body for arrival in scene.arrivals] == [BODY, BODY]

    def test_without_it_is_sent_once(self) -> None:
        scene = once(fails_then_answers, RETRY, method="PUT", body=BODY)
        assert scene.attempts == [1]


class TestBodyTooLongToBeKept:
    ROUTE = 'hedge = {delay = "30ms", same_replica = true, methods = ["PUT"]}\nmax_replay = "4KiB"'

    def test_is_streamed_and_sent_once(self) -> None:
        async def is_late(arrival: Arrival) -> None:
            await arrival.whole.wait()
            await asyncio.sleep(0.1)
            arrival.answer(200, b"%d" % arrival.body_size)

        scene = once(is_late, self.ROUTE, method="PUT", body=BODY)
        assert (scene.answer.body, scene.attempts) == (b"%d" % len(BODY), [1])

    def test_reaches_the_upstream_before_it_is_whole(self) -> None:
        async def main() -> int:
            async with (
                upstream(echoes_its_size) as up,
                gateway(settings(up.url, self.ROUTE)) as running,
                connected(running.port) as client,
            ):
                client.ask("/", "Content-Length: 100000", method="PUT")
                client.writer.write(b"x" * 50_000)
                await eventually(lambda: sum(a.body_size for a in up.arrivals) == 50_000)
                client.writer.write(b"x" * 50_000)
                return int((await client.answer()).body)

        assert play(main()) == 100_000

    def test_may_be_answered_before_it_is_whole(self) -> None:
        async def refuses(arrival: Arrival) -> None:
            arrival.answer(413, b"enough")

        async def main() -> Answer:
            async with (
                upstream(refuses) as up,
                gateway(settings(up.url, self.ROUTE)) as running,
                connected(running.port) as client,
            ):
                client.ask("/", "Content-Length: 100000", method="PUT")
                client.writer.write(b"x" * 50_000)
                return await client.answer()

        answer = play(main())
        assert (answer.status, answer.body) == (413, b"enough")
        assert answer.field("connection") == "close"


class TestChunkedBody:
    @pytest.mark.parametrize("pieces", [1, 3, 200])
    def test_arrives_whole(self, pieces: int) -> None:
        async def main() -> tuple[Answer, Arrival]:
            async with (
                upstream(echoes_its_size) as up,
                gateway(settings(up.url, 'max_replay = "4KiB"')) as running,
                connected(running.port) as client,
            ):
                client.ask("/", "Transfer-Encoding: chunked", method="POST")
                for number in range(pieces):
                    client.writer.write(b"64\r\n" + b"x" * 100 + b"\r\n")
                    if number % 50 == 49:
                        await asyncio.sleep(0.01)
                client.writer.write(b"0\r\n\r\n")
                return await client.answer(), up.arrivals[0]

        answer, arrival = play(main())
        assert answer.status == 200
        if pieces * 100 <= 4096:
            assert arrival.field("content-length") == str(pieces * 100)
            assert arrival.body == b"x" * 100 * pieces
        else:
            assert arrival.field("transfer-encoding") == "chunked"
            assert arrival.decoded == b"x" * 100 * pieces

    def test_longer_than_the_route_takes_is_refused(self) -> None:
        async def main() -> tuple[Answer, int]:
            async with (
                upstream(echoes_its_size) as up,
                gateway(settings(up.url, 'max_body = "1KiB"')) as running,
                connected(running.port) as client,
            ):
                client.ask("/", "Transfer-Encoding: chunked", method="POST")
                client.writer.write(b"401\r\n" + b"x" * 1025 + b"\r\n")
                return await client.answer(), len(up.arrivals)

        answer, arrivals = play(main())
        assert (answer.status, arrivals) == (413, 0)


class TestExpectation:
    def test_is_met_before_the_body_comes(self) -> None:
        async def main() -> Answer:
            async with (
                upstream(echoes_its_size) as up,
                gateway(settings(up.url)) as running,
                connected(running.port) as client,
            ):
                expecting = ("Content-Length: 5", "Expect: 100-continue")
                client.ask("/", *expecting, method="POST")
                assert (
                    await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
                )
                client.writer.write(b"hello")
                return await client.answer()

        assert play(main()).body == b"5"

    def test_is_not_met_by_a_route_that_takes_no_such_body(self) -> None:
        lines = ("Content-Length: 5000", "Expect: 100-continue")
        scene = once(echoes_its_size, 'max_body = "1KiB"', method="POST", lines=lines)
        assert (scene.answer.status, scene.answer.interim, scene.attempts) == (413, [], [])
