"""How many workers there are, how they end, and any course of events; without a process."""

import random

import pytest

from hedgerow.serve.workers.actions import AddSlot, CloseListeners, Drain
from tests.serve.workers.crews import (
    CRASHED,
    FINE,
    Yard,
    drained,
    exits,
    killed,
    of,
    starts,
    steered,
)


class TestNumber:
    def test_that_grows_opens_sockets_and_starts_workers(self) -> None:
        yard = Yard().begins(1)
        actions = yard.resizes(3)
        assert [one.slot for one in of(AddSlot, actions)] == [1, 2]
        assert starts(actions) == [(1, 0), (2, 0)]

    def test_that_shrinks_steers_first_and_drains_the_last(self) -> None:
        yard = Yard().begins(3)
        actions = yard.resizes(2)
        assert (steered(actions), drained(actions)) == ([(0, 1)], [103])
        assert [type(one).__name__ for one in actions].index("Steer") < [
            type(one).__name__ for one in actions
        ].index("Drain")

    def test_that_shrinks_is_not_made_good(self) -> None:
        yard = Yard().begins(3)
        yard.resizes(2)
        assert starts(yard.ends(103, FINE)) == []
        assert starts(yard.passes(5.0)) == []

    def test_that_shrinks_and_grows_again_starts_anew(self) -> None:
        yard = Yard().begins(2)
        yard.resizes(1)
        assert starts(yard.resizes(2)) == [(1, 0)]
        yard.ends(102, FINE)
        yard.all_come_up()
        assert yard.serving == [(0, 0), (1, 0)]

    def test_that_stays_changes_nothing(self) -> None:
        assert Yard().begins(2).resizes(2) == []

    def test_that_shrinks_where_a_worker_still_starts(self) -> None:
        yard = Yard().begins(1)
        yard.resizes(2)
        assert drained(yard.resizes(1)) == [102]
        assert yard.ready(102) == []
        assert starts(yard.ends(102, FINE)) == []


class TestStop:
    def test_closes_our_sockets_before_the_workers_take_the_queues(self) -> None:
        yard = Yard().begins(2)
        actions = yard.does(yard.crew.stop(yard.now))
        assert actions == [
            CloseListeners(),
            Drain(101, takes_queue=True),
            Drain(102, takes_queue=True),
        ]

    def test_is_over_when_the_last_one_is_gone(self) -> None:
        yard = Yard().begins(2)
        yard.does(yard.crew.stop(yard.now))
        assert exits(yard.ends(101, FINE)) == []
        assert exits(yard.ends(102, FINE)) == [0]

    def test_starts_nobody_any_more(self) -> None:
        yard = Yard().begins(2)
        yard.does(yard.crew.stop(yard.now))
        assert starts(yard.ends(101, CRASHED)) == []
        assert starts(yard.passes(5.0)) == []

    def test_kills_who_does_not_end(self) -> None:
        yard = Yard().begins(2)
        yard.does(yard.crew.stop(yard.now))
        assert killed(yard.passes(11.5)) == []
        assert sorted(killed(yard.passes(0.5))) == [101, 102]

    def test_at_once_kills_everybody(self) -> None:
        yard = Yard().begins(2)
        yard.does(yard.crew.stop(yard.now))
        assert sorted(killed(yard.does(yard.crew.stop_at_once(yard.now)))) == [101, 102]

    def test_in_the_middle_of_a_reload_drains_old_and_new(self) -> None:
        yard = Yard().begins(2)
        yard.reloads(1, 2)
        assert sorted(drained(yard.does(yard.crew.stop(yard.now)))) == [101, 102, 103]

    def test_with_nobody_there_is_over_at_once(self) -> None:
        yard = Yard().begins(1)
        for _ in range(4):
            yard.ends(yard.pids[-1])
            yard.all_come_up()
        assert yard.crew.workers == {}
        assert exits(yard.does(yard.crew.stop(yard.now))) == [0]


class TestAnyCourse:
    @pytest.mark.parametrize("seed", range(40))
    def test_ends_with_the_wanted_number_of_the_newest_generation(self, seed: int) -> None:
        chance = random.Random(seed)
        yard = Yard().begins(chance.randint(1, 4))
        for generation in range(1, 121):
            happens(yard, chance, generation)
            yard.passes(0.5)
        for _ in range(8):
            all_drain(yard)
            yard.passes(31.0)
            yard.all_come_up()
        wanted = [(slot, yard.crew.generation) for slot in range(yard.crew.wanted)]
        assert yard.serving == wanted
        assert len(yard.crew.workers) == yard.crew.wanted
        assert all(slot.old is None for slot in yard.crew.slots)


def happens(yard: Yard, chance: random.Random, generation: int) -> None:
    """Something does, by chance."""
    what = chance.choice(["ready", "crash", "end", "resize", "reload", "nothing"])
    alive = list(yard.crew.workers)
    if what == "ready" and alive:
        yard.ready(chance.choice(alive))
    elif what == "crash" and alive:
        yard.ends(chance.choice(alive))
    elif what == "end":
        all_drain(yard)
    elif what == "resize":
        yard.resizes(chance.randint(1, 5))
    elif what == "reload" and not yard.crew.is_changing:
        yard.reloads(generation, chance.randint(1, 4))


def all_drain(yard: Yard) -> None:
    for pid in [pid for pid, worker in yard.crew.workers.items() if worker.is_draining]:
        yard.ends(pid, FINE)
