"""The replicas of one upstream: which there are, which of them may have traffic, how much.

Decides; must not know sockets, names' meaning or clocks.  To an exchange it is a balancer
like any other.  It gives a balancer of its own the replicas that may be chosen, with their
weights, each time that changes, and not for each request:

    admitting, and up by its active check   by weight; less while it starts slowly
    probing                                 the next request's primary, one at a time
    ejected, or down                        none
    gone from the list                      none, and forgotten when nothing is in flight

*Panic*: when fewer than ``panic_below`` of all are left, all are used.  Then either the
checks are wrong, or so much is broken that what is left would break as well.

An ejected replica is known by failures of requests, a replica that is down by failed
checks; each comes back the way it went.  Only ejections are capped: a request may fail for
reasons of its own, but nobody has a reason to fail a check.

Its shell calls ``sweep`` at ``due_at`` (as do attempts that are settled), sends the checks that are
due, tells what names resolve to now, and closes what has drained.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from typing_extensions import override

from hedgerow.policy.active_checks import ActiveCheck, CheckRule
from hedgerow.policy.balance import Balancer, ChangingBalancer, Replica, require_weight
from hedgerow.policy.ejection import OutlierRule, most_ejected, outliers
from hedgerow.policy.health import ADMITTING, PROBING, HealthRule, ReplicaHealth
from hedgerow.policy.member import Member, ReplicaStatistics
from hedgerow.policy.outcomes import SUCCESS, Outcome
from hedgerow.policy.slow_start import SlowStartRule
from hedgerow.policy.streaks import FORGETTING, streak_needed


@dataclass(frozen=True, slots=True)
class ReplicaRules:
    """Everything that keeps traffic from a replica, or brings it back."""

    health: HealthRule = field(default_factory=HealthRule)
    outliers: OutlierRule = field(default_factory=OutlierRule)
    slow_start: SlowStartRule = field(default_factory=SlowStartRule)
    checks: CheckRule | None = None  # None: replicas are not asked
    #: How many may be ejected.  Envoy's 10 % would leave in two of three replicas of a zone that
    #: is lost; one of two is out at half.
    ejected_share: float = 0.5
    #: Envoy's 50 % would send two requests of three to dead replicas when one of three is left.
    panic_below: float = 0.25


@dataclass(frozen=True, slots=True)
class SetStatistics:
    """All replicas of an upstream; counts are totals since the start."""

    replicas: tuple[ReplicaStatistics, ...]
    draining: int
    is_panicking: bool
    ejections: int
    readmissions: int
    withheld: int  # failures that deserved an ejection which the cap did not allow


class ReplicaSet(Balancer):
    """A balancer over replicas that come and go, fall ill and get well.

    ``balancer`` is built by the caller, over the same ``replicas``: those that are there from
    the start, and get full traffic at once.
    """

    __slots__ = (
        "_all_are_used",
        "_balancer",
        "_check_at",
        "_compare_at",
        "_draining",
        "_ejections",
        "_learner",
        "_members",
        "_only",
        "_out",
        "_probing",
        "_random",
        "_readmissions",
        "_rules",
        "_sweep_at",
        "_withheld",
    )

    def __init__(
        self,
        replicas: Sequence[Replica],
        balancer: ChangingBalancer,
        randomness: random.Random,
        rules: ReplicaRules | None = None,
    ) -> None:
        self._balancer = balancer
        learns = type(balancer).settled is not Balancer.settled
        self._learner = balancer if learns else None
        self._random = randomness
        self._rules = rules or ReplicaRules()
        self._members = {replica: self._member(replica) for replica in replicas}
        self._draining: dict[str, Member] = {}
        self._probing: list[Member] = []
        self._only: Replica | None = None  # that may be chosen, where there is just one
        self._all_are_used = False
        self._compare_at = -math.inf
        self._out = 0  # ejected or probing
        self._ejections = self._readmissions = self._withheld = 0
        self._sweep_at = self._check_at = -math.inf

    # --- for the exchange ---

    @override
    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        if self._only is not None and not tried:
            return self._only
        if self._probing and not tried:
            probe = self._next_probe(tried)
            if probe is not None:
                return probe
        return self._balancer.choose(tried) or self._next_probe(tried)

    @override
    def settled(
        self,
        now: float,
        replica: Replica,
        outcome: Outcome,
        *,
        latency: float,
        pushback: float | None = None,
    ) -> None:
        # Once a request, so the common case is in line: 0.2 us for one more success.
        member = self._members.get(replica)
        if member is None:
            return
        if self._learner is not None:
            self._learner.settled(now, replica, outcome, latency=latency, pushback=pushback)
        if outcome is SUCCESS:
            member.tally.succeeded += 1
            if member.failing:
                member.failing -= FORGETTING * member.failing
            health = member.health
            is_news = health.failures or health.state is not ADMITTING
            if is_news and health.attempt_succeeded(now):
                self._take_back(now, member)
        elif member.is_probing and now - latency < member.probing_since:
            pass  # sent before it was ejected: no probe, and old news
        elif outcome is Outcome.FAILURE:
            self._attempt_failed(now, member, latency)
        elif member.is_probing:
            member.health.attempt_ignored(now)
            self._share_out(now)
        if now >= self._sweep_at:
            self.sweep(now)

    # --- for the shell ---

    @property
    def due_at(self) -> float:
        """When to call ``sweep``, and then ``checks_due``."""
        return min(self._sweep_at, self._check_at)

    def sweep(self, now: float) -> None:
        """Let time act: times out end, success rates are compared, slow starts go on."""
        for member in self._members.values():
            if member.health.timer_fired(now):
                member.strangers = member.replica.in_flight
                member.probing_since = now
        if now >= self._compare_at:
            self._compare_at = now + self._rules.outliers.interval
            self._eject_outliers(now)
        self._share_out(now)

    def update(self, now: float, weights: Mapping[str, float]) -> list[Replica]:
        """Take the names that there are now, with their weights; return the newcomers.

        Give each newcomer its ``address`` before the next choice.  Those that stay keep their
        state, those that are gone drain, and one that comes back before it has drained is who
        it was.  An empty list changes nothing: a resolver that knows nobody is more likely
        broken than right.
        """
        if not weights:
            return []
        for name, weight in weights.items():
            require_weight(name, weight)
        known = {replica.name: member for replica, member in self._members.items()}
        self._draining |= {name: known[name] for name in known if name not in weights}
        newcomers = []
        members = {}
        for name, weight in weights.items():
            member = known.get(name)
            if member is None and (member := self._draining.pop(name, None)) is not None:
                member.missed_its_check(now)
            if member is None:
                member = self._member(Replica(name, weight=weight))
                member.returned_at = now if known else -math.inf  # nobody is there to spare it
                newcomers.append(member.replica)
            member.weight = weight
            members[member.replica] = member
        self._members = members
        self._share_out(now)
        return newcomers

    def take_drained(self) -> list[Replica]:
        """Hand over those that are gone and have nothing in flight: close what leads to them."""
        drained = [m.replica for m in self._draining.values() if m.replica.in_flight <= 0]
        for replica in drained:
            del self._draining[replica.name]
            self._balancer.forget(replica)
        return drained

    def checks_due(self, now: float) -> list[Replica]:
        """Return the replicas to check now; report each: passed, failed or not made."""
        due = []
        for member in self._members.values():
            if member.check is not None and now >= member.check.due_at:
                was_up = member.check.is_up
                if member.check.timer_fired(now):
                    due.append(member.replica)
                if was_up and not member.check.is_up:
                    self._share_out(now)
        self._plan(now)
        return due

    def check_passed(self, now: float, replica: Replica) -> None:
        """A replica has said that it is well."""
        member = self._members.get(replica)
        if member is not None and member.check is not None and member.check.passed(now):
            self._restart(now, member)
        self._plan(now)

    def check_failed(self, now: float, replica: Replica, *, refused: bool = False) -> None:
        """A replica has not said that it is well; ``refused``: nobody listens there."""
        member = self._members.get(replica)
        if member is not None and member.check is not None:
            if member.check.failed(now, refused=refused):
                self._share_out(now)
            self._plan(now)

    def check_not_made(self, now: float, replica: Replica) -> None:
        """A replica could not be asked, for a reason of ours."""
        member = self._members.get(replica)
        if member is not None and member.check is not None:
            member.check.not_made(now)
            self._plan(now)

    def statistics(self) -> SetStatistics:
        """Return what an operator asks: who is in, who is out, and how often that changed."""
        return SetStatistics(
            replicas=tuple(member.told() for member in self._members.values()),
            draining=len(self._draining),
            is_panicking=self._all_are_used,
            ejections=self._ejections,
            readmissions=self._readmissions,
            withheld=self._withheld,
        )

    # --- decisions ---

    def _attempt_failed(self, now: float, member: Member, latency: float) -> None:
        was = member.health.state
        if member.failed(now, latency) and not self._is_like_the_others(member):
            self._eject(now, member)
        if member.health.state is not was:
            if was is PROBING:
                self._ejections += 1
            self._share_out(now)

    def _is_like_the_others(self, member: Member) -> bool:
        others = [
            other.failing
            for other in self._members.values()
            if other is not member and other.health.state is ADMITTING
        ]
        needed = streak_needed(others, self._rules.health.failures_in_row)
        if needed == math.inf:
            # What happens while all fail is no replica's; who gets well last is not broken.
            member.health.excuse()
        return member.health.failures < needed

    def _eject_outliers(self, now: float) -> None:
        admitting = [m for m in self._members.values() if m.health.state is ADMITTING]
        for place in outliers([member.tally for member in admitting], self._rules.outliers):
            self._eject(now, admitting[place])
        for member in admitting:
            member.tally.fade()

    def _eject(self, now: float, member: Member) -> None:
        share = self._rules.ejected_share
        if self._out >= most_ejected(len(self._members), share):
            self._withheld += share > 0  # with no share at all nothing was to be ejected
            return
        self._ejections += 1
        self._out += 1
        member.health.eject(now)

    def _take_back(self, now: float, member: Member) -> None:
        self._readmissions += 1
        self._restart(now, member)

    def _restart(self, now: float, member: Member) -> None:
        """What is known of it was true of its past; it starts slowly."""
        member.returned_at = now
        member.forget()
        self._balancer.forget(member.replica)
        self._share_out(now)

    def _next_probe(self, tried: Sequence[Replica]) -> Replica | None:
        """Return a replica that is probing, and to which no probe is in flight."""
        for member in self._probing:
            member.strangers = min(member.strangers, member.replica.in_flight)  # some have left
            if member.replica.in_flight <= member.strangers and member.replica not in tried:
                return member.replica
        return None

    # --- bookkeeping ---

    def _member(self, replica: Replica) -> Member:
        rules = self._rules
        check = ActiveCheck(rules.checks, self._random) if rules.checks is not None else None
        return Member(replica, ReplicaHealth(rules.health, self._random), check)

    def _share_out(self, now: float) -> None:
        """Tell the balancer who may be chosen, and by what weight."""
        members = list(self._members.values())
        well = [m for m in members if m.health.state is ADMITTING and m.is_up]
        self._out = sum(m.health.state is not ADMITTING for m in members)
        self._all_are_used = bool(members) and len(well) < max(
            1.0, self._rules.panic_below * len(members)
        )
        self._probing = [m for m in members if m.health.state is PROBING and m.is_up]
        used = members if self._all_are_used else well
        self._only = used[0].replica if len(used) == 1 and not self._probing else None
        for member in used:
            share = self._rules.slow_start.share(now - member.returned_at)
            member.replica.weight = member.weight * share
        self._balancer.use([member.replica for member in used])
        self._plan(now)

    def _plan(self, now: float) -> None:
        """Work out when something is due next."""
        members = self._members.values()
        due = [self._compare_at, *(member.health.ends_at for member in members)]
        slow_start = self._rules.slow_start
        if any(now - member.returned_at < slow_start.window for member in members):
            due.append(now + slow_start.step)
        self._sweep_at = min(due)
        checks = [member.check.due_at for member in members if member.check is not None]
        self._check_at = min(checks, default=math.inf)
