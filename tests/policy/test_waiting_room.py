import math
from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError, HedgerowBug
from hedgerow.policy.refusals import Reason
from hedgerow.policy.waiting_room import Pace, QueueRules, WaitingRoom

NOW = 1_000_000.0
NEVER = math.inf
ORDINARY = 3
URGENT = 1
IDLE = 6


def room(
    capacity: int = 100,
    *,
    patience: float = 10.0,
    places: int = 4,
    service: float = 0.01,
    newest_first: bool = False,
) -> WaitingRoom[str]:
    rules = QueueRules(capacity, patience, target=0.005, newest_first=newest_first)
    return WaitingRoom(rules, Pace(places, service))


def arrive(
    waiting: WaitingRoom[str],
    *names: str,
    now: float = NOW,
    deadline_at: float = NEVER,
    priority: int = ORDINARY,
) -> list[Reason | None]:
    return [waiting.arrive(now, name, deadline_at=deadline_at, priority=priority) for name in names]


def taken(waiting: WaitingRoom[str], now: float = NOW) -> str:
    """All that are served now, in order."""
    names = ""
    while (one := waiting.take(now)) is not None:
        names += one[0]
    return names


def dropped(waiting: WaitingRoom[str]) -> list[tuple[str, Reason]]:
    gone = list(waiting.dropped)
    waiting.dropped.clear()
    return gone


def backed_up(*, newest_first: bool = False) -> WaitingRoom[str]:
    """One request a tick comes and, after a while, one leaves: it stands at 300 ms."""
    waiting = room(newest_first=newest_first)
    for tick in range(60):
        arrive(waiting, chr(0x100 + tick), now=NOW + tick * 0.01)
        if tick >= 30:
            waiting.take(NOW + tick * 0.01)
    assert waiting.backed_up
    waiting.dropped.clear()
    return waiting


END = NOW + 0.59  # of the above


class TestHealthyRoom:
    def test_serves_the_oldest_first(self) -> None:
        waiting = room()
        arrive(waiting, "a", "b", "c")
        assert taken(waiting) == "abc"

    def test_tells_how_long_one_has_waited(self) -> None:
        waiting = room()
        arrive(waiting, "a")
        served = waiting.take(NOW + 0.02)
        assert served is not None
        assert served[1] == pytest.approx(0.02)

    def test_has_nobody_when_it_is_empty(self) -> None:
        assert room().take(NOW) is None

    def test_is_full_at_its_capacity(self) -> None:
        assert arrive(room(2), "a", "b", "c") == [None, None, Reason.QUEUE_FULL]

    def test_without_capacity_lets_nobody_wait(self) -> None:
        assert arrive(room(0), "a") == [Reason.QUEUE_FULL]

    def test_takes_nobody_twice(self) -> None:
        waiting = room()
        arrive(waiting, "a")
        with pytest.raises(HedgerowBug, match="came twice"):
            arrive(waiting, "a")


class TestUrgency:
    def test_goes_before_age(self) -> None:
        waiting = room()
        arrive(waiting, "i", "j", priority=IDLE)
        arrive(waiting, "o", priority=ORDINARY)
        arrive(waiting, "u", "v", priority=URGENT)
        assert taken(waiting) == "uvoij"

    def test_evicts_the_newest_of_the_least_urgent(self) -> None:
        waiting = room(3)
        arrive(waiting, "i", "j", priority=IDLE)
        arrive(waiting, "o", priority=ORDINARY)
        assert arrive(waiting, "u", priority=URGENT) == [None]
        assert dropped(waiting) == [("j", Reason.EVICTED)]
        assert taken(waiting) == "uoi"

    @pytest.mark.parametrize("priority", [ORDINARY, IDLE])
    def test_evicts_nobody_as_urgent_as_oneself(self, priority: int) -> None:
        waiting = room(1)
        arrive(waiting, "o", priority=ORDINARY)
        assert arrive(waiting, "x", priority=priority) == [Reason.QUEUE_FULL]


