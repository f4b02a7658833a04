"""Simulated replicas: workers, queues, cancelling, slowness, the network."""

from typing import Literal

import pytest

from hedgerow.errors import HedgerowBug
from hedgerow.faults import Capacity, Constant, Mishap, MishapKind, Mishaps, SpellRule
from hedgerow.policy import Attempt, Exchange, Kind, NoBudget, Policy, Replica, RoundRobin
from hedgerow.simulate.agenda import Agenda
from hedgerow.simulate.flight import Flight, Work
from hedgerow.simulate.laws import Exponential
from hedgerow.simulate.replicas import ReplicaRules, Replicas, Streams, simulated

ONE_WORKER = Capacity(workers=1, queue=10)


class Bench:
    """Replicas, and when their answers came."""

    def __init__(self, rules: ReplicaRules, factors: tuple[float, ...] = (1.0,)) -> None:
        self.agenda = Agenda()
        self.replicas = Replicas(rules, factors, self.agenda, Streams(1))
        self.replicas.report_to(self._answered)
        self.answers: list[tuple[float, int]] = []
        self.sent: list[Work] = []

    def send(self, at: float = 0.0, *, number: int = 1, of: Flight | None = None) -> Work:
        flight = of or a_flight(self.replicas.replicas)
        replica = self.replicas.replicas[(number - 1) % len(self.replicas.replicas)]
        kind = Kind.PRIMARY if number == 1 else Kind.HEDGE
        work = Work(flight, Attempt(number, kind, replica, at, 100.0))
        self.sent.append(work)
        self.replicas.send(at, work)
        return work

    def cancel(self, at: float, work: Work) -> None:
        work.is_wanted = False
        self.replicas.cancel(at, work)

    def play(self) -> list[tuple[float, int]]:
        while self.agenda.advance(1):
            pass
        return self.answers

    def _answered(self, now: float, work: Work) -> None:
        self.answers.append((round(now, 6), self.sent.index(work)))


def a_flight(replicas: tuple[Replica, ...]) -> Flight:
    policy = Policy(RoundRobin(replicas), budget=NoBudget())
    return Flight(Exchange(policy, deadline_at=100.0, may_repeat=True), 0.0, None)


class TestWorker:
    def test_takes_one_after_the_other(self) -> None:
        bench = Bench(ReplicaRules(Constant(1.0), ONE_WORKER))
        bench.send()
        bench.send()
        assert bench.play() == [(1.0, 0), (2.0, 1)]
        assert bench.replicas.busy_seconds(2.0) == 2.0

    def test_is_one_of_as_many_as_come_where_they_are_unlimited(self) -> None:
        bench = Bench(ReplicaRules(Constant(1.0)))
        bench.send()
        bench.send()
        assert bench.play() == [(1.0, 0), (1.0, 1)]

    def test_has_a_queue_beyond_which_it_answers_503_at_once(self) -> None:
        bench = Bench(ReplicaRules(Constant(1.0), Capacity(workers=1, queue=0)))
        bench.send()
        refused = bench.send()
        assert bench.play() == [(0.0, 1), (1.0, 0)]
        assert refused.mishap == Mishap(MishapKind.STATUS, 503)

    def test_is_slower_by_its_factor(self) -> None:
        bench = Bench(ReplicaRules(Constant(1.0)), factors=(3.0,))
        bench.send()
        assert bench.play() == [(3.0, 0)]


class TestCancelling:
    def bench(self, *, notices: bool = True, keeps: bool = False) -> Bench:
        capacity = Capacity(workers=1, queue=10, notices_cancel=notices)
        return Bench(ReplicaRules(Constant(1.0), capacity, running_is_kept=keeps))

    def test_of_what_runs_frees_the_worker(self) -> None:
        bench = self.bench()
        running = bench.send()
        bench.send()
        bench.cancel(0.0, running)
        assert bench.play() == [(1.0, 1)]
        assert bench.replicas.answers_for_nobody == 0

    def test_of_what_waits_frees_its_place(self) -> None:
        bench = self.bench()
        bench.send()
        waiting = bench.send()
        bench.send()
        bench.cancel(0.0, waiting)
        assert bench.play() == [(1.0, 0), (2.0, 2)]

    @pytest.mark.parametrize("which", ["running", "waiting"])
    def test_that_is_not_noticed_changes_nothing(
        self, which: Literal["running", "waiting"]
    ) -> None:
        bench = self.bench(notices=False)
        works = {"running": bench.send(), "waiting": bench.send()}
        bench.send()
        bench.cancel(0.0, works[which])
        assert bench.play()[-1] == (3.0, 2)
        assert bench.replicas.answers_for_nobody == 1

    def test_may_stop_what_waits_but_not_what_runs(self) -> None:
        bench = self.bench(keeps=True)
        running, waiting = bench.send(), bench.send()
        bench.send()
        bench.cancel(0.0, running)
        bench.cancel(0.0, waiting)
        assert bench.play() == [(2.0, 2)]
        assert bench.replicas.answers_for_nobody == 1


