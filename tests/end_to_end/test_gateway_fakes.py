"""The client, the upstream and the processes that the gateway's tests stand on."""

import asyncio
import os

import pytest

from tests.fakes.gateway_client import Answer, Client, ask, connected
from tests.fakes.gateway_running import eventually, play
from tests.fakes.gateway_upstream import Arrival, Script, answers, upstream
from tests.fakes.processes import hedgerow, ran


def told(script: Script, *lines: str) -> tuple[Answer, Arrival]:
    """What the client makes of an upstream without a gateway between them."""

    async def main() -> tuple[Answer, Arrival]:
        async with upstream(script) as up:
            return await ask(up.port, "/", *lines), up.arrivals[0]

    return play(main())


def breaks(framing: str, *, cleanly: bool) -> Script:
    async def script(arrival: Arrival) -> None:
        arrival.begin(framing)
        arrival.send(b"5\r\nshort\r\n")
        await asyncio.sleep(0.02)
        if cleanly:
            arrival.close()
        else:
            arrival.reset()

    return script


class TestClient:
    @pytest.mark.parametrize("framing", ["Content-Length: 99", "Transfer-Encoding: chunked"])
    @pytest.mark.parametrize(("cleanly", "end"), [(True, "cut short"), (False, "reset")])
    def test_never_takes_a_short_answer_for_a_whole_one(
        self, framing: str, cleanly: bool, end: str
    ) -> None:
        answer, _ = told(breaks(framing, cleanly=cleanly))
        assert (answer.status, answer.end) == (200, end)

    def test_reads_chunks(self) -> None:
        async def script(arrival: Arrival) -> None:
            arrival.begin()
            arrival.chunk(b"hel")
            arrival.chunk(b"lo")
            arrival.send(b"0\r\n\r\n")

        assert told(script)[0].body == b"hello"


class TestUpstream:
    def test_knows_attempts_by_their_mark(self) -> None:
        assert told(answers)[1].attempt == 1
        assert told(answers, "X-Hedgerow-Attempt: 3")[1].attempt == 3

    @pytest.mark.parametrize("reset", [True, False])
    def test_knows_how_a_connection_ended(self, reset: bool) -> None:
        async def waits(arrival: Arrival) -> None:
            await arrival.gone.wait()

        async def main() -> str | None:
            async with upstream(waits) as up:
                async with connected(up.port) as client:
                    client.ask("/")
                    await eventually(lambda: len(up.arrivals) == 1)
                    end(client, reset=reset)
                await up.arrivals[0].gone.wait()
                return up.arrivals[0].how_gone

        assert play(main()) == ("reset" if reset else "closed")

    def test_takes_a_body_out_of_its_chunks(self) -> None:
        async def main() -> bytes:
            async with upstream(answers) as up, connected(up.port) as client:
                client.ask("/", "Transfer-Encoding: chunked", method="POST")
                client.writer.write(b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
                await client.answer()
                await up.arrivals[0].whole.wait()
                return up.arrivals[0].decoded

        assert play(main()) == b"hello"


def end(client: Client, *, reset: bool) -> None:
    if reset:
        client.reset()
    else:
        client.leave()


class TestPlay:
    def test_fails_for_what_a_callback_let_escape(self) -> None:
        async def main() -> None:
            asyncio.get_running_loop().call_soon(lambda: 1 / 0)
            await asyncio.sleep(0)

        with pytest.raises(AssertionError, match="ZeroDivisionError"):
            play(main())


class TestProcess:
    def test_is_gone_whatever_happened(self) -> None:
        pids = []
        with pytest.raises(ZeroDivisionError), hedgerow("flaky", "-p", "0") as process:
            pids.append(process.pid)
            _ = 1 / 0
        with pytest.raises(ProcessLookupError):
            os.kill(pids[0], 0)

    def test_that_ends_by_itself_tells_how(self) -> None:
        result = ran("no-such-verb")
        assert (result.returncode, "no-such-verb" in result.stderr) == (2, True)