class TestClientThatLeft:
    def test_is_not_served(self) -> None:
        waiting = room()
        arrive(waiting, "a", "b", "c")
        assert waiting.remove("b")
        assert taken(waiting) == "ac"

    def test_is_nobody_when_it_was_not_there(self) -> None:
        assert not room().remove("a")

    def test_makes_room(self) -> None:
        waiting = room(1)
        arrive(waiting, "a")
        waiting.remove("a")
        assert arrive(waiting, "b") == [None]

    def test_leaves_no_memory_behind(self) -> None:
        waiting = room()
        arrive(waiting, "stays", deadline_at=NOW + 60.0)
        for number in range(1000):
            arrive(waiting, f"{number}", deadline_at=NOW + 60.0)
            waiting.remove(f"{number}")
        assert len(waiting._by_deadline) < 100

    def test_leaves_no_timer_behind(self) -> None:
        waiting = room()
        arrive(waiting, "a", deadline_at=NOW + 1.0)
        waiting.remove("a")
        assert waiting.due_at == NEVER


class TestDeadline:
    def test_drops_what_could_not_be_served_in_time(self) -> None:
        waiting = room(service=0.2)
        arrive(waiting, "a", deadline_at=NOW + 1.0)
        assert waiting.due_at == pytest.approx(NOW + 0.8)
        waiting.expire(waiting.due_at)
        assert dropped(waiting) == [("a", Reason.TOO_LATE)]

    def test_drops_nothing_before(self) -> None:
        waiting = room(service=0.2)
        arrive(waiting, "a", deadline_at=NOW + 1.0)
        waiting.expire(NOW + 0.79)
        assert (dropped(waiting), len(waiting)) == ([], 1)

    def test_is_looked_at_when_one_s_turn_comes_too(self) -> None:
        waiting = room()
        arrive(waiting, "a", deadline_at=NOW + 0.5)
        arrive(waiting, "b")
        assert taken(waiting, NOW + 0.495) == "b"
        assert dropped(waiting) == [("a", Reason.TOO_LATE)]

    def test_of_the_one_that_is_due_first_comes_first(self) -> None:
        waiting = room()
        arrive(waiting, "a", deadline_at=NOW + 3.0)
        arrive(waiting, "b", deadline_at=NOW + 1.0)
        arrive(waiting, "c", deadline_at=NOW + 2.0)
        waiting.expire(NOW + 2.5)
        assert [name for name, _ in dropped(waiting)] == ["b", "c"]

    def test_that_cannot_be_met_behind_so_many_is_told_at_once(self) -> None:
        # 8 before it, 4 places of 10 ms: its turn is in 20 ms, its answer in 30.
        waiting = room()
        arrive(waiting, *"abcdefgh")
        assert arrive(waiting, "x", deadline_at=NOW + 0.029) == [Reason.HOPELESS]
        assert arrive(waiting, "y", deadline_at=NOW + 0.031) == [None]

    def test_counts_only_those_who_are_as_urgent(self) -> None:
        waiting = room()
        arrive(waiting, *"abcdefgh", priority=IDLE)
        assert arrive(waiting, "x", deadline_at=NOW + 0.011, priority=URGENT) == [None]

    def test_that_is_hopeless_evicts_nobody(self) -> None:
        waiting = room(1)
        arrive(waiting, "i", priority=IDLE)
        arrive(waiting, "x", deadline_at=NOW + 0.005, priority=URGENT)
        assert dropped(waiting) == []


class TestPatience:
    def test_ends(self) -> None:
        waiting = room(patience=1.0)
        arrive(waiting, "a")
        arrive(waiting, "b", now=NOW + 0.5)
        assert waiting.due_at == NOW + 1.0
        waiting.expire(NOW + 1.0)
        assert dropped(waiting) == [("a", Reason.WAITED_TOO_LONG)]

    def test_is_looked_at_when_one_s_turn_comes_too(self) -> None:
        waiting = room(patience=1.0)
        arrive(waiting, "a")
        assert taken(waiting, NOW + 1.0) == ""
        assert dropped(waiting) == [("a", Reason.WAITED_TOO_LONG)]


