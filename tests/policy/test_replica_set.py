import math
import random
from collections import Counter

import pytest

from hedgerow.errors import ConfigError
from hedgerow.policy import LeastRequest, Outcome, Replica, RoundRobin
from hedgerow.policy.active_checks import CheckRule
from hedgerow.policy.ejection import OutlierRule
from hedgerow.policy.health import ADMITTING, EJECTED, PROBING, HealthRule, HealthState
from hedgerow.policy.member import ReplicaStatistics
from hedgerow.policy.outcomes import SUCCESS
from hedgerow.policy.peak_ewma import PeakEwmaBalancer
from hedgerow.policy.replica_set import ReplicaRules, ReplicaSet
from hedgerow.policy.slow_start import SlowStartRule
from tests.fakes.policy import START, replicas

HEALTH = HealthRule(failures_in_row=3, base_ejection=5.0, longest_ejection=60.0, jitter=0.0)
AT_ONCE = SlowStartRule(window=0.0)
CHECKS = CheckRule(interval=5.0, rise=1, fall=1, jitter=0.0)


class Upstream:
    """Some replicas in a set, taken in turn; ``now`` moves when a test says so."""

    def __init__(self, count: int = 3, rules: ReplicaRules | None = None) -> None:
        self.now = START
        self.known = {replica.name: replica for replica in replicas(count)}
        among = list(self.known.values())
        rules = rules or ReplicaRules(HEALTH, slow_start=AT_ONCE)
        self.set = ReplicaSet(among, RoundRobin(among), random.Random(9), rules)
        self.set.sweep(START)

    def ends(
        self, name: str, outcome: Outcome = SUCCESS, times: int = 1, latency: float = 0.01
    ) -> None:
        for _ in range(times):
            self.set.settled(self.now, self.known[name], outcome, latency=latency)

    def fails(self, *names: str, times: int = 3) -> "Upstream":
        for name in names:
            self.ends(name, Outcome.FAILURE, times, latency=0.0)
        return self

    def later(self, seconds: float) -> "Upstream":
        self.now += seconds
        self.set.sweep(self.now)
        return self

    def update(self, *names: str, weight: float = 1.0) -> list[str]:
        newcomers = self.set.update(self.now, dict.fromkeys(names, weight))
        self.known.update({replica.name: replica for replica in newcomers})
        return [replica.name for replica in newcomers]

    def check(self, *, bad: str = "", refused: bool = False) -> "Upstream":
        """Let all checks that are due pass, but those of the replicas named in ``bad``."""
        for replica in self.set.checks_due(self.now):
            if replica.name in bad.split():
                self.set.check_failed(self.now, replica, refused=refused)
            else:
                self.set.check_passed(self.now, replica)
        return self

    def chosen(self, times: int = 30, *tried: str) -> Counter[str]:
        left_out = [self.known[name] for name in tried]
        found = (self.set.choose(left_out) for _ in range(times))
        return Counter(replica.name for replica in found if replica is not None)

    def one(self, name: str) -> ReplicaStatistics:
        return next(one for one in self.set.statistics().replicas if one.name == name)

    def state(self, name: str) -> HealthState:
        return self.one(name).state


class TestHealthyReplicas:
    def test_are_chosen_as_their_balancer_says(self) -> None:
        assert Upstream(3).chosen(30) == {"r1": 10, "r2": 10, "r3": 10}

    def test_are_not_chosen_twice_for_one_request(self) -> None:
        assert set(Upstream(3).chosen(10, "r1", "r3")) == {"r2"}
        assert not Upstream(2).chosen(10, "r1", "r2")

    def test_teach_their_balancer(self) -> None:
        among = replicas(2)
        balancer = PeakEwmaBalancer(among, random.Random(1))
        replica_set = ReplicaSet(among, balancer, random.Random(1))
        for replica, latency in zip(among, (0.5, 0.01), strict=True):
            replica_set.settled(START, replica, SUCCESS, latency=latency)
        assert {replica_set.choose(()) for _ in range(20)} == {among[1]}


