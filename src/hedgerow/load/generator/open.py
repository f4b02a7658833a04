"""The open model: requests go out when they are due, whether or not the others were answered.

Each due request takes a free connection, or a new one, or (where their number is limited)
it waits for one: that wait is the backlog, and it is told apart from our own lateness.
Must not know how due times come about.

The connection used last is used next, so those that are not needed fall idle.
"""

import collections
import time
from collections.abc import Iterator

from typing_extensions import override

from hedgerow.load.generator.carrier import OUTCOME_OF, Carrier, Timeouts
from hedgerow.load.generator.driver import Driver
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.pacer import Pacer
from hedgerow.load.generator.recorder import Standing
from hedgerow.load.generator.request_maker import RequestMaker
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Open
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.lean import Broken, LeanConnection


class Waiting:
    """A request that is due and has no connection yet."""

    __slots__ = ("due_ns", "number", "woke_ns")

    def __init__(self, number: int, due_ns: int, woke_ns: int) -> None:
        self.number = number
        self.due_ns = due_ns
        self.woke_ns = woke_ns


class OpenDriver(Driver):
    """Plays a plan of arrivals, all of which send the same request."""

    def __init__(
        self,
        field: Field,
        model: Open,
        label: str,
        maker: RequestMaker,
        arrivals: Iterator[tuple[int, float]],
    ) -> None:
        """``arrivals`` are numbers and due times in seconds from the plan's beginning."""
        self.field = field
        self.label = label
        self.maker = maker
        self._arrivals = arrivals
        self._most = None
        if model.max_connections is not None:
            self._most = max(1, field.share.count(model.max_connections))
        self._timeouts = Timeouts(field.timeout_ns)
        self._shed_after_ns = None if model.shed_after is None else round(model.shed_after * 1e9)
        self._pacer: Pacer | None = None
        self._slots: set[Slot] = set()  # open or being opened
        self._idle: dict[Slot, None] = {}  # a stack from which any one can be taken
        self._waiting: collections.deque[Waiting] = collections.deque()
        self._opening = 0
        self._numbers = 0
        self._is_stopping = False

    @property
    @override
    def is_over(self) -> bool:
        sent_all = self._is_stopping or (self._pacer is not None and self._pacer.is_over)
        return sent_all and not self._waiting and self._busy == 0

    @override
    def start(self, began_ns: int) -> None:
        # Which phase a request is in is told by when it was due, and that is known beforehand.
        self.field.measure_from(began_ns + round(self.field.plan.warm_up * 1e9))
        due = ((number, began_ns + round(at * 1e9)) for number, at in self._arrivals)
        self._pacer = Pacer(self.field.loop, due, self._arrive)
        if not self._is_stopping:  # it was stopped before it began
            self._pacer.start()

    @override
    def begin_measuring(self, now_ns: int) -> None:
        """Nothing is to be done: start() has said from when on it counts."""

    @override
    def end(self) -> None:
        """Nothing is to be done: nothing is due after it."""

    @override
    def stop(self) -> None:
        self._is_stopping = True
        if self._pacer is not None:  # what was due before is sent
            for number, due_ns in self._pacer.drop_due():
                self._arrive(number, due_ns)

    @override
    def cut_off(self) -> None:
        now = time.perf_counter_ns()
        self._is_stopping = True
        if self._pacer is not None:  # we did not get round to these: that is told, not hidden
            for number, due_ns in self._pacer.drop_due():
                self._waiting.append(Waiting(number, due_ns, now))
        while self._waiting:
            self._give_up(self._waiting.popleft(), Outcome.UNFINISHED, "the run was over first")
        for slot in tuple(self._slots):
            slot.cut_off()

    @override
    def sweep(self, now_ns: int) -> None:
        for slot in self._timeouts.overdue(self._slots, now_ns):
            slot.timed_out()
        if self._shed_after_ns is not None:
            self._shed(now_ns - self._shed_after_ns)

    @override
    def standing(self) -> Standing:
        busy = self._busy
        return Standing(users=busy, in_flight=busy, backlog=len(self._waiting))

    def overdue(self, due_before_ns: int) -> int:
        """How many requests were due before this moment and have not ended yet."""
        waiting = sum(request.due_ns < due_before_ns for request in self._waiting)
        return waiting + sum(slot.is_under_way_since(due_before_ns) for slot in self._slots)

    def close(self) -> None:
        """Close the connections; for whoever lives on when the run is over."""
        for slot in tuple(self._slots):
            slot.close()

    # --- told by the pacer ---

    def _arrive(self, number: int, due_ns: int) -> None:
        now = time.perf_counter_ns()
        while self._idle and not self._waiting:
            slot, _ = self._idle.popitem()
            if slot.is_connected:  # not just being closed by the server
                slot.send(due_ns, now, now)
                return
            self._slots.discard(slot)
        self._waiting.append(Waiting(number, due_ns, now))
        self._open_for_waiting()

    # --- told by the slots ---

    def opened(self, slot: "Slot") -> None:
        """A connection is there."""
        self._opening -= 1
        self._serve(slot)

    def not_opened(self, slot: "Slot", outcome: Outcome, detail: str) -> None:
        """A connection could not be made: whoever has waited longest fails with it."""
        self._opening -= 1
        self._slots.discard(slot)
        if self._waiting:
            self._give_up(self._waiting.popleft(), outcome, detail, number=slot.number)
        self._open_for_waiting()

    def freed(self, slot: "Slot") -> None:
        """A request has ended and its connection can carry another one."""
        self._serve(slot)

    def gone(self, slot: "Slot") -> None:
        """A connection is closed."""
        self._slots.discard(slot)
        self._idle.pop(slot, None)
        self._open_for_waiting()

    # --- within ---

    @property
    def _busy(self) -> int:
        return len(self._slots) - self._opening - len(self._idle)

    def _serve(self, slot: "Slot") -> None:
        now = time.perf_counter_ns()
        if self._shed_after_ns is not None:
            self._shed(now - self._shed_after_ns)
        if self._waiting:
            first = self._waiting.popleft()
            slot.send(first.due_ns, first.woke_ns, now)
        else:
            self._idle[slot] = None

    def _open_for_waiting(self) -> None:
        room = len(self._waiting) if self._most is None else self._most - len(self._slots)
        for _ in range(min(room, len(self._waiting) - self._opening)):
            slot = Slot(self, self._numbers)
            self._numbers += 1
            self._opening += 1
            self._slots.add(slot)
            slot.dial()

    def _shed(self, due_before_ns: int) -> None:
        waiting = self._waiting
        while waiting and waiting[0].due_ns < due_before_ns:
            self._give_up(waiting.popleft(), Outcome.DEADLINE, "it had waited too long to be sent")

    def _give_up(self, request: Waiting, outcome: Outcome, detail: str, *, number: int = 0) -> None:
        unsent = Carrier(self.field, number, self.label)
        unsent.began_ns, unsent.woke_ns = request.due_ns, request.woke_ns
        unsent.note(outcome, detail)


