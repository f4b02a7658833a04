"""A driver's field without a network: a loop on a fake clock, and lines whose far end answers."""

import types
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from hedgerow.load.batch import Batch, Sample
from hedgerow.load.generator import carrier as carrier_module
from hedgerow.load.generator import closed as closed_module
from hedgerow.load.generator import exchange as exchange_module
from hedgerow.load.generator import field as field_module
from hedgerow.load.generator import pacer as pacer_module
from hedgerow.load.generator import user_pacing as user_pacing_module
from hedgerow.load.generator.dialling import Caller
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.pacer import Pacer
from hedgerow.load.generator.recorder import Recorder, Standing
from hedgerow.load.generator.request_maker import Endpoint
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import LoadPlan, Share
from hedgerow.wire import lean as lean_module
from hedgerow.wire.lean import LeanConnection
from tests.fakes.clock import START, FakeClock
from tests.fakes.loop import FakeLoop
from tests.fakes.transport import FakeTransport

START_NS: Final = round(START * 1e9)
GOOD: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PAUSE: Final = 0.1  # seconds from a request to its answer


class Line:
    """A connection, and its far end."""

    def __init__(self, connection: LeanConnection, caller: Caller, at: float) -> None:
        self.connection = connection
        self.caller = caller
        self.dialled_at = at
        self.transport = FakeTransport()
        self.requests: list[bytes] = []

    @property
    def is_open(self) -> bool:
        return self.connection.was_opened and not self.transport.closing

    def opens(self) -> None:
        self.connection.connection_made(self.transport)

    def refuses(self) -> None:
        self.caller.not_opened(self.connection, Outcome.CONNECT_REFUSED, "connection refused")

    def says(self, *pieces: bytes) -> None:
        for piece in pieces:
            if not self.transport.closing:
                self.connection.data_received(piece)

    def ends(self, error: Exception | None = None) -> None:
        if error is None and not self.transport.closing:
            self.connection.eof_received()
        self.transport.close()
        self.connection.connection_lost(error)


class FieldStage:
    """Dials, answers after ``PAUSE``, and keeps what was counted."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, plan: LoadPlan, share: Share | None = None
    ) -> None:
        self.clock = FakeClock()
        self.loop = FakeLoop(self.clock)
        self.lines: list[Line] = []
        self.opens: Callable[[Line], object] = Line.opens
        self.answer: Callable[[Line], object] = lambda line: line.says(GOOD)
        self.recorder = Recorder(is_warm_up=bool(plan.warm_up))
        self.recorder.began_ns = START_NS
        self.opened = 0
        self.descriptors_short = self.ports_short = False
        self._replace_what_it_stands_on(monkeypatch)
        self.field = Field(self.loop, plan, share or Share(), self.recorder)

    @property
    def now_ns(self) -> int:
        return round(self.clock.now * 1e9)

    @property
    def elapsed(self) -> float:
        return round(self.clock.now - START, 6)

    @property
    def requests(self) -> list[bytes]:
        return [request for line in self.lines for request in line.requests]

    @property
    def open_lines(self) -> int:
        return sum(line.is_open for line in self.lines)

    @property
    def samples(self) -> list[Sample]:
        return self.recorder.samples

    @property
    def outcomes(self) -> list[str]:
        return [sample.outcome for sample in self.samples]

    @property
    def counted(self) -> int:
        return len(self.recorder.samples) + len(self.recorder.plain)

    def run(self, seconds: float) -> None:
        self.loop.run_later(seconds)
        assert not self.loop.failures

    def batch(self, standing: Standing | None = None) -> Batch:
        return self.recorder.batch(
            self.now_ns, frame_ends=0, standing=standing or Standing(), opened=0, connections=0
        )

    # --- stands in for the dialler ---

    def dial(self, endpoint: Endpoint, connection: LeanConnection, caller: Caller) -> None:
        caller.dialling(self.now_ns)
        line = Line(connection, caller, self.elapsed)
        line.transport.on_write = lambda: self._asked(line)
        self.lines.append(line)
        self.opened += 1
        self.loop.call_later(0, lambda: self.opens(line))

    def close(self) -> None:
        """Nothing is being opened."""

    def _asked(self, line: Line) -> None:
        line.requests.append(bytes(line.transport.unsent))
        line.transport.unsent.clear()
        self.loop.call_later(PAUSE, lambda: self.answer(line))

    def _replace_what_it_stands_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = types.SimpleNamespace(
            perf_counter_ns=lambda: self.now_ns, time=lambda: 1_000_000_000.0
        )
        for module in (carrier_module, closed_module, exchange_module, lean_module):
            monkeypatch.setattr(module, "time", clock)
        monkeypatch.setattr(user_pacing_module, "Pacer", self._paced)
        monkeypatch.setattr(pacer_module, "_SPIN_NS", 0)
        monkeypatch.setattr(field_module, "Dialler", lambda *_: self)

    def _paced(
        self, loop: FakeLoop, due: Iterator[tuple[int, int]], send: Callable[[int, int], None]
    ) -> Pacer:
        return Pacer(loop, due, send, clock=lambda: self.now_ns, timers=lambda: None)
