"""The door carries out what its admission decides: who starts, who goes, and one timer."""

import random

import pytest

from hedgerow.policy import Outcome
from hedgerow.policy.admission import Admission
from hedgerow.policy.concurrency import FixedLimit
from hedgerow.policy.refusals import ENTER, WAIT, Entry, Reason
from hedgerow.policy.waiting_room import QueueRules
from hedgerow.serve.door import Door, Visitor
from hedgerow.wire.timers import TimerWheel
from tests.fakes.clock import FakeClock, stopped_clock
from tests.fakes.loop import FakeLoop

FAR = 1e12


class Guest:
    """Notes what it is told; leaves at once where it ``passes_through``."""

    def __init__(self, street: "Street", *, passes_through: bool = False) -> None:
        self.told: list[str] = []
        self._street = street
        self._passes_through = passes_through

    def admitted(self, now: float) -> None:
        self.told.append("admitted")
        if self._passes_through:
            self._street.leave()

    def turned_away(self, now: float, entry: Entry) -> None:
        assert entry.reason is not None
        self.told.append(entry.reason.value)


class Street:
    """A door with one place, and a queue for two."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.loop = FakeLoop(clock)
        self.wheel = TimerWheel(self.loop)
        rules = QueueRules(capacity=2, patience=1.0)
        admission: Admission[Visitor] = Admission(FixedLimit(1), random.Random(1), queue=rules)
        self.door = Door(admission, self.wheel)

    def comes(
        self, guest: Guest | None = None, *, deadline_in: float = 10.0, priority: int = 3
    ) -> Entry:
        guest = guest or Guest(self)
        return self.door.enter(self.clock.now, guest, self.clock.now + deadline_in, priority)

    def leave(self) -> None:
        """Whoever is inside goes."""
        self.door.admission.settled(self.clock.now, Outcome.SUCCESS, 0.01)
        self.door.admission.left(self.clock.now)
        self.door.carry_out(self.clock.now)

    @property
    def timers(self) -> int:
        return sum(map(len, self.wheel._buckets.values()))


@pytest.fixture
def street(monkeypatch: pytest.MonkeyPatch) -> Street:
    return Street(stopped_clock(monkeypatch))


class TestFreeDoor:
    def test_lets_in_and_needs_no_timer(self, street: Street) -> None:
        assert street.comes() is ENTER
        assert street.timers == 0


class TestTakenDoor:
    def test_lets_the_next_in_when_one_leaves(self, street: Street) -> None:
        waiting = Guest(street)
        street.comes()
        assert street.comes(waiting) is WAIT
        assert waiting.told == []
        street.leave()
        assert waiting.told == ["admitted"]

    def test_lets_in_all_who_pass_through_without_recursion(self, street: Street) -> None:
        guests = [Guest(street, passes_through=True) for _ in range(2)]
        street.comes()
        for guest in guests:
            street.comes(guest)
        street.leave()
        assert [guest.told for guest in guests] == [["admitted"], ["admitted"]]
        assert street.door.admission.statistics().in_flight == 0

    def test_turns_away_who_has_waited_too_long(self, street: Street) -> None:
        waiting = Guest(street)
        street.comes()
        street.comes(waiting)
        street.loop.run_later(0.9)
        assert waiting.told == []
        street.loop.run_later(0.2)
        assert waiting.told == [Reason.WAITED_TOO_LONG.value]
        assert street.timers == 0

    def test_turns_away_who_would_be_late_before_the_others(self, street: Street) -> None:
        patient, hurried = Guest(street), Guest(street)
        street.comes()
        street.comes(patient)
        street.comes(hurried, deadline_in=0.3)
        street.loop.run_later(0.4)
        assert (patient.told, hurried.told) == ([], [Reason.TOO_LATE.value])

    def test_turns_away_the_less_urgent_for_the_more_urgent(self, street: Street) -> None:
        less = Guest(street)
        street.comes()
        street.comes()
        street.comes(less, priority=7)
        assert street.comes(priority=1) is WAIT
        assert less.told == [Reason.EVICTED.value]

    def test_forgets_who_has_left(self, street: Street) -> None:
        gone, next_one = Guest(street), Guest(street)
        street.comes()
        street.comes(gone)
        street.comes(next_one)
        street.door.visitor_left(street.clock.now, gone)
        street.leave()
        assert (gone.told, next_one.told) == ([], ["admitted"])

    def test_keeps_one_timer_for_all(self, street: Street) -> None:
        street.comes()
        street.comes()
        street.comes(deadline_in=0.5)
        assert street.timers == 1
