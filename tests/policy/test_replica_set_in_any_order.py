"""Whatever attempts, checks and resolvers tell, in whatever order: what a set never does."""

import random
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from hedgerow.policy import LeastRequest, Outcome, Replica, RoundRobin
from hedgerow.policy.active_checks import CheckRule
from hedgerow.policy.balance import ChangingBalancer
from hedgerow.policy.ejection import OutlierRule, most_ejected
from hedgerow.policy.health import ADMITTING, HealthRule
from hedgerow.policy.peak_ewma import PeakEwmaBalancer
from hedgerow.policy.replica_set import ReplicaRules, ReplicaSet
from tests.fakes.policy import START, replicas

HEALTH: Final = HealthRule(failures_in_row=2)
LONGEST: Final = HEALTH.longest_ejection * (1 + HEALTH.jitter)
NAMES: Final = tuple(f"r{number}" for number in range(1, 7))

HAPPENINGS: Final = (
    *["send"] * 2,
    "success",
    *["failure"] * 2,
    "ignore",
    "sweep",
    "checks",
    "passed",
    "refused",
    "update",
    "drained",
)
Event = tuple[float, str, int]
events = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.01, 1.0, 5.0, 30.0, -1.0]),
        st.sampled_from(HAPPENINGS),
        st.integers(0, 63),
    ),
    max_size=60,
)
builders = st.sampled_from(["round-robin", "least-request", "peak-ewma"])


def balancer(kind: str, among: list[Replica]) -> ChangingBalancer:
    match kind:
        case "round-robin":
            return RoundRobin(among)
        case "least-request":
            return LeastRequest(among, random.Random(1))
        case _:
            return PeakEwmaBalancer(among, random.Random(1))


class World:
    """A set, and what is in flight; a number picks the replica, or the names of an update."""

    def __init__(self, kind: str, *, checks: bool) -> None:
        among = replicas(4)
        self.rules = ReplicaRules(
            HEALTH, OutlierRule(least_attempts=3), checks=CheckRule() if checks else None
        )
        self.set = ReplicaSet(among, balancer(kind, among), random.Random(2), self.rules)
        self.now = START
        self.present = set(NAMES[:4])
        self.in_flight: list[Replica] = []
        self.checked: list[Replica] = []

    def let(self, event: Event) -> None:
        later, what, number = event
        self.now += later
        match what:
            case "send":
                self.send(number)
            case "success" | "failure" | "ignore":
                self.end(Outcome(what), number)
            case "sweep":
                self.set.sweep(self.now)
            case "checks":
                self.checked += self.set.checks_due(self.now)
            case "passed" | "refused":
                self.report(number, passed=what == "passed")
            case "update":
                self.update({name for n, name in enumerate(NAMES) if number >> n & 1})
            case _:
                assert all(replica.in_flight == 0 for replica in self.set.take_drained())

    def send(self, number: int) -> None:
        tried = self.in_flight[: number % 3]
        replica = self.set.choose(tried)
        if replica is not None:
            assert replica not in tried
            assert replica.name in self.present
            replica.in_flight += 1
            self.in_flight.append(replica)
        else:
            assert tried

    def end(self, outcome: Outcome, number: int) -> None:
        if self.in_flight:
            replica = self.in_flight.pop(number % len(self.in_flight))
            replica.in_flight -= 1
            self.set.settled(self.now, replica, outcome, latency=0.01 * (number + 1))

    def report(self, number: int, *, passed: bool) -> None:
        for replica in self.checked[number % 8 : number % 8 + 1]:
            if passed:
                self.set.check_passed(self.now, replica)
            else:
                self.set.check_failed(self.now, replica, refused=True)

    def update(self, names: set[str]) -> None:
        self.set.update(self.now, dict.fromkeys(sorted(names), 1.0))
        self.present = names or self.present

    @property
    def out(self) -> int:
        states = [one.state for one in self.set.statistics().replicas]
        return sum(state is not ADMITTING for state in states)


@given(builders, st.booleans(), events)
def test_no_more_are_ejected_than_may_be(kind: str, checks: bool, script: list[Event]) -> None:
    world = World(kind, checks=checks)
    for event in script:
        before = world.out
        world.let(event)
        assert world.out <= max(before, most_ejected(len(world.present), 0.5))


@given(builders, st.booleans(), events)
def test_a_request_always_finds_a_replica(kind: str, checks: bool, script: list[Event]) -> None:
    world = World(kind, checks=checks)
    for event in script:
        world.let(event)
        assert world.set.choose(()) is not None


@given(builders, events)
def test_all_have_traffic_again_soon_after_all_are_well(kind: str, script: list[Event]) -> None:
    world = World(kind, checks=False)
    for event in script:
        world.let(event)
    while world.in_flight:  # every attempt has a deadline
        world.end(Outcome.FAILURE, 0)
    world.now = max(world.now, START) + LONGEST + 1.0 + 60.0  # the script's clock may run backwards
    world.set.sweep(world.now)
    for _ in range(len(world.present)):  # each that is out needs one request
        world.send(0)
        world.end(Outcome.SUCCESS, 0)
    assert world.out == 0


@given(builders, st.booleans(), events)
def test_it_is_always_due_again(kind: str, checks: bool, script: list[Event]) -> None:
    world = World(kind, checks=checks)
    for event in script:
        world.let(event)
        world.set.sweep(world.now)
        world.set.checks_due(world.now)
        assert world.set.due_at <= world.now + 120.0
