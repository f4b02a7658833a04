"""Ctrl-C, termination and sudden death: the figures so far are told, nothing is left running."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hedgerow.report.document import read_document
from tests.end_to_end.load_runs import load
from tests.fakes.misbehaving import MisbehavingServer, never_answers
from tests.fakes.processes import Process, hedgerow
from tests.fakes.recording_server import RecordingServer


def gone(processes: list[psutil.Process], seconds: float) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def generators(process: Process) -> list[psutil.Process]:
    return list(psutil.Process(process.pid).children(recursive=True))


@contextlib.contextmanager
def loading(
    server: RecordingServer | MisbehavingServer, file: Path, *words: str
) -> Iterator[tuple[Process, list[psutil.Process]]]:
    """A run that would last a minute, once the server has been asked; and its generators."""
    line = ("load", server.url, "-d", "60s", "-c", "4", "-w", "2", "--json", str(file), *words)
    with hedgerow(*line, waits=False) as process:
        process.until(lambda: asked(server) >= 4 or not process.is_running, 20)
        assert process.is_running, process.told
        children = generators(process)
        assert len(children) == 2
        try:
            yield process, children
        finally:
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()


def asked(server: RecordingServer | MisbehavingServer) -> int:
    return server.asked if isinstance(server, MisbehavingServer) else len(server.seen)


class TestInterruption:
    @pytest.mark.parametrize(
        ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
    )
    def test_reports_what_there_is(self, tmp_path: Path, number: signal.Signals, code: int) -> None:
        file = tmp_path / "run.json"
        with (
            RecordingServer() as server,
            loading(server, file, "-R", "100", "--slo", "p99<1us") as (process, children),
        ):
            # The whole group is told, as by a terminal or by timeout(1).
            os.killpg(process.pid, number)
            assert process.ended() == code
            assert gone(children, 0.0)
            sent = len(server.seen)
            assert "interrupted" in process.printed
            assert "Traceback" not in process.told
        found = read_document(file)
        assert found.interrupted
        assert found.stopped_because.startswith("interrupted by")
        assert found.requests.ok == found.requests.total == sent

    def test_waits_for_what_is_under_way_and_not_for_more(self, tmp_path: Path) -> None:
        file = tmp_path / "run.json"
        with (
            MisbehavingServer(never_answers) as server,
            loading(server, file, "-t", "30s") as (process, children),
        ):
            os.killpg(process.pid, signal.SIGINT)
            process.until(lambda: "once more" in process.told)
            time.sleep(0.3)
            assert process.is_running
            assert server.asked == 4
            os.killpg(process.pid, signal.SIGINT)
            assert process.ended(5) == 130
            assert gone(children, 0.0)
        found = read_document(file)
        assert (found.requests.total, found.requests.unfinished) == (4, 4)
        assert found.errors == {"unfinished": 4}

    def test_of_a_start_is_no_failure_of_the_generators(self, tmp_path: Path) -> None:
        with RecordingServer() as server:
            words = ("load", server.url, "-d", "60s", "-w", "2", "--json", str(tmp_path / "f"))
            with hedgerow(*words, waits=False) as process:
                process.until(lambda: bool(generators(process)), 20)
                os.killpg(process.pid, signal.SIGINT)
                assert (process.ended(), "must be ready" in process.told) == (130, False), (
                    process.told
                )
                assert "Traceback" not in process.told

    def test_before_anything_was_sent_reports_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "run.json"
        slow = "import time; time.sleep(30)"
        words = ("http://127.0.0.1:1/", "--json", str(file), "--", "python3", "-c", slow)
        with hedgerow("load", *words, waits=False) as process:
            process.until(lambda: bool(generators(process)), 20)
            started = generators(process)
            process.send(signal.SIGINT)
            assert process.ended() == 130
            assert gone(started, 1.0)
            assert "Traceback" not in process.told
        assert not file.exists()


class TestSuddenDeath:
    def test_of_the_parent_ends_the_generators(self, tmp_path: Path) -> None:
        with (
            RecordingServer() as server,
            loading(server, tmp_path / "run.json") as (process, children),
        ):
            process.send(signal.SIGKILL)
            assert gone(children, 2.0)

    def test_of_the_generators_is_told(self, tmp_path: Path) -> None:
        file = tmp_path / "run.json"
        with (
            RecordingServer() as server,
            loading(server, file, "-R", "50") as (process, children),
        ):
            for child in children:
                child.kill()
            process.ended()
        found = read_document(file)
        assert found.verdict.state == "INVALID"
        assert "generator" in found.stopped_because

    def test_of_one_generator_does_not_end_the_run(self, tmp_path: Path) -> None:
        scenario = tmp_path / "dies.py"
        scenario.write_text(
            "import os\n"
            "async def run(user):\n"
            "    await user.get('/')\n"
            "    if user.number == 1:\n"
            "        await user.pause(0.1)\n"
            "        os._exit(1)\n"
        )
        with RecordingServer() as server:
            words = ("--base-url", server.url, "-u", "2", "-w", "2", "-d", "500ms")
            found = load(tmp_path, str(scenario), *words, "--think", "5ms").document
        assert found.requests.ok > 5
        assert found.verdict.state == "INVALID"
        assert "missing-shards" in {reason.kind for reason in found.verdict.reasons}