class TestReplicaThatFails:
    def test_is_ejected_after_some_failures_in_a_row(self) -> None:
        upstream = Upstream(3).fails("r1", times=2)
        assert upstream.chosen()["r1"] == 10
        assert not upstream.fails("r1", times=1).chosen()["r1"]
        assert upstream.state("r1") is EJECTED

    def test_is_not_ejected_for_failures_with_a_success_in_between(self) -> None:
        upstream = Upstream(3)
        for _ in range(5):
            upstream.fails("r1", times=2)
            upstream.ends("r1")
        assert upstream.state("r1") is ADMITTING
        assert upstream.one("r1").failures == 0

    def test_is_not_ejected_for_losing_races(self) -> None:
        upstream = Upstream(3)
        upstream.ends("r1", Outcome.IGNORE, 100)
        assert upstream.state("r1") is ADMITTING

    def test_stays_where_too_many_are_out(self) -> None:
        upstream = Upstream(4).fails("r1", "r2", "r3")
        assert upstream.set.statistics().ejections == 2
        assert set(upstream.chosen()) == {"r3", "r4"}
        assert upstream.set.statistics().withheld == 1

    def test_stays_where_it_is_alone(self) -> None:
        assert Upstream(1).fails("r1", times=50).chosen(5)["r1"] == 5

    def test_stays_where_no_share_may_be_out(self) -> None:
        rules = ReplicaRules(HEALTH, ejected_share=0.0)
        upstream = Upstream(3, rules).fails("r1", times=50)
        assert upstream.state("r1") is ADMITTING
        assert upstream.set.statistics().withheld == 0

    def test_goes_when_another_has_come_back(self) -> None:
        upstream = Upstream(2).fails("r1").fails("r2").later(5)
        upstream.ends("r1")
        assert upstream.fails("r2", times=1).state("r2") is EJECTED


class TestFailuresThatSayNothingOfAReplica:
    def times_out(self, upstream: Upstream, name: str, times: int = 3) -> None:
        upstream.ends(name, Outcome.FAILURE, times, latency=2.0)

    def test_are_those_of_attempts_that_were_in_flight_together(self) -> None:
        """In a queue that has become too long they all time out one after the other."""
        upstream = Upstream(3).later(10.0)
        self.times_out(upstream, "r1", times=20)
        upstream.later(1.9)
        self.times_out(upstream, "r1", times=20)
        assert upstream.state("r1") is ADMITTING
        upstream.later(0.1)
        self.times_out(upstream, "r1", times=1)  # it was sent when the first had failed
        assert upstream.state("r1") is EJECTED

    def test_are_as_many_as_the_others_have_by_chance(self) -> None:
        upstream = Upstream(3)
        for _ in range(4):  # one in five or so
            for name in ("r2", "r3"):
                upstream.fails(name, times=1)
                upstream.ends(name, times=4)
        assert upstream.fails("r1", times=5).state("r1") is ADMITTING
        assert upstream.fails("r1", times=20).state("r1") is EJECTED

    def test_are_those_of_times_in_which_all_fail(self) -> None:
        upstream = Upstream(3)
        for _ in range(100):
            upstream.fails("r1", "r2", "r3", times=1)
        assert upstream.set.statistics().ejections == 0

    def test_are_not_held_against_the_last_one_to_recover(self) -> None:
        upstream = Upstream(3)
        for _ in range(100):
            upstream.fails("r1", "r2", "r3", times=1)
        for _ in range(40):  # r1 and r2 are well again, and r3 is not yet
            upstream.ends("r1")
            upstream.ends("r2")
        assert upstream.fails("r3", times=1).state("r3") is ADMITTING

    def test_are_not_those_of_a_second_dead_replica(self) -> None:
        upstream = Upstream(5).fails("r2", times=100)
        assert upstream.fails("r1").state("r1") is EJECTED


