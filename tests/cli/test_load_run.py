"""Carrying a run out, with a run that sends nothing."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest

from hedgerow.cli import load_server
from hedgerow.cli.load_flags import OutputFlags
from hedgerow.cli.load_outputs import Outputs
from hedgerow.cli.load_run import Job, carry_out, exit_code
from hedgerow.load.moment import Moment
from hedgerow.load.order import Order
from hedgerow.load.server.launch import Address
from hedgerow.report.document import Document, Requests, SloResult, Verdict, read_document
from tests.fakes.load_moments import Moments, order

GOOD = Document(target="http://a.example/x", requests=Requests(total=10, ok=10))
BROKEN = SloResult(expr="p99<1s", value=2.0, limit=1.0, unit="s", ok=False)


@dataclass
class PlayedRun:
    """Plays two seconds, then gets the signals, then ends as soon as it is told."""

    document: Document = GOOD
    signals: tuple[signal.Signals, ...] = ()
    told: list[str] = field(default_factory=list)
    order: Order | None = None
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, order: Order, on_second: Callable[[Moment], None]) -> "PlayedRun":
        self.order, self._on_second = order, on_second
        return self

    async def play(self) -> Document:
        moments = Moments()
        for _ in range(2):
            self._on_second(moments.next())
        for number in self.signals:
            self.heard.clear()
            os.kill(os.getpid(), number)
            await self.heard.wait()
        return self.document

    def stop(self, why: str) -> None:
        self.told.append(why)
        self.heard.set()

    def cut_off(self) -> None:
        self.told.append("cut off")
        self.heard.set()


def carried_out(run: PlayedRun, output: OutputFlags | None = None, **job: Any) -> int:
    """The exit code."""
    outputs = Outputs(output or OutputFlags())
    return asyncio.run(carry_out(Job(order=order(), outputs=outputs, **job), run))


class TestExitCode:
    @pytest.mark.parametrize(
        ("document", "strict", "interrupted", "code"),
        [
            ({}, False, None, 0),
            ({}, True, None, 0),
            ({"requests": Requests(total=5, failed=5)}, False, None, 1),
            ({"requests": Requests()}, True, None, 1),
            ({"slo": [BROKEN]}, False, None, 99),
            ({"verdict": Verdict(state="SUSPECT")}, False, None, 0),
            ({"verdict": Verdict(state="SUSPECT")}, True, None, 98),
            ({"verdict": Verdict(state="INVALID"), "slo": [BROKEN]}, True, None, 98),
            ({"verdict": Verdict(state="INVALID"), "slo": [BROKEN]}, False, None, 99),
            ({"slo": [BROKEN]}, True, 130, 130),
            ({"requests": Requests()}, True, 143, 143),
        ],
    )
    def test_says_what_weighs_most(
        self, document: dict[str, Any], strict: bool, interrupted: int | None, code: int
    ) -> None:
        made = msgspec.structs.replace(GOOD, **document)
        assert exit_code(made, strict=strict, interrupted=interrupted) == code


class TestRun:
    def test_ends_with_its_text_on_stdout(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert carried_out(PlayedRun()) == 0
        captured = capsys.readouterr()
        assert "VALID" in captured.out
        assert "\x1b" not in captured.out
        assert captured.err.startswith("elapsed=1s")

    def test_says_nothing_else_when_quiet(self, capsys: pytest.CaptureFixture[str]) -> None:
        carried_out(PlayedRun(), quiet=True)
        assert capsys.readouterr().err == ""

    def test_leaves_stdout_to_the_result_when_that_goes_there(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        carried_out(PlayedRun(), OutputFlags(json="-"), quiet=True)
        captured = capsys.readouterr()
        assert msgspec.json.decode(captured.out, type=Document) == GOOD
        assert "VALID" in captured.err

    def test_fails_when_its_result_cannot_be_written(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert carried_out(PlayedRun(), OutputFlags(json=str(tmp_path / "gone" / "x"))) == 1
        assert "--json" in capsys.readouterr().err

    def test_watches_whom_it_is_told_to(self) -> None:
        run = PlayedRun()
        carried_out(run, watch=(str(os.getpid()), str(os.getpid())))
        assert run.order is not None
        assert run.order.watch == (os.getpid(),)


class TestSignal:
    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_stops_and_leaves_a_partial_result(
        self, tmp_path: Path, number: signal.Signals, code: int
    ) -> None:
        run, path = PlayedRun(signals=(number,)), tmp_path / "x.json"
        assert carried_out(run, OutputFlags(json=str(path))) == code
        document = read_document(path)
        assert document.interrupted
        assert document.stopped_because == run.told[0]

    def test_that_comes_again_cuts_off(self) -> None:
        run = PlayedRun(signals=(signal.SIGINT, signal.SIGTERM, signal.SIGINT))
        assert carried_out(run) == 130
        assert run.told[1:] == ["cut off", "cut off"]

    def test_before_anything_was_sent_ends_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(load_server, "Launched", SlowServer)
        SlowServer.ended = False
        run = PlayedRun()
        assert carried_out(run, server=("server",)) == 130
        assert run.order is None
        assert SlowServer.ended


class SlowServer:
    """A server that never listens, and whose starter loses patience."""

    ended = False

    def __init__(self, words: Sequence[str], address: Address) -> None:
        self.name = " ".join(words)

    async def __aenter__(self) -> Self:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            SlowServer.ended = True
        return self

    async def __aexit__(self, *details: object) -> None:
        """Never entered."""
