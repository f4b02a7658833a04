"""An open driver on virtual time, and the far ends of its connections."""

import random
import types
from collections.abc import Iterable
from typing import Final

import pytest

from hedgerow.load.batch import Sample
from hedgerow.load.generator import carrier as carrier_module
from hedgerow.load.generator import field as field_module
from hedgerow.load.generator import open as open_module
from hedgerow.load.generator.dialling import Caller
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.open import OpenDriver
from hedgerow.load.generator.recorder import Recorder
from hedgerow.load.generator.request_maker import Endpoint, RequestMaker
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import LoadPlan, Open, RequestPlan, Share
from hedgerow.wire import lean as lean_module
from hedgerow.wire.lean import LeanConnection
from hedgerow.workload.template import Draw
from tests.fakes.clock import FakeClock
from tests.fakes.loop import FakeLoop
from tests.fakes.transport import FakeTransport

SECOND: Final = 1_000_000_000
START: Final = 1_000_000 * SECOND  # a forgotten subtraction shows at once
TIMEOUT: Final = 5.0
GOOD: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Line:
    """A connection, and its far end in the hands of the test."""

    def __init__(self, connection: LeanConnection, caller: Caller) -> None:
        self.connection = connection
        self.transport = FakeTransport()
        self.was_refused = self.has_ended = False
        self._caller = caller

    def opens(self) -> None:
        self.connection.connection_made(self.transport)

    def refuses(self) -> None:
        self.was_refused = True
        self._caller.not_opened(self.connection, Outcome.CONNECT_REFUSED, "connection refused")

    def asked(self) -> list[str]:
        """The targets of all requests sent on it."""
        lines = bytes(self.transport.unsent).split(b"\r\n")
        return [line.split()[1].decode() for line in lines if line.startswith(b"GET ")]

    def says(self, *pieces: bytes) -> None:
        for piece in pieces:
            if not self.transport.closing:
                self.connection.data_received(piece)

    def ends(self, error: Exception | None = None) -> None:
        self.has_ended = True
        self.transport.close()
        self.connection.connection_lost(error)


class Pacing:
    """Stands in for the pacer: sends when the stage's clock has come to it."""

    def __init__(self, due: Iterable[tuple[int, int]], stage: "Stage") -> None:
        self._due = list(due)
        self._stage = stage
        self.is_over = False

    def start(self) -> None:
        """The clock starts it."""

    def next_due(self) -> int | None:
        return self._due[0][1] if self._due else None

    def stop(self) -> None:
        self.is_over = True
        self._due = []

    def drop_due(self) -> list[tuple[int, int]]:
        dropped = [pair for pair in self._due if pair[1] <= self._stage.now_ns]
        self._stage.arrived += len(dropped)
        self.stop()
        return dropped

    def send_next(self) -> None:
        number, due_ns = self._due.pop(0)
        self.is_over = not self._due
        self._stage.arrived += 1
        self._stage.driver._arrive(number, due_ns)


class Stage:
    """A driver on virtual time, and the connections that it believes in."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *due_times: float,
        opens: bool = True,
        max_connections: int | None = None,
        shed_after: float | None = None,
        share: Share | None = None,
    ) -> None:
        self.now_ns = START
        self.arrived = 0
        self.lines: list[Line] = []
        self._opens = opens
        self._replace_what_it_stands_on(monkeypatch)
        work = RequestPlan(url="http://a.example/?n={seq}", label="all", is_template=True)
        model = Open(start_rate=1, max_connections=max_connections, shed_after=shed_after)
        plan = LoadPlan(work=work, model=model, timeout=TIMEOUT, keeps_samples=True)
        self.recorder = Recorder(is_warm_up=False)
        self.recorder.began_ns = START
        self.field = Field(FakeLoop(FakeClock()), plan, share or Share(), self.recorder)
        maker = RequestMaker(work, Draw(0, 1, random.Random(1)))
        self.driver = OpenDriver(self.field, model, work.label, maker, enumerate(due_times))
        self.driver.start(START)

    def run_until(self, seconds: float) -> None:
        """Let time pass, counted from the plan's beginning."""
        until = START + round(seconds * 1e9)
        while (due_ns := self.pacing.next_due()) is not None and due_ns <= until:
            self.now_ns = max(self.now_ns, due_ns)
            self.pacing.send_next()
            if self._opens:
                self.open_all()
        self.now_ns = until

    def stall(self, seconds: float) -> None:
        """Let time pass in which nothing runs, as when the process is not scheduled."""
        self.now_ns += round(seconds * 1e9)

    def open_all(self) -> None:
        for line in self.lines:
            if not line.connection.was_opened:
                line.opens()

    def answer_everybody(self) -> None:
        for line in self.lines:
            if line.connection.is_busy:
                line.says(GOOD)

    def is_over(self) -> bool:
        return self.driver.is_over

    @property
    def samples(self) -> list[Sample]:
        return self.recorder.samples

    def outcomes(self) -> list[str]:
        return [sample.outcome for sample in self.samples]

    # --- stands in for the dialler ---

    def dial(self, endpoint: Endpoint, connection: LeanConnection, caller: Caller) -> None:
        caller.dialling(self.now_ns)
        self.lines.append(Line(connection, caller))

    def _replace_what_it_stands_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = types.SimpleNamespace(perf_counter_ns=lambda: self.now_ns)
        for module in (open_module, carrier_module, lean_module):
            monkeypatch.setattr(module, "time", clock)
        monkeypatch.setattr(open_module, "Pacer", self._paced)
        monkeypatch.setattr(field_module, "Dialler", lambda *_: self)

    def _paced(self, loop: object, due: Iterable[tuple[int, int]], send: object) -> Pacing:
        self.pacing = Pacing(due, self)
        return self.pacing