class TestBackedUpRoom:
    def test_is_one_in_which_something_stands(self) -> None:
        assert backed_up().backed_up

    def test_is_not_one_that_a_burst_has_filled(self) -> None:
        waiting = room()
        for tick in range(40):
            now = NOW + tick * 0.2
            arrive(waiting, *(f"{tick} {number}" for number in range(60)), now=now)
            for number in range(60):
                waiting.take(now + number * 0.0025)
        assert not waiting.backed_up

    def test_is_one_from_which_nobody_is_served(self) -> None:
        waiting = room()
        for tick in range(20):
            arrive(waiting, chr(0x100 + tick), now=NOW + tick * 0.01)
        assert waiting.backed_up

    def test_is_not_yet_one_while_nobody_knows_how_long_service_takes(self) -> None:
        waiting = room(service=0.0, patience=1.0)
        for tick in range(90):
            arrive(waiting, chr(0x100 + tick), now=NOW + tick * 0.01)
        assert not waiting.backed_up

    def test_is_none_where_a_wait_is_no_longer_than_a_busy_process_takes(self) -> None:
        """The default target; the rooms of these tests have CoDel's own."""
        waiting: WaitingRoom[int] = WaitingRoom(QueueRules(), Pace(4, 0.001))
        for number in range(300):
            waiting.arrive(NOW + number * 0.001, number, deadline_at=NEVER, priority=ORDINARY)
            if number >= 15:
                waiting.take(NOW + number * 0.001)
        assert not waiting.backed_up

    def test_is_found_soon_after_the_first_answer(self) -> None:
        """Until then an interval is as long as patience, and it began with no wait at all."""
        waiting = room(service=0.0, patience=1.0)
        arrive(waiting, "first")
        waiting.take(NOW)
        for tick in range(1, 30):
            if tick == 5:
                waiting.pace.service = 0.01
            arrive(waiting, chr(0x100 + tick), now=NOW + tick * 0.01)
        assert waiting.backed_up

    def test_has_room_for_what_is_served_within_the_target(self) -> None:
        waiting = backed_up()
        taken(waiting, END)
        assert arrive(waiting, *"abcde", now=END) == [*[None] * 4, Reason.QUEUE_STANDS]

    def test_has_more_room_where_service_is_quick(self) -> None:
        waiting = backed_up()
        taken(waiting, END)
        waiting.pace.service = 0.001
        arrive(waiting, *"abcdefghijklmnopqrstuvwxyz", now=END)
        assert len(waiting) == 20

    def test_has_room_for_those_whom_nobody_is_ahead_of(self) -> None:
        waiting = backed_up()
        arrive(waiting, *"abcdef", now=END)
        assert arrive(waiting, *"stuvw", now=END, priority=URGENT) == [
            *[None] * 4,
            Reason.QUEUE_STANDS,
        ]
        assert dropped(waiting) == []

    def test_keeps_whom_it_has_let_in(self) -> None:
        waiting = room()
        for tick in range(12):
            arrive(waiting, chr(0x100 + tick), now=NOW + tick * 0.01)
        assert waiting.backed_up
        assert len(waiting) > 4
        assert dropped(waiting) == []

    def test_is_not_hidden_by_urgent_ones(self) -> None:
        waiting = room()
        arrive(waiting, *"abcdefgh")
        for tick in range(60):
            arrive(waiting, chr(0x100 + tick), now=NOW + tick * 0.01, priority=URGENT)
            waiting.take(NOW + tick * 0.01)
        assert waiting.backed_up

    @pytest.mark.parametrize("newest_first", [False, True])
    def test_serves_in_the_order_that_it_is_told_to(self, *, newest_first: bool) -> None:
        waiting = backed_up(newest_first=newest_first)
        taken(waiting, END)
        arrive(waiting, *"abc", now=END)
        assert taken(waiting, END) == ("cba" if newest_first else "abc")


