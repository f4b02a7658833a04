"""Promises that are kept or broken, measurements that cannot be trusted, and the exit codes."""

from pathlib import Path
from typing import Final

import pytest

from tests.end_to_end.load_runs import LoadRun, load
from tests.fakes.misbehaving import MisbehavingServer, answers_after, resets
from tests.fakes.processes import ran
from tests.fakes.recording_server import RecordingServer, Seen, answer

MIXED: Final = """
options = {"base_url": "%s"}

async def run(user):
    await user.get("/quick", label="quick")
    await user.get("/slow", label="slow")
"""


def promised(
    folder: Path, *exprs: str, words: tuple[str, ...] = ("-n", "40", "-c", "2")
) -> LoadRun:
    """Load a server that answers after 20 ms."""
    flags = [word for expr in exprs for word in ("--slo", expr)]
    with MisbehavingServer(answers_after(0.02)) as server:
        return load(folder, server.url, *words, *flags)


class TestPromise:
    def test_kept_is_fine(self, tmp_path: Path) -> None:
        run = promised(tmp_path, "p99<10s", "errors<0.1%", "rps>1", "min>=20ms")
        assert run.code == 0
        assert [result.ok for result in run.document.slo] == [True] * 4

    def test_broken_is_an_exit_code_and_named(self, tmp_path: Path) -> None:
        run = promised(tmp_path, "p99<10s", "p95<5ms")
        assert run.code == 99
        assert [(result.expr, result.ok) for result in run.document.slo] == [
            ("p99<10s", True),
            ("p95<5ms", False),
        ]
        (told,) = (line for line in run.printed.splitlines() if "p95<5ms" in line)
        assert "ms" in told.replace("p95<5ms", "")  # what it was instead

    def test_about_a_window_holds_in_each(self, tmp_path: Path) -> None:
        run = promised(tmp_path, "p99<10s for 1s", "p99<5ms for 1s", words=("-R", "20", "-d", "2s"))
        assert run.code == 99
        assert [result.ok for result in run.document.slo] == [True, False]

    def test_about_a_label_is_about_that_label(self, tmp_path: Path) -> None:
        def slow_where_it_says_so(seen: Seen) -> bytes:
            return answer("x" * 4_000_000) if seen.target == "/slow" else answer()

        scenario = tmp_path / "mixed.py"
        with RecordingServer(slow_where_it_says_so) as server:
            scenario.write_text(MIXED % server.url)
            words = ("--slo", "p95{label=quick}<10s", "--slo", "p50{label=slow}<100us")
            run = load(tmp_path, str(scenario), "-i", "5", *words)
        assert run.code == 99
        assert [result.ok for result in run.document.slo] == [True, False]

    def test_about_what_never_happened_is_broken(self, tmp_path: Path) -> None:
        run = promised(tmp_path, "p95{label=login}<10s")
        assert run.code == 99
        assert (run.document.slo[0].ok, run.document.slo[0].value) == (False, None)

    def test_is_no_excuse_for_not_one_good_answer(self, tmp_path: Path) -> None:
        with MisbehavingServer(resets) as server:
            run = load(tmp_path, server.url, "-n", "5", "--slo", "errors<=100%")
        assert run.code == 1


class TestAbort:
    def test_ends_a_long_run_early_and_says_why(self, tmp_path: Path) -> None:
        words = ("-R", "100", "-d", "60s", "--abort-on-fail")
        run = promised(tmp_path, "p50<5ms", words=words)
        assert run.code == 99
        assert run.document.duration_s < 20
        assert "p50<5ms" in run.document.stopped_because
        assert not run.document.interrupted
        assert "Stopped early" in run.printed


class TestStrictness:
    BLOCKING: Final = (
        "import time\nasync def run(user):\n    await user.get('/')\n    time.sleep(0.12)\n"
    )

    @pytest.mark.parametrize(
        ("words", "code"),
        [((), 0), (("--strict", "--slo", "p99<1us"), 98)],
        ids=["off", "before-promises"],
    )
    def test_is_about_the_measurement(
        self, tmp_path: Path, words: tuple[str, ...], code: int
    ) -> None:
        scenario = tmp_path / "blocking.py"
        scenario.write_text(self.BLOCKING)
        with RecordingServer() as server:
            words += ("--base-url", server.url, "-u", "4", "-d", "1s")
            run = load(tmp_path, str(scenario), *words)
        assert run.code == code
        assert run.document.verdict.state != "VALID"
        assert "loop-lag" in {reason.kind for reason in run.document.verdict.reasons}
        assert run.printed.startswith(run.document.verdict.state)


class TestUsage:
    @pytest.mark.parametrize(
        ("words", "fact"),
        [
            ((), "URL"),
            (("http://127.0.0.1:1/", "-t", "5"), "5s"),
            (("http://127.0.0.1:1/", "--durations", "5s"), "--duration"),
            (("http://127.0.0.1:1/", "-b", "@/no/such/file"), "/no/such/file"),
            (("http://127.0.0.1:1/{line:/no/such/file}",), "/no/such/file"),
            (("/no/such/scenario.py",), "/no/such/scenario.py"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
    )
    def test_that_is_wrong_is_told_with_the_way_out(
        self, words: tuple[str, ...], fact: str
    ) -> None:
        done = ran("load", *words)
        assert done.returncode == 2
        assert fact in done.stderr
        assert (done.stdout, "Traceback" in done.stderr) == ("", False)