class TestReplicaThatFailsMoreThanTheOthers:
    def upstream(self, bad: int) -> Upstream:
        upstream = Upstream(4)
        for name in upstream.known:
            for _ in range(100):
                if name == "r2" and bad:
                    upstream.ends(name, Outcome.FAILURE)
                    bad -= 1
                upstream.ends(name)
        return upstream

    def test_is_ejected_at_the_next_comparison(self) -> None:
        upstream = self.upstream(bad=60)
        assert upstream.later(9.9).state("r2") is ADMITTING
        assert upstream.later(0.1).state("r2") is EJECTED
        assert not upstream.chosen()["r2"]

    def test_is_left_alone_where_the_difference_is_small(self) -> None:
        assert self.upstream(bad=5).later(10).state("r2") is ADMITTING

    def test_is_compared_when_an_attempt_ends_too(self) -> None:
        upstream = self.upstream(bad=60)
        upstream.now += 10
        upstream.ends("r1")
        assert upstream.state("r2") is EJECTED

    def test_stays_where_too_many_are_out(self) -> None:
        upstream = Upstream(10, ReplicaRules(HEALTH, ejected_share=0.2))
        for name in upstream.known:
            upstream.ends(name, times=20)
            for _ in range(40):
                upstream.ends(name, Outcome.FAILURE if name in {"r1", "r2", "r3"} else SUCCESS)
                upstream.ends(name)
        upstream.later(10)
        assert upstream.set.statistics().ejections == 2

    def test_is_forgiven_as_time_goes_by(self) -> None:
        upstream = self.upstream(bad=8)
        assert upstream.one("r2").failed == 8
        upstream.later(10).later(10)
        assert upstream.one("r2").failed == 2

    def test_begins_anew_once_taken_back(self) -> None:
        upstream = self.upstream(bad=60).later(10).later(5)
        upstream.ends("r2")
        assert upstream.one("r2").failed == 0
        assert upstream.later(10).state("r2") is ADMITTING


class TestProbe:
    def probing(self) -> Upstream:
        return Upstream(3).fails("r1").later(5)

    def test_is_the_next_request(self) -> None:
        upstream = self.probing()
        assert upstream.state("r1") is PROBING
        assert upstream.chosen(1) == {"r1": 1}

    def test_is_one_at_a_time(self) -> None:
        upstream = self.probing()
        upstream.known["r1"].in_flight += 1
        assert upstream.chosen() == {"r2": 15, "r3": 15}

    def test_waits_for_no_old_attempt_that_streams_on(self) -> None:
        upstream = Upstream(3).fails("r1")
        upstream.known["r1"].in_flight = 2
        upstream.later(5)
        assert upstream.chosen(1) == {"r1": 1}
        upstream.known["r1"].in_flight = 3
        assert not upstream.chosen()["r1"]

    def test_is_no_copy_while_others_are_left(self) -> None:
        upstream = self.probing()
        assert set(upstream.chosen(10, "r2")) == {"r3"}

    def test_is_a_copy_where_no_other_is_left(self) -> None:
        upstream = self.probing()
        assert set(upstream.chosen(10, "r2", "r3")) == {"r1"}

    def test_that_succeeds_brings_the_replica_back(self) -> None:
        upstream = self.probing()
        upstream.ends("r1")
        assert upstream.chosen() == {"r1": 10, "r2": 10, "r3": 10}
        assert upstream.set.statistics().readmissions == 1

    def test_is_not_sent_to_what_is_down(self) -> None:
        rules = ReplicaRules(HEALTH, slow_start=AT_ONCE, checks=CHECKS)
        upstream = Upstream(3, rules).fails("r1").check(bad="r1").later(5)
        assert upstream.state("r1") is PROBING
        assert not upstream.chosen()["r1"]

    def test_that_succeeds_wipes_the_slate(self) -> None:
        among = replicas(2)
        balancer = PeakEwmaBalancer(among, random.Random(1))
        replica_set = ReplicaSet(among, balancer, random.Random(1), ReplicaRules(HEALTH))
        for replica, times, outcome in ((among[1], 9, SUCCESS), (among[0], 3, Outcome.FAILURE)):
            for _ in range(times):
                latency = 0.1 if outcome is SUCCESS else 0.0
                replica_set.settled(START, replica, outcome, latency=latency)
        replica_set.sweep(START + 5)
        replica_set.settled(START + 6, among[0], SUCCESS, latency=9.0)
        replica_set.sweep(START + 30)
        assert {replica_set.choose(()) for _ in range(9)} == {among[0]}

    def test_that_fails_ejects_it_for_longer(self) -> None:
        upstream = self.probing().fails("r1", times=1)
        assert not upstream.later(9.9).chosen()["r1"]
        assert upstream.later(0.1).chosen(1) == {"r1": 1}
        assert upstream.set.statistics().ejections == 2

    def test_that_lost_its_race_is_not_sent_again_at_once(self) -> None:
        upstream = self.probing()
        upstream.ends("r1", Outcome.IGNORE, latency=0.0)
        assert not upstream.later(4.9).chosen()["r1"]
        assert upstream.later(0.1).chosen(1) == {"r1": 1}

    def test_is_no_attempt_from_before_the_ejection(self) -> None:
        """Those of a replica that hung time out just when it is asked again."""
        for outcome in (Outcome.FAILURE, Outcome.IGNORE):
            upstream = self.probing().later(0.1)
            upstream.ends("r1", outcome, latency=8.0)
            assert upstream.state("r1") is PROBING

    def test_is_one_at_a_time_when_old_attempts_have_left(self) -> None:
        upstream = Upstream(3).fails("r1")
        upstream.known["r1"].in_flight = 5
        upstream.later(5)
        upstream.known["r1"].in_flight = 0
        assert upstream.chosen(1) == {"r1": 1}
        upstream.known["r1"].in_flight = 1
        assert not upstream.chosen()["r1"]


