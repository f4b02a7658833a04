"""How a gateway begins and ends, as a process."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.gateway_client import Answer, Client, ask, connected
from tests.fakes.gateway_running import eventually, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, Script, answers, is_silent, upstream
from tests.fakes.processes import Process, hedgerow, ran

TERM, INT = signal.SIGTERM, signal.SIGINT


async def takes_a_while(arrival: Arrival) -> None:
    await asyncio.sleep(0.4)
    arrival.answer()


@contextlib.asynccontextmanager
async def asking(script: Script, *words: str) -> AsyncIterator[tuple[Process, Client]]:
    """A gateway with one request in flight."""
    async with upstream(script) as up:
        with hedgerow("serve", up.url, "-p", "0", *words) as process:
            async with connected(process.port) as client:
                client.ask("/asked")
                await eventually(lambda: len(up.arrivals) == 1)
                yield process, client


async def ended(process: Process) -> int:
    return await asyncio.to_thread(process.ended)


class TestStop:
    @pytest.mark.parametrize(("number", "code"), [(TERM, 0), (INT, 130)])
    def test_lets_what_was_asked_be_answered(self, number: signal.Signals, code: int) -> None:
        async def main() -> tuple[Answer, bool, int]:
            async with asking(takes_a_while) as (process, client):
                process.send(number)
                answer = await client.answer()
                return answer, await client.closed(), await ended(process)

        answer, is_closed, exit_code = play(main())
        assert (answer.status, answer.field("connection"), is_closed) == (200, "close", True)
        assert exit_code == code

    def test_closes_the_connections_to_upstreams(self) -> None:
        async def main() -> tuple[list[bool], list[bool]]:
            async with upstream(answers) as up, gateway(settings(up.url)) as running:
                await ask(running.port)
                before = [connection.is_lost for connection in up.connections]
                await running.gateway.drain(1.0)
                await eventually(lambda: up.connections[0].is_lost)
                return before, [connection.is_lost for connection in up.connections]

        assert play(main()) == ([False], [True])

    def test_closes_connections_that_ask_nothing(self) -> None:
        async def main() -> bool:
            async with asking(takes_a_while) as (process, client):
                async with connected(process.port) as idle:
                    idle.ask("/nobody", "Content-Length: 0", method="OPTIONS")
                    await idle.answer()
                    process.send(TERM)
                    async with asyncio.timeout(5):  # half of the drain timeout
                        closed = await idle.closed()
                await client.answer()
                return closed

        assert play(main())

    def test_answers_who_was_about_to_ask_again(self) -> None:
        async def main() -> tuple[Answer, bool]:
            async with asking(takes_a_while) as (process, client):
                async with connected(process.port) as late:
                    late.ask("/first", "Content-Length: 0", method="OPTIONS")
                    await late.answer()
                    process.send(TERM)
                    await eventually(lambda: "draining" in process.told)
                    late.ask("/second", "Content-Length: 0", method="OPTIONS")
                    answer, closed = await late.answer(), await late.closed()
                await client.answer()
                return answer, closed

        answer, closed = play(main())
        assert (answer.status, answer.field("connection"), closed) == (200, "close", True)

    def test_takes_nobody_new(self) -> None:
        async def main() -> None:
            async with asking(takes_a_while) as (process, client):
                process.send(TERM)
                await eventually(lambda: "draining" in process.told)
                with pytest.raises(ConnectionRefusedError):
                    await ask(process.port)
                await client.answer()

        play(main())

    def test_resets_what_takes_too_long(self, tmp_path: Path) -> None:
        log = tmp_path / "access.log"

        async def main() -> tuple[Answer, int, str]:
            words = ("--drain-timeout", "200ms", "-l", str(log))
            async with asking(is_silent, *words) as (process, client):
                process.send(TERM)
                answer = await client.answer()
                return answer, await ended(process), process.told

        answer, code, told = play(main())
        assert (answer.end, code) == ("reset", 0)
        assert "1 connections were still busy" in told
        assert '"GET /asked" 499 ' in log.read_text()

    def test_writes_the_log_of_what_it_answered(self, tmp_path: Path) -> None:
        log = tmp_path / "access.log"

        async def main() -> None:
            async with asking(takes_a_while, "-l", str(log)) as (process, client):
                process.send(TERM)
                await client.answer()
                await ended(process)

        play(main())
        assert '"GET /asked" 200 ' in log.read_text()


class TestSecondSignal:
    def after(self, first: signal.Signals, second: signal.Signals) -> tuple[str, int]:
        async def main() -> tuple[str, int]:
            async with asking(takes_a_while) as (process, client):
                process.send(first)
                await eventually(lambda: "draining" in process.told)
                process.send(second)
                return (await client.answer()).end, await ended(process)

        return play(main())

    @pytest.mark.parametrize("first", [TERM, INT])
    def test_of_ctrl_c_quits_at_once(self, first: signal.Signals) -> None:
        end, code = self.after(first, INT)
        assert (end != "whole", code) == (True, 130)

    def test_to_terminate_changes_nothing(self) -> None:
        assert self.after(TERM, TERM) == ("whole", 0)


class TestStart:
    def test_on_a_port_in_use_says_so(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            result = ran("serve", "http://127.0.0.1:9", "-p", port)
        assert result.returncode == 1
        assert result.stderr.startswith(f"hedgerow: port {port} = in use: must be free. ")
        assert "another port" in result.stderr

    def test_in_a_folder_that_is_not_there_says_so(self) -> None:
        result = ran("serve", "http://127.0.0.1:9", "--listen", "unix:/nowhere/at/all.sock")
        assert result.returncode == 1
        assert "unix:/nowhere/at/all.sock" in result.stderr

    def test_waits_for_no_upstream(self) -> None:
        with hedgerow("serve", "http://127.0.0.1:9", "-p", "0") as process:
            assert process.is_running


class TestUnixSocket:
    def test_is_listened_at_and_removed(self, tmp_path: Path) -> None:
        path = str(tmp_path / "gateway.sock")

        async def asked() -> Answer:
            reader, writer = await asyncio.open_unix_connection(path)
            client = Client(reader, writer)
            client.ask("/")
            answer = await client.answer()
            writer.close()
            return answer

        async def main() -> tuple[Answer, int]:
            async with upstream(answers) as up:
                with hedgerow("serve", up.url, "--listen", f"unix:{path}") as process:
                    answer = await asked()
                    process.send(TERM)
                    return answer, await ended(process)

        answer, code = play(main())
        assert (answer.status, code, os.path.exists(path)) == (200, 0, False)

    def test_left_by_one_that_was_killed_is_in_nobodys_way(self, tmp_path: Path) -> None:
        path = str(tmp_path / "gateway.sock")
        with hedgerow("serve", "http://127.0.0.1:9", "--listen", f"unix:{path}") as process:
            process.send(signal.SIGKILL)
            process.ended()
        assert os.path.exists(path)
        with hedgerow("serve", "http://127.0.0.1:9", "--listen", f"unix:{path}") as process:
            assert process.is_running


class TestLog:
    def test_goes_to_stdout_for_a_dash(self) -> None:
        async def main() -> str:
            async with asking(takes_a_while, "-l", "-") as (process, client):
                await client.answer()
                await eventually(lambda: "GET /asked" in process.printed)
                return process.printed

        assert '"GET /asked" 200 11 ' in play(main())

    def test_tells_the_story_of_each_request_when_asked_to(self) -> None:
        async def main() -> str:
            words = ("--trace", "--hedge-delay", "50ms", "--same-replica")
            async with asking(takes_a_while, *words) as (process, client):
                await client.answer()
                await eventually(lambda: "GET /asked" in process.told)
                return process.told

        story = play(main())
        assert "GET /asked -> 200, " in story
        assert "primary 1 to 127.0.0.1:" in story
        assert "hedge   2 to 127.0.0.1:" in story
