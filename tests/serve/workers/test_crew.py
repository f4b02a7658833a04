"""Who is started, replaced and drained, without a process."""

from hedgerow.serve.workers.actions import (
    Abort,
    AddSlot,
    Drain,
    Reverted,
    Settled,
)
from tests.serve.workers.crews import (
    COULD_NOT,
    CRASHED,
    FINE,
    Yard,
    drained,
    exits,
    killed,
    of,
    starts,
    steered,
    texts,
)


class TestBeginning:
    def test_sends_a_scout_first(self) -> None:
        yard = Yard()
        assert starts(yard.does(yard.crew.begin(yard.now, 3))) == [(0, 0)]

    def test_starts_the_others_when_the_scout_is_well(self) -> None:
        yard = Yard()
        yard.does(yard.crew.begin(yard.now, 3))
        assert starts(yard.ready(101)) == [(1, 0), (2, 0)]

    def test_opens_the_sockets_of_all_slots_before_anybody_starts(self) -> None:
        yard = Yard()
        actions = yard.does(yard.crew.begin(yard.now, 3))
        assert [one.slot for one in of(AddSlot, actions)] == [0, 1, 2]
        assert starts(actions[-1:]) == [(0, 0)]

    def test_has_settled_when_all_are_ready(self) -> None:
        yard = Yard()
        yard.does(yard.crew.begin(yard.now, 2))
        assert of(Settled, yard.ready(101)) == []
        assert of(Settled, yard.ready(102)) == [Settled(0)]

    def test_starts_a_few_at_a_time(self) -> None:
        yard = Yard()
        yard.does(yard.crew.begin(yard.now, 10))
        assert len(starts(yard.ready(101))) == 4
        assert len(starts(yard.ready(102))) == 1

    def test_gives_up_with_a_scout_that_says_why_it_cannot(self) -> None:
        yard = Yard()
        yard.does(yard.crew.begin(yard.now, 3))
        actions = yard.ends(101, COULD_NOT)
        assert exits(actions) == [1]
        assert "giving up" in texts(actions)

    def test_gives_up_with_scouts_that_crash_three_times(self) -> None:
        yard = Yard()
        yard.does(yard.crew.begin(yard.now, 3))
        assert exits(yard.ends(101)) == []
        yard.passes(1.0)
        assert exits(yard.ends(102)) == []
        yard.passes(1.0)
        assert exits(yard.ends(103)) == [1]


class TestCrash:
    def test_is_made_good_at_once(self) -> None:
        yard = Yard().begins(2)
        actions = yard.ends(102)
        assert starts(actions) == [(1, 0)]
        assert "worker 2 (pid 102) was killed by SIGKILL: replaced" in texts(actions)

    def test_of_many_that_are_killed_young_is_made_good_later_and_later(self) -> None:
        yard = Yard().begins(1)
        waits = []
        for _ in range(12):
            yard.ends(yard.pids[-1])
            began = yard.now
            while yard.crew.slots[0].current is None:
                yard.passes(0.5)
            waits.append(yard.now - began)
            yard.all_come_up()
        assert waits[:3] == [0, 0, 0]
        assert waits[3:] == sorted(waits[3:])
        assert waits[-1] == 30.0

    def test_after_a_long_life_is_no_loop(self) -> None:
        yard = Yard().begins(1)
        for _ in range(12):
            yard.passes(10.0)
            assert starts(yard.ends(yard.pids[-1])) == [(0, 0)]
            yard.all_come_up()

    def test_of_one_that_never_served_is_waited_after_the_first_time(self) -> None:
        yard = Yard().begins(2)
        yard.ends(102)
        assert starts(yard.ends(103)) == []
        assert starts(yard.passes(0.5)) == [(1, 0)]

    def test_of_an_exit_that_nobody_asked_for_is_told_with_its_code(self) -> None:
        yard = Yard().begins(2)
        assert "ended with code 0: replaced" in texts(yard.ends(101, FINE))

    def test_is_counted_where_nobody_asked_for_an_end(self) -> None:
        yard = Yard().begins(3)
        yard.ends(101)
        yard.ends(102, FINE)
        assert yard.crew.crashes == 2
        yard.all_come_up()
        yard.resizes(1)
        for pid in [worker.pid for worker in yard.crew.workers.values() if worker.is_draining]:
            yard.ends(pid, FINE)
        assert yard.crew.crashes == 2
        yard.does(yard.crew.stop(yard.now))
        yard.ends(yard.pid_at(0), CRASHED)
        assert yard.crew.crashes == 2

    def test_says_when_the_next_one_comes(self) -> None:
        yard = Yard().begins(1)
        yard.ends(101)
        assert "the next one in 0.5s" in texts(yard.ends(102))

    def test_keeps_new_connections_away_from_the_place(self) -> None:
        yard = Yard().begins(3)
        yard.passes(0.5)
        assert steered(yard.ends(102)) == [(0, 2)]
        yard.ready(104)
        assert steered(yard.passes(0.5)) == [(0, 1, 2)]