class TestReplicaThatComesBackBeforeItHasDrained:
    def test_is_not_down_for_a_check_that_nobody_listened_to(self) -> None:
        rules = ReplicaRules(HEALTH, slow_start=AT_ONCE, checks=CHECKS)
        upstream = Upstream(2, rules)
        sent = upstream.set.checks_due(upstream.now)
        upstream.known["r2"].in_flight = 1
        upstream.update("r1")
        for replica in sent:
            upstream.set.check_passed(upstream.now, replica)
        upstream.update("r1", "r2")
        upstream.now += CHECKS.timeout + 0.1
        upstream.set.checks_due(upstream.now)
        assert upstream.one("r2").is_up


class TestSlowStart:
    RULES = ReplicaRules(HEALTH, slow_start=SlowStartRule(window=10.0, floor=0.1))

    def test_is_not_for_those_that_were_there_first(self) -> None:
        assert Upstream(2, self.RULES).one("r1").weight == 1.0

    def test_gives_one_that_is_back_more_and_more(self) -> None:
        upstream = Upstream(2, self.RULES).fails("r1").later(5)
        upstream.ends("r1")
        shares = [upstream.chosen(110)["r1"]]
        shares += [upstream.later(5).chosen(90)["r1"], upstream.later(5).chosen(100)["r1"]]
        assert shares == pytest.approx([10, 30, 50], abs=1)

    def test_gives_a_newcomer_less_of_its_weight(self) -> None:
        upstream = Upstream(2, self.RULES)
        upstream.update("r1", "r3", weight=2.0)
        assert (upstream.one("r1").weight, upstream.one("r3").weight) == (2.0, 0.2)

    def test_is_swept_in_small_steps(self) -> None:
        upstream = Upstream(2, self.RULES)
        assert upstream.set.due_at == START + 10
        upstream.update("r1", "r3")
        assert upstream.set.due_at == START + 0.5

    def test_is_swept_until_it_is_over(self) -> None:
        upstream = Upstream(2, self.RULES)
        upstream.update("r1", "r3")
        for _ in range(30):
            upstream.now = upstream.set.due_at
            upstream.later(0)
            if upstream.one("r3").weight == 1.0:
                break
        assert upstream.now == pytest.approx(START + 10, abs=0.01)