class TestRecovery:
    def test_takes_an_interval_in_which_nobody_is_turned_away(self) -> None:
        waiting = backed_up()
        arrive(waiting, *"abcdefgh", now=END)
        taken(waiting, END + 0.01)
        arrive(waiting, "a", now=END + 0.02)
        assert waiting.backed_up
        taken(waiting, END + 0.03)
        for tick in range(30):
            arrive(waiting, "b", now=END + 0.1 + tick * 0.01)
            taken(waiting, END + 0.1 + tick * 0.01)
        assert not waiting.backed_up

    def test_does_not_come_while_some_are_turned_away(self) -> None:
        waiting = backed_up()
        for tick in range(100):
            now = END + tick * 0.01
            taken(waiting, now)
            arrive(waiting, *(f"{tick} {number}" for number in range(6)), now=now)
        assert waiting.backed_up

    def test_comes_of_a_pause(self) -> None:
        waiting = backed_up()
        taken(waiting, END)
        arrive(waiting, "a", now=END + 60.0)
        assert not waiting.backed_up


class TestRules:
    def test_let_nobody_wait_at_least(self) -> None:
        with pytest.raises(ConfigError, match="queue = -1"):
            QueueRules(capacity=-1)

    def test_are_patient(self) -> None:
        with pytest.raises(ConfigError, match="patience = 0"):
            QueueRules(patience=0.0)


arrivals = st.tuples(
    st.just("arrive"), st.floats(0.0, 0.1), st.integers(0, 7), st.sampled_from([0.02, 0.5, NEVER])
)
others = st.tuples(
    st.sampled_from(["take", "expire", "remove"]), st.floats(0.0, 0.1), st.integers(0, 40),
    st.just(0.0),
)  # fmt: skip


class TestAnyOrderOfEvents:
    @given(st.lists(st.one_of(arrivals, others), max_size=120), st.booleans())
    def test_lets_everybody_leave_once(
        self, events: list[tuple[str, float, int, float]], newest_first: bool
    ) -> None:
        rules = QueueRules(capacity=8, patience=0.3, newest_first=newest_first)
        waiting: WaitingRoom[Hashable] = WaitingRoom(rules, Pace(2, 0.02))
        inside: set[Hashable] = set()
        now = NOW
        for number, (event, gap, which, time) in enumerate(events):
            now += gap
            gone: list[Hashable] = []
            if event == "arrive":
                deadline_at = now + time
                if waiting.arrive(now, number, deadline_at=deadline_at, priority=which) is None:
                    inside.add(number)
            elif event == "take":
                one = waiting.take(now)
                gone = [] if one is None else [one[0]]
            elif event == "expire":
                waiting.expire(now)
                assert waiting.due_at > now
            elif waiting.remove(which):
                gone = [which]
            gone += [name for name, _ in waiting.dropped]
            waiting.dropped.clear()
            assert len(gone) == len(set(gone))
            assert inside.issuperset(gone)
            inside.difference_update(gone)
            assert len(waiting) == len(inside) <= 8

    @given(st.lists(st.integers(0, 7), max_size=60))
    def test_serves_a_class_in_the_order_of_arrival_while_healthy(self, classes: list[int]) -> None:
        waiting: WaitingRoom[int] = WaitingRoom(QueueRules(), Pace(4, 0.01))
        for number, priority in enumerate(classes):
            waiting.arrive(NOW, number, deadline_at=NEVER, priority=priority)
        served = []
        while (one := waiting.take(NOW)) is not None:
            served.append(one[0])
        assert served == sorted(range(len(classes)), key=lambda number: (classes[number], number))