class TestNoRoom:
    def test_is_waited_for(self) -> None:
        yard = Yard().begins(2)
        actions = yard.crew.ended(yard.now, 102, CRASHED)
        assert starts(actions) == [(1, 0)]
        yard.crew.not_started(yard.now, 1)
        assert starts(yard.passes(0.5)) == []
        assert starts(yard.passes(0.5)) == [(1, 0)]


class TestSilence:
    def test_of_a_second_keeps_new_connections_away(self) -> None:
        yard = Yard().begins(2)
        yard.passes(5.0)
        assert steered(yard.passes(1.5, silent=[101])) == [(1,)]
        assert steered(yard.passes(0.5)) == [(0, 1)]

    def test_for_longer_than_is_allowed_ends_in_a_kill(self) -> None:
        yard = Yard().begins(2)
        yard.passes(5.0)
        actions = yard.passes(30.0, silent=[101])
        assert (of(Abort, actions), killed(actions)) == ([], [])
        actions = yard.passes(0.5, silent=[101])
        assert of(Abort, actions) == [Abort(101)]
        assert "silent for 30s" in texts(actions)
        assert killed(yard.passes(1.0, silent=[101])) == [101]
        assert starts(yard.ends(101)) == [(0, 0)]

    def test_of_all_workers_steers_nothing(self) -> None:
        yard = Yard().begins(2)
        yard.passes(5.0)
        assert set(steered(yard.passes(5.0, silent=[101, 102]))) <= {(0, 1)}

    def test_while_the_supervisor_was_stopped_too_is_forgiven(self) -> None:
        yard = Yard().begins(2)
        yard.passes(5.0)
        yard.now += 3600.0
        actions = yard.passes(29.0, silent=[101, 102])
        assert (of(Abort, actions), killed(actions)) == ([], [])
        assert len(of(Abort, yard.passes(2.0, silent=[101, 102]))) == 2

    def test_of_one_that_starts_is_not_endless_either(self) -> None:
        yard = Yard()
        yard.does(yard.crew.begin(yard.now, 1))
        yard.passes(0.5)
        assert of(Abort, yard.passes(31.0, silent=[101])) == [Abort(101)]

    def test_is_told_once(self) -> None:
        yard = Yard().begins(1)
        yard.passes(5.0)
        assert texts(yard.passes(40.0, silent=[101])).count("silent") == 1


