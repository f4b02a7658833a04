"""Plays a plan of requests against one target: the shell between plan and connections.

Puts every request on a connection of its own choosing as it falls due (an idle one, or a
new one: a user does not wait until another one has been served), waits for the answer
for as long as users would, and hands the finished sample to the recorder.  Must not
decide when requests are due, nor judge what came back.

A run is over when the plan is and every request has ended.  It ends sooner by
``stop_sending`` (what is under way is still waited for) or ``cut_off`` (it is not).

Budget of a request: 0 tasks, 0 loop timers, 1 write, 2 objects (call, sample).
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.load.pacing import Pacer, Timers
from hedgerow.load.recording import Recorder
from hedgerow.load.sample import Ending, Sample
from hedgerow.load.target import Target
from hedgerow.wire import Call
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.timers import Timer


class Connections(Protocol):
    """What a player needs of a pool."""

    def start(self, call: Call) -> None:
        """Send a call, now or as soon as there is a connection; it may fail at once."""


class PlayedCall(Call):
    """One request on its way, and its sample."""

    def __init__(self, head: bytes, sample: Sample, player: "Player") -> None:
        self.head = head
        self.sample = sample
        self.bucket: set[Timer] | None = None
        self._player = player

    # --- called by wire ---

    @override
    def sent(self) -> None:
        if self.sample.sent_at is None:  # else it is being sent again, and was late before
            self.sample.sent_at = self._player.clock()

    @override
    def answer_began(self, head: ResponseHead, data: bytes, *, ended: bool) -> None:
        self.sample.status = head.status
        self.body_received(data, ended=ended)

    @override
    def body_received(self, data: bytes, *, ended: bool) -> None:
        self.sample.size += len(data)
        if ended:
            good = self.sample.status < 400
            self._player.ended(self, Ending.ANSWERED if good else Ending.STATUS)

    @override
    def failed(self, failure: Failure, detail: str) -> None:
        self._player.ended(self, Ending.of_failure(failure))

    # --- called by the wheel ---

    def timer_fired(self, now: float) -> None:
        self.bucket = None
        self.cancel()
        self._player.ended(self, Ending.TIMEOUT)


class Player:
    """Sends the requests of one plan to one target."""

    def __init__(
        self,
        clock: Callable[[], float],
        timers: Timers,
        connections: Connections,
        recorder: Recorder,
        *,
        patience: float,
    ) -> None:
        """``patience`` is how long after it was due an answer is still waited for."""
        self.clock = clock
        self._timers = timers
        self._connections = connections
        self._recorder = recorder
        self._patience = patience
        self._pacer: Pacer | None = None
        self._under_way: set[PlayedCall] = set()
        self.sent = 0

    @property
    def under_way(self) -> int:
        """How many requests have not ended yet."""
        return len(self._under_way)

    def overdue(self, now: float, deadline: float) -> int:
        """Return how many requests have waited longer than the deadline."""
        return sum(now - call.sample.due_at > deadline for call in self._under_way)

    @property
    def is_over(self) -> bool:
        """True when nothing is left to send or to wait for."""
        return self._pacer is not None and self._pacer.is_over and not self._under_way

    def play(self, target: Target, due_times: Iterator[float], started_at: float) -> None:
        """Begin; the plan's 0 is ``started_at``, now or later.  Once only."""
        self._pacer = Pacer(self._timers, due_times, lambda due_at: self._send(target, due_at))
        self._pacer.start(self.clock(), started_at)

    def stop_sending(self) -> None:
        """Send no more, but wait for what is under way."""
        if self._pacer is not None:
            self._pacer.stop()

    def cut_off(self) -> None:
        """Send no more and wait no more: what is under way ends here, unfinished."""
        self.stop_sending()
        for call in tuple(self._under_way):
            call.cancel()
            self.ended(call, Ending.UNFINISHED)

    def ended(self, call: PlayedCall, ending: Ending) -> None:
        """One request is over."""
        if call not in self._under_way:
            return
        self._under_way.discard(call)
        if call.bucket is not None:
            call.bucket.discard(call)
        call.sample.ended_at = self.clock()
        call.sample.ending = ending
        self._recorder.record(call.sample)

    def _send(self, target: Target, due_at: float) -> None:
        sample = Sample(self.sent, due_at)
        call = PlayedCall(target.head(self.sent), sample, self)
        self.sent += 1
        self._under_way.add(call)
        call.bucket = self._timers.arm(self.clock(), due_at + self._patience, call)
        self._connections.start(call)