class TestCopy:
    def test_takes_a_part_of_its_primary_and_its_own_time(self) -> None:
        bench = Bench(ReplicaRules(Constant(1.0), similarity=0.5))
        flight = a_flight(bench.replicas.replicas)
        bench.send(of=flight)
        bench.send(number=2, of=flight)
        assert bench.play() == [(1.0, 0), (1.5, 1)]

    def test_leaves_the_primaries_of_other_requests_as_they_are(self) -> None:
        plain, hedged = (Bench(ReplicaRules(Exponential(1.0))) for _ in range(2))
        primaries = [plain.send().seconds for _ in range(5)]
        mixed = [hedged.send(number=number) for number in (1, 2, 1, 1, 2, 1, 1)]
        assert [work.seconds for work in mixed if work.attempt.number == 1] == primaries


class TestTrouble:
    def test_comes_as_often_as_its_share(self) -> None:
        errors = Mishaps(((Mishap(MishapKind.STATUS, 500), 0.3),))
        bench = Bench(ReplicaRules(Constant(1.0), errors=errors))
        bad = sum(bench.send().mishap is not None for _ in range(1000))
        assert abs(bad - 300) < 4 * 14.5  # four standard errors

    def test_of_a_refused_connection_comes_at_once(self) -> None:
        errors = Mishaps(((Mishap(MishapKind.REFUSE), 1.0),))
        bench = Bench(ReplicaRules(Constant(1.0), errors=errors))
        bench.send()
        assert bench.play() == [(0.0, 0)]

    def test_that_hangs_holds_the_worker_until_it_is_cancelled(self) -> None:
        errors = Mishaps(((Mishap(MishapKind.HANG), 1.0),))
        bench = Bench(ReplicaRules(Constant(1.0), ONE_WORKER, errors))
        hanging = bench.send()
        assert bench.play() == []
        bench.cancel(5.0, hanging)
        assert bench.replicas.busy_seconds(9.0) == 5.0


class TestSpells:
    RULE = SpellRule(ok=10.0, slow=10.0, factor=5.0, lengths="fixed")

    def test_slow_what_starts_in_them(self) -> None:
        bench = Bench(ReplicaRules(Constant(1.0), spells=self.RULE))
        bench.send(0.0)
        bench.send(12.0)
        assert bench.play() == [(1.0, 0), (17.0, 1)]

    def test_come_to_all_replicas_at_once_or_to_each_alone(self) -> None:
        together = Bench(
            ReplicaRules(Constant(1.0), spells=self.RULE, spells_together=True), (1.0, 1.0)
        )
        alone = Bench(ReplicaRules(Constant(1.0), spells=self.RULE), (1.0, 1.0))
        one, other = (simulated(replica).spells for replica in together.replicas.replicas)
        assert one is other
        one, other = (simulated(replica).spells for replica in alone.replicas.replicas)
        assert one is not other


class TestNetwork:
    RULES = ReplicaRules(Constant(1.0), ONE_WORKER, one_way=Constant(0.25))

    def test_takes_its_time_there_and_back(self) -> None:
        bench = Bench(self.RULES)
        bench.send()
        assert bench.play() == [(1.5, 0)]

    def test_delays_a_cancel_too(self) -> None:
        bench = Bench(self.RULES)
        work = bench.send()
        bench.cancel(0.5, work)
        assert bench.play() == []
        assert bench.replicas.busy_seconds(9.0) == pytest.approx(0.5)

    def test_lets_no_cancel_overtake_what_it_cancels(self) -> None:
        bench = Bench(ReplicaRules(Constant(1.0), ONE_WORKER, one_way=Exponential(1.0)))
        for _ in range(20):
            bench.cancel(0.0, bench.send())
        assert bench.play() == []
        assert bench.replicas.busy_seconds(99.0) == 0.0


class TestReplica:
    def test_of_somebody_else_is_a_bug(self) -> None:
        with pytest.raises(HedgerowBug, match="was not made by a simulation"):
            simulated(Replica("foreign"))
