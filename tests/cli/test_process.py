"""A loop, signals and readiness: what every verb that serves needs of the system."""

import asyncio
import gc
import io
import os
import signal
import sys
from collections.abc import Iterator

import pytest
import uvloop
from typing_extensions import override

from hedgerow.cli import process
from hedgerow.errors import ConfigError
from hedgerow.serve.workers.forking import fork


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Signals are the whole process's: give them back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


class TestRun:
    def test_returns_the_exit_code(self) -> None:
        async def main() -> int:
            return 7

        assert process.run(main()) == 7

    def test_runs_on_the_quick_loop(self) -> None:
        async def main() -> int:
            return int(isinstance(asyncio.get_running_loop(), uvloop.Loop))

        assert process.run(main()) == 1


class TestStopSignals:
    def stopped_by(self, *numbers: signal.Signals) -> int:
        async def main() -> int:
            signals = process.StopSignals()
            for number in numbers:
                os.kill(os.getpid(), number)
                await asyncio.sleep(0.01)
            return await signals.wait()

        return process.run(main())

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
    def test_have_the_exit_code_of_their_kind(self, number: signal.Signals, code: int) -> None:
        assert self.stopped_by(number) == code

    def test_count_once(self) -> None:
        assert self.stopped_by(signal.SIGINT, signal.SIGTERM) == 130
        assert self.stopped_by(signal.SIGTERM, signal.SIGTERM) == 0

    @pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
    def test_let_a_second_interrupt_through(self, first: signal.Signals) -> None:
        with pytest.raises(KeyboardInterrupt):
            self.stopped_by(first, signal.SIGINT)


class TestOrphans:
    def test_are_collected_without_waiting_for_those_that_run(self) -> None:
        def in_a_process_of_its_own() -> int:
            ended = os.spawnlp(os.P_NOWAIT, "true", "true")
            runs = os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "30")
            os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)
            process.collect_orphans()
            with pytest.raises(ChildProcessError):
                os.waitpid(ended, 0)
            os.kill(runs, signal.SIGKILL)
            os.waitpid(runs, 0)
            process.collect_orphans()
            return 7

        pid = fork(in_a_process_of_its_own)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


class TestSettle:
    def test_keeps_what_is_there_out_of_the_collectors_way(self) -> None:
        before = gc.get_threshold()
        try:
            process.settle()
            assert gc.get_freeze_count() > 0
            assert gc.get_threshold()[0] > before[0]
        finally:
            gc.unfreeze()
            gc.set_threshold(*before)


class TestAnnounce:
    def test_goes_to_the_operator_at_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        process.announce("serving on http://127.0.0.1:8080")
        assert capsys.readouterr().err == "hedgerow: serving on http://127.0.0.1:8080\n"


class TestReaderThatIsGone:
    def test_stops_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Gone(io.StringIO):
            @override
            def write(self, text: str, /) -> int:
                raise BrokenPipeError

        monkeypatch.setattr(sys, "stderr", Gone())
        process.announce("draining")
        process.tell("GET / -> 200, 1ms")


class TestListenAddress:
    @pytest.mark.parametrize(
        ("host", "port", "address"),
        [
            ("127.0.0.1", "9000", "127.0.0.1:9000"),
            ("localhost", "0", "localhost:0"),
            ("::1", "80", "[::1]:80"),
            ("[::1]", "80", "[::1]:80"),
        ],
    )
    def test_is_host_and_port(self, host: str, port: str, address: str) -> None:
        assert process.listen_address(host, port) == address

    @pytest.mark.parametrize("port", ["", "-1", "65536", "http", "8.5"])
    def test_needs_a_port_that_can_be(self, port: str) -> None:
        with pytest.raises(ConfigError, match="a number from 0 to 65535"):
            process.listen_address("127.0.0.1", port)