class Slot(Carrier):
    """One connection, and the request that it carries."""

    __slots__ = ("_driver",)

    def __init__(self, driver: OpenDriver, number: int) -> None:
        super().__init__(driver.field, number, driver.label)
        self._driver = driver

    def dial(self) -> None:
        """Open the connection."""
        self.connection = self._field.connection(self)
        self._field.dialler.dial(self._driver.maker.endpoint, self.connection, self)

    def send(self, due_ns: int, woke_ns: int, now_ns: int) -> None:
        """Send one request on the free connection."""
        connection = self.connection
        assert connection is not None
        maker = self._driver.maker
        self.began_ns, self.woke_ns = due_ns, woke_ns
        data = maker.make()
        self.size_out = len(data)
        connection.to_head = maker.is_head
        connection.send(data, now_ns)

    def cut_off(self) -> None:
        """Wait no more."""
        if self.size_out:
            self._fail(Outcome.UNFINISHED, "the run was over first")

    def close(self) -> None:
        """Close the connection."""
        if self.is_connected and self.connection is not None:
            self.connection.close()

    def is_under_way_since(self, due_before_ns: int) -> bool:
        """Say whether its request was due before this moment and has not ended yet."""
        return self.size_out > 0 and self.began_ns < due_before_ns

    def timed_out(self) -> None:
        """The answer did not come in time."""
        self._fail(Outcome.TIMEOUT, f"no whole answer within {self._field.plan.timeout:g}s")

    # --- told by the connection, in this order ---

    def opened(self, connection: LeanConnection) -> None:
        """It is there and free."""
        self._connected()
        self._driver.opened(self)

    def not_opened(self, connection: LeanConnection, outcome: Outcome, detail: str) -> None:
        """It could not be made."""
        self._driver.not_opened(self, outcome, detail)

    def answered_at_once(self, connection: LeanConnection, head: ResponseHead) -> None:
        """A whole answer came in one piece."""
        self.answered(connection, head)

    def answered(self, connection: LeanConnection, head: ResponseHead) -> None:
        """A whole answer came."""
        outcome, detail = self._field.judge(connection, head)
        self.note(outcome, detail, status=head.status)
        if connection.is_usable and self._field.plan.connecting.keep_alive:
            self._driver.freed(self)
        else:
            if connection.is_usable:
                connection.close()
            self._driver.gone(self)

    def broken(self, connection: LeanConnection, how: Broken, detail: str) -> None:
        """There will be no answer."""
        self._fail(OUTCOME_OF[how], detail)

    def lost(self, connection: LeanConnection) -> None:
        """An idle connection was closed."""
        self._driver.gone(self)

    def _fail(self, outcome: Outcome, detail: str) -> None:
        self.note(outcome, detail)
        if self.connection is not None and self.connection.is_usable:
            self.connection.reset()
        self._driver.gone(self)