class TestReload:
    def test_sends_a_scout_and_drains_nobody_before_it_is_ready(self) -> None:
        yard = Yard().begins(2)
        actions = yard.reloads(1, 2)
        assert (starts(actions), drained(actions)) == ([(0, 1)], [])
        assert yard.serving == [(0, 0), (1, 0)]

    def test_drains_each_when_the_one_that_replaces_it_is_ready(self) -> None:
        yard = Yard().begins(2)
        yard.reloads(1, 2)
        actions = yard.ready(103)
        assert (drained(actions), starts(actions)) == ([101], [(1, 1)])
        assert drained(yard.ready(104)) == [102]
        assert yard.serving == [(0, 1), (1, 1)]

    def test_leaves_the_queues_to_the_new_ones(self) -> None:
        yard = Yard().begins(1)
        yard.reloads(1, 1)
        assert of(Drain, yard.ready(102)) == [Drain(101, takes_queue=False)]

    def test_has_settled_when_all_are_replaced(self) -> None:
        yard = Yard().begins(2)
        yard.reloads(1, 2)
        assert of(Settled, yard.ready(103)) == []
        assert of(Settled, yard.ready(104)) == [Settled(1)]
        assert not yard.crew.is_changing

    def test_is_taken_back_where_the_scout_cannot_serve(self) -> None:
        yard = Yard().begins(2)
        yard.reloads(1, 4)
        actions = yard.ends(103, COULD_NOT)
        assert of(Reverted, actions) == [Reverted(1)]
        assert (starts(actions), drained(actions), exits(actions)) == ([], [], [])
        assert yard.serving == [(0, 0), (1, 0)]
        assert yard.crew.wanted == 2

    def test_that_was_taken_back_can_be_tried_again(self) -> None:
        yard = Yard().begins(1)
        yard.reloads(1, 1)
        yard.ends(102, COULD_NOT)
        yard.reloads(2, 1)
        assert drained(yard.ready(103)) == [101]
        assert yard.serving == [(0, 2)]

    def test_replaces_who_crashes_while_the_scout_starts_by_its_like(self) -> None:
        yard = Yard().begins(2)
        yard.reloads(1, 2)
        assert starts(yard.ends(102)) == [(1, 0)]

    def test_goes_on_where_the_old_one_beside_the_scout_crashes(self) -> None:
        yard = Yard().begins(2)
        yard.reloads(1, 2)
        assert starts(yard.ends(101)) == []
        yard.ready(103)
        yard.all_come_up()
        assert yard.serving == [(0, 1), (1, 1)]

    def test_fills_the_place_again_where_both_the_old_one_and_the_scout_are_gone(self) -> None:
        yard = Yard().begins(2)
        yard.reloads(1, 2)
        yard.ends(101)
        assert starts(yard.ends(103, COULD_NOT)) == [(0, 0)]

    def test_keeps_the_old_one_while_a_later_new_one_fails(self) -> None:
        yard = Yard().begins(2)
        yard.reloads(1, 2)
        yard.ready(103)
        assert drained(yard.ends(104, COULD_NOT)) == []
        assert (1, 0) in yard.serving
        assert starts(yard.passes(0.5)) == [(1, 1)]

    def test_may_bring_more_workers(self) -> None:
        yard = Yard().begins(1)
        yard.reloads(1, 3)
        assert starts(yard.ready(102)) == [(1, 1), (2, 1)]

    def test_may_bring_fewer_workers(self) -> None:
        yard = Yard().begins(3)
        yard.reloads(1, 1)
        assert sorted(drained(yard.ready(104)))[:1] == [101]
        yard.all_come_up()
        assert yard.serving == [(0, 1)]
        assert len(yard.crew.slots) == 1

    def test_takes_a_number_that_was_changed_meanwhile(self) -> None:
        yard = Yard().begins(2)
        yard.reloads(1, 2)
        assert starts(yard.resizes(3)) == []
        yard.all_come_up()
        assert yard.serving == [(0, 1), (1, 1), (2, 1)]

    def test_forgets_who_has_drained(self) -> None:
        yard = Yard().begins(1)
        yard.reloads(1, 1)
        yard.ready(102)
        actions = yard.ends(101, FINE)
        assert (starts(actions), texts(actions)) == ([], "worker 1 (pid 101) has drained")
