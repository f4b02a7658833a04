"""An upstream that dies inside its answer never looks like a complete one.

Judged by curl, which knows nothing of us: 18 is a transfer cut short, 56 a connection
that was reset.
"""

import asyncio
import shutil
from typing import Final

import pytest

from tests.fakes.gateway_client import Answer, connected
from tests.fakes.gateway_once import once
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, Script, upstream

BROKEN: Final = {18, 56}

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="judged by curl")


def dies(framing: str, sent: bytes, *, cleanly: bool = False) -> Script:
    """A good head, some of the body, then the end of the connection."""

    async def script(arrival: Arrival) -> None:
        arrival.begin(framing)
        arrival.send(sent)
        await asyncio.sleep(0.03)  # a reset right behind would overtake the bytes
        if cleanly:
            arrival.close()
        else:
            arrival.reset()

    return script


each_death = pytest.mark.parametrize(
    "script",
    [
        pytest.param(dies("Content-Length: 100", b"short"), id="reset before its length"),
        pytest.param(dies("Content-Length: 100", b"", cleanly=True), id="closed before its length"),
        pytest.param(dies("Transfer-Encoding: chunked", b"5\r\nshort\r\n"), id="reset in chunks"),
        pytest.param(
            dies("Transfer-Encoding: chunked", b"5\r\nshort\r\n", cleanly=True),
            id="closed before the last chunk",
        ),
        pytest.param(dies("Transfer-Encoding: chunked", b"5\r\nshort\r\n!!"), id="broken chunks"),
        pytest.param(dies("", b"short"), id="reset where the end would be the close"),
    ],
)


async def curl(port: int, *more: str) -> int:
    process = await asyncio.create_subprocess_exec(
        *("curl", "-s", "-o", "/dev/null", *more, f"http://127.0.0.1:{port}/")
    )
    return await process.wait()


class TestBrokenAnswer:
    @needs_curl
    @each_death
    @pytest.mark.parametrize("version", ["--http1.1", "--http1.0"])
    def test_is_an_error_to_curl(self, script: Script, version: str) -> None:
        async def main() -> int:
            async with upstream(script) as up, gateway(settings(up.url)) as running:
                return await curl(running.port, version)

        assert play(main()) in BROKEN

    @each_death
    def test_is_not_whole_to_any_client(self, script: Script) -> None:
        answer = once(script).answer
        assert answer.status == 200
        assert answer.end == "reset"

    @each_death
    def test_is_not_hedged_once_it_has_begun(self, script: Script) -> None:
        scene = once(script, 'hedge = {max_attempts = 3, budget = "off", same_replica = true}')
        assert scene.attempts == [1]

    @each_death
    def test_is_a_failed_attempt_where_nothing_has_been_passed_on(self, script: Script) -> None:
        async def better_the_second_time(arrival: Arrival) -> None:
            if arrival.attempt == 1:
                await script(arrival)
            else:
                arrival.answer(200, b"[2]")

        route = (
            'hedge = {max_attempts = 2, budget = "off", same_replica = true}\n'
            'success = {body = "json"}'
        )
        scene = once(better_the_second_time, route)
        assert (scene.answer.body, scene.attempts) == (b"[2]", [1, 2])


class TestAnswerThatEndsWithItsConnection:
    def test_is_whole_when_that_is_closed(self) -> None:
        answer = once(dies("", b"hello", cleanly=True)).answer
        assert (answer.body, answer.end) == (b"hello", "whole")

    def test_is_chunked_for_those_who_can_read_it(self) -> None:
        answer = once(dies("", b"hello", cleanly=True)).answer
        assert answer.field("transfer-encoding") == "chunked"


class TestDeadlineInsideTheBody:
    def drip(self, covers: str) -> Answer:
        async def drips(arrival: Arrival) -> None:
            arrival.begin("Content-Length: 6")
            for _ in range(6):
                arrival.send(b"x")
                await asyncio.sleep(0.05)

        return once(drips, f'deadline = {{default = "150ms", covers = "{covers}"}}').answer

    def test_breaks_the_answer_that_it_covers(self) -> None:
        answer = self.drip("answer")
        assert (answer.status, answer.end) == (200, "reset")
        assert 0 < answer.body_size < 6

    def test_lets_an_answer_run_whose_head_it_covers(self) -> None:
        assert self.drip("head").body == b"xxxxxx"


class TestNextAnswerOnTheSameConnection:
    def test_is_never_the_rest_of_the_one_before(self) -> None:
        """What an upstream sends beyond its length belongs to nobody."""

        async def says_too_much(arrival: Arrival) -> None:
            arrival.begin("Content-Length: 5")
            arrival.send(b"helloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")

        async def main() -> list[bytes]:
            async with (
                upstream(says_too_much) as up,
                gateway(settings(up.url)) as running,
                connected(running.port) as client,
            ):
                bodies = []
                for _ in range(5):
                    client.ask("/")
                    bodies.append((await client.answer()).body)
                return bodies

        assert play(main()) == [b"hello"] * 5