class TestPanic:
    def test_uses_all_when_all_are_down(self) -> None:
        upstream = Upstream(3, ReplicaRules(HEALTH, checks=CHECKS)).check(bad="r1 r2 r3")
        assert upstream.set.statistics().is_panicking
        assert set(upstream.chosen()) == {"r1", "r2", "r3"}

    def test_does_not_begin_while_enough_are_left(self) -> None:
        upstream = Upstream(3, ReplicaRules(HEALTH, checks=CHECKS)).check(bad="r1 r2")
        assert not upstream.set.statistics().is_panicking
        assert set(upstream.chosen()) == {"r3"}

    def test_begins_below_a_quarter(self) -> None:
        down = "r1 r2 r3 r4"
        upstream = Upstream(5, ReplicaRules(HEALTH, checks=CHECKS)).check(bad=down)
        assert set(upstream.chosen()) == {"r1", "r2", "r3", "r4", "r5"}

    def test_begins_with_the_last_one_whatever_the_share(self) -> None:
        rules = ReplicaRules(HEALTH, checks=CHECKS, panic_below=0.0)
        assert Upstream(3, rules).check(bad="r1 r2 r3").chosen(9) == {"r1": 3, "r2": 3, "r3": 3}

    def test_ends_when_one_is_back(self) -> None:
        rules = ReplicaRules(HEALTH, slow_start=AT_ONCE, checks=CHECKS)
        upstream = Upstream(3, rules).check(bad="r1 r2 r3").later(5).check(bad="r1 r2")
        assert set(upstream.chosen()) == {"r3"}


class TestActiveChecks:
    RULES = ReplicaRules(HEALTH, slow_start=AT_ONCE, checks=CHECKS)

    def test_are_not_made_unless_asked_for(self) -> None:
        assert Upstream(3).set.checks_due(START) == []

    def test_are_due_for_every_replica(self) -> None:
        upstream = Upstream(3, self.RULES)
        assert upstream.set.due_at == -math.inf
        assert [one.name for one in upstream.set.checks_due(START)] == ["r1", "r2", "r3"]
        assert upstream.set.checks_due(START) == []
        assert upstream.set.due_at == START + CHECKS.timeout

    def test_take_out_what_does_not_pass(self) -> None:
        upstream = Upstream(3, self.RULES).check(bad="r2")
        assert set(upstream.chosen()) == {"r1", "r3"}
        assert not upstream.one("r2").is_up

    def test_take_out_what_does_not_come_back_in_time(self) -> None:
        upstream = Upstream(3, self.RULES)
        for replica in upstream.set.checks_due(START)[1:]:
            upstream.set.check_passed(START, replica)
        upstream.set.checks_due(START + CHECKS.timeout)
        assert set(upstream.chosen()) == {"r2", "r3"}

    def test_bring_back_what_passes(self) -> None:
        upstream = Upstream(3, self.RULES).check(bad="r2").later(5).check()
        assert set(upstream.chosen()) == {"r1", "r2", "r3"}

    def test_do_not_bring_back_what_requests_have_ejected(self) -> None:
        upstream = Upstream(3, self.RULES).check().fails("r2").check()
        assert set(upstream.chosen()) == {"r1", "r3"}

    def test_that_could_not_be_made_take_nobody_out(self) -> None:
        upstream = Upstream(2, self.RULES)
        for replica in upstream.set.checks_due(START):
            upstream.set.check_not_made(START, replica)
        assert set(upstream.chosen()) == {"r1", "r2"}
        assert upstream.set.due_at == START + CHECKS.interval

    def test_of_a_stranger_are_harmless(self) -> None:
        upstream = Upstream(3, self.RULES)
        upstream.set.check_passed(START, Replica("stranger"))
        upstream.set.check_not_made(START, Replica("stranger"))
        upstream.set.check_failed(START, Replica("stranger"), refused=True)
        assert len(upstream.chosen()) == 3

    def test_do_not_make_every_attempt_sweep(self) -> None:
        upstream = Upstream(2, self.RULES)
        upstream.ends("r1")
        assert upstream.set._sweep_at > START  # although checks are overdue


