"""Time and connections for the tests of this room: nothing waits, nothing is sent."""

from hedgerow.errors import Failure
from hedgerow.load.player import PlayedCall
from hedgerow.wire import Call
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.timers import Timer

START = 1_000_000.0  # a forgotten subtraction shows at once


class VirtualTimers:
    """A clock that moves when it is told to, and timers that fire when it passes them."""

    def __init__(self) -> None:
        self.now = START
        self._buckets: list[tuple[float, set[Timer]]] = []

    def clock(self) -> float:
        return self.now

    def arm(self, now: float, due: float, timer: Timer) -> set[Timer]:
        bucket = {timer}
        self._buckets.append((due, bucket))
        return bucket

    def run_until(self, seconds: float) -> None:
        """Let time pass, counted from the start of the clock."""
        until = START + seconds
        while due := [entry for entry in self._buckets if entry[0] <= until]:
            entry = min(due, key=lambda entry: entry[0])
            self._buckets.remove(entry)
            self.now = max(self.now, entry[0])
            for timer in tuple(entry[1]):
                timer.timer_fired(self.now)
        self.now = until

    def stall(self, seconds: float) -> None:
        """Let time pass in which nothing runs, as when the process is not scheduled."""
        self.now += seconds


class FakeConnections:
    """Takes every call at once; the test says what comes of it."""

    def __init__(self) -> None:
        self.calls: list[PlayedCall] = []

    def start(self, call: Call) -> None:
        assert isinstance(call, PlayedCall)
        self.calls.append(call)
        call.sent()

    def answer(self, number: int, status: int = 200, body: bytes = b"ok") -> None:
        call = self.calls[number]
        call.is_done = True
        call.answer_began(ResponseHead(status, is_http11=True), body, ended=True)

    def fail(self, number: int, failure: Failure) -> None:
        call = self.calls[number]
        call.is_done = True
        call.failed(failure, "as told")