class TestUpdate:
    def test_returns_the_newcomers(self) -> None:
        upstream = Upstream(2)
        assert upstream.update("r1", "r2", "r3", "r4") == ["r3", "r4"]
        assert set(upstream.chosen()) == {"r1", "r2", "r3", "r4"}

    def test_keeps_the_state_of_those_that_stay(self) -> None:
        upstream = Upstream(3).fails("r1")
        upstream.update("r4", "r1", "r2", "r3")
        assert upstream.state("r1") is EJECTED
        assert not upstream.chosen()["r1"]

    def test_sends_nothing_to_those_that_are_gone(self) -> None:
        upstream = Upstream(3)
        upstream.update("r1", "r3")
        assert set(upstream.chosen()) == {"r1", "r3"}

    def test_lets_those_that_are_gone_drain(self) -> None:
        upstream = Upstream(3)
        gone = upstream.known["r2"]
        gone.in_flight = 1
        upstream.update("r1", "r3")
        assert upstream.set.take_drained() == []
        gone.in_flight = 0
        upstream.ends("r2")
        assert upstream.set.take_drained() == [gone]
        assert upstream.set.take_drained() == []

    def test_knows_one_that_comes_back_while_it_drains(self) -> None:
        upstream = Upstream(3).fails("r1")
        upstream.update("r2", "r3")
        assert upstream.update("r1", "r2", "r3") == []
        assert upstream.state("r1") is EJECTED
        assert upstream.set.statistics().draining == 0

    def test_does_not_know_one_that_comes_back_after_it_has_drained(self) -> None:
        upstream = Upstream(3)
        upstream.update("r2", "r3")
        old = upstream.set.take_drained()[0]
        assert upstream.update("r1", "r2", "r3") == ["r1"]
        for _ in range(9):
            upstream.set.settled(upstream.now, old, Outcome.FAILURE, latency=0.1)
        assert upstream.state("r1") is ADMITTING

    def test_with_nobody_changes_nothing(self) -> None:
        upstream = Upstream(2)
        assert upstream.update() == []
        assert set(upstream.chosen()) == {"r1", "r2"}

    def test_takes_new_weights(self) -> None:
        upstream = Upstream(2)
        upstream.set.update(START, {"r1": 3.0, "r2": 1.0})
        assert upstream.chosen(40) == {"r1": 30, "r2": 10}

    def test_refuses_a_weight_that_is_none_and_changes_nothing(self) -> None:
        upstream = Upstream(2)
        with pytest.raises(ConfigError, match="weight of r2"):
            upstream.set.update(START, {"r1": 3.0, "r2": 0.0})
        assert upstream.chosen(40) == {"r1": 20, "r2": 20}

    def test_can_begin_with_nobody(self) -> None:
        replica_set = ReplicaSet([], LeastRequest([], random.Random(1)), random.Random(1))
        replica_set.sweep(START)
        assert replica_set.choose(()) is None
        assert not replica_set.statistics().is_panicking
        newcomers = replica_set.update(START, {"a": 1.0})
        assert replica_set.choose(()) is newcomers[0]

    def test_gives_the_first_ones_full_traffic_at_once(self) -> None:
        replica_set = ReplicaSet([], LeastRequest([], random.Random(1)), random.Random(1))
        weights = [one.weight for one in replica_set.update(START, {"a": 1.0, "b": 3.0})]
        assert weights == [1.0, 3.0]

    def test_before_anything_else_does_not_put_off_comparing(self) -> None:
        rules = ReplicaRules(HEALTH, OutlierRule(least_attempts=10))
        upstream = Upstream(3, rules)
        upstream.update("r1", "r2", "r3")
        for name in upstream.known:
            for _ in range(10):
                upstream.ends(name, Outcome.FAILURE if name == "r1" else SUCCESS)
                upstream.ends(name)
        upstream.now += 10
        upstream.ends("r2")
        assert upstream.state("r1") is EJECTED


class TestStatistics:
    def test_tell_what_an_operator_asks(self) -> None:
        upstream = Upstream(3).fails("r1").fails("r2", times=1)
        upstream.known["r2"].in_flight = 4
        told = upstream.one("r2")
        assert (told.in_flight, told.failures, told.failed, told.is_up) == (4, 1, 1, True)
        assert upstream.one("r1").ejections == 1
