import itertools
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.lab.search import Answer, Bounds, CapacitySearch, Outcome, Phase, Probe

Server = Callable[[Probe], tuple[Outcome, float]]
RATES = Bounds(start=10, least=1, most=100_000)
USERS = Bounds(start=10, least=1, most=1000, whole=True)
FINE = Bounds(start=10.44, least=1.2345, most=9_999, tolerance=0.01)
many_seeds = pytest.mark.unhurried(reason="many seeds")


def limited_to(capacity: float, headroom: float = 1.0) -> Server:
    def respond(probe: Probe) -> tuple[Outcome, float]:
        return (Outcome.KEPT if probe.load <= capacity else Outcome.BROKEN), headroom

    return respond


def saying(words: str) -> Server:
    """K is kept, B is broken, I is invalid; over and over again."""
    outcomes = itertools.cycle(words)
    meaning = {"K": Outcome.KEPT, "B": Outcome.BROKEN, "I": Outcome.INVALID}
    return lambda probe: (meaning[next(outcomes)], 1.0)


def probes_of(server: Server, bounds: Bounds = RATES) -> tuple[list[Probe], Answer]:
    search, probes = CapacitySearch(bounds), []
    while isinstance(search.next, Probe):
        probes.append(search.next)
        search.probed(*server(search.next))
        assert len(probes) < 100
    return probes, search.next


def answer_of(server: Server, bounds: Bounds = RATES) -> Answer:
    return probes_of(server, bounds)[1]


def loads(probes: list[Probe], phase: Phase) -> list[float]:
    return [probe.load for probe in probes if probe.phase is phase]


class SingleServer:
    """M/M/1, judged by a p99 that is told with some noise."""

    def __init__(self, rng: random.Random, noise: float) -> None:
        self.rng = rng
        self.rate = 10 ** rng.uniform(1.5, 4.5)
        slack = rng.uniform(0.03, 0.5)
        self.limit = math.log(100) / (self.rate * slack)  # of the p99, which is ln 100 / (mu - l)
        self.capacity = self.rate * (1 - slack)
        self.noise = noise * (1 - slack) / slack  # of the p99: moves the boundary by ``noise``

    def __call__(self, probe: Probe) -> tuple[Outcome, float]:
        p99 = math.log(100) / (self.rate - probe.load) if probe.load < self.rate else 1e3
        spread = self.noise / (math.sqrt(3) if probe.is_confirmation else 1)
        p99 *= self.rng.lognormvariate(0, spread)
        return (Outcome.KEPT if p99 < self.limit else Outcome.BROKEN), self.limit / p99


class TestRising:
    def test_begins_at_the_start(self) -> None:
        assert CapacitySearch(RATES).next == Probe(10, Phase.RISING)

    def test_doubles(self) -> None:
        probes, _ = probes_of(limited_to(100))
        assert loads(probes, Phase.RISING) == [10, 20, 40, 80, 160]

    def test_takes_four_times_when_far_below(self) -> None:
        probes, _ = probes_of(limited_to(100, headroom=4))
        assert loads(probes, Phase.RISING) == [10, 40, 160]

    def test_stops_at_the_most_and_confirms_it(self) -> None:
        probes, answer = probes_of(limited_to(1000), Bounds(start=10, least=1, most=100))
        assert answer == Answer("above", 100, None, confirmed=True)
        assert probes[-1] == Probe(100, Phase.CONFIRMING)

    def test_begins_within_the_bounds(self) -> None:
        assert CapacitySearch(Bounds(start=10, least=50, most=90)).next == Probe(50, Phase.RISING)


class TestFalling:
    def test_goes_down_to_what_is_kept(self) -> None:
        probes, answer = probes_of(limited_to(1.5), Bounds(start=100, least=1, most=1000))
        assert loads(probes, Phase.FALLING) == [25, 6.25, 1.56, 1]
        assert answer.load == pytest.approx(1.5, rel=0.05)

    def test_ends_at_the_least(self) -> None:
        assert answer_of(limited_to(0.5)) == Answer("below", None, 1)


class TestAnswer:
    @given(st.floats(1.2, 80_000))
    def test_lies_within_the_tolerance_of_a_clear_boundary(self, capacity: float) -> None:
        answer = answer_of(limited_to(capacity))
        assert answer.kind == "found"
        assert answer.load is not None
        assert answer.broken is not None
        assert capacity / 1.05 <= answer.load <= capacity < answer.broken

    @given(st.integers(1, 900))
    def test_in_users_is_a_whole_number(self, capacity: int) -> None:
        answer = answer_of(limited_to(capacity), USERS)
        assert answer.load is not None
        assert answer.load == int(answer.load)
        assert answer.load <= capacity < answer.load * 1.05 + 1

    def test_is_confirmed_over_a_longer_window(self) -> None:
        probes, answer = probes_of(limited_to(100))
        assert answer.confirmed
        assert loads(probes, Phase.CONFIRMING) == [answer.load]

    def test_is_checked_against_clearly_other_loads(self) -> None:
        probes, answer = probes_of(limited_to(100))
        assert answer.load is not None
        assert answer.broken is not None
        assert loads(probes, Phase.ABOVE) == [answer.broken]
        assert loads(probes, Phase.BELOW) == [pytest.approx(answer.load / 1.15, rel=0.01)]
        assert len(loads(probes, Phase.FAR_ABOVE)) == 2

    def test_costs_few_probes(self) -> None:
        assert len(probes_of(limited_to(1234, headroom=4))[0]) <= 16

    def test_once_given_stays(self) -> None:
        search = CapacitySearch(RATES)
        while isinstance(search.next, Probe):
            search.probed(*limited_to(100)(search.next))
        assert search.probed(Outcome.BROKEN) is search.next
        assert search.best is search.next


class TestConfirmation:
    def test_that_fails_leads_one_step_lower(self) -> None:
        def only_short(probe: Probe) -> tuple[Outcome, float]:
            capacity = 95 if probe.is_confirmation else 100
            return limited_to(capacity)(probe)

        probes, answer = probes_of(only_short)
        first, second, *_ = loads(probes, Phase.CONFIRMING)
        assert first / 1.03 < second < first
        assert answer.kind == "found"
        assert answer.load is not None
        assert 95 / 1.06 < answer.load <= 95

    def test_that_fails_again_and_again_is_unstable(self) -> None:
        def never_long(probe: Probe) -> tuple[Outcome, float]:
            return limited_to(0 if probe.is_confirmation else 100)(probe)

        probes, answer = probes_of(never_long)
        assert answer.kind == "unstable"
        assert len(loads(probes, Phase.CONFIRMING)) == 4
        assert answer.load == pytest.approx(100, rel=0.03)


class TestBadLuck:
    def test_while_rising_does_not_hide_the_capacity(self) -> None:
        unlucky = iter([Outcome.KEPT, Outcome.BROKEN])  # at 20, once

        def respond(probe: Probe) -> tuple[Outcome, float]:
            return next(unlucky, None) or limited_to(100)(probe)[0], 1.0

        answer = answer_of(respond)
        assert answer.kind == "found"
        assert answer.load == pytest.approx(100, rel=0.05)


class TestFlappingServer:
    @pytest.mark.parametrize("words", ["KB", "BK", "KKB", "KBB"])
    def test_that_alternates_is_unstable(self, words: str) -> None:
        answer = answer_of(saying(words))
        assert answer.kind == "unstable"
        assert answer.load is not None
        assert answer.broken is not None

    @many_seeds
    def test_that_tosses_a_coin_is_hardly_ever_given_a_number(self) -> None:
        answers = []
        for seed in range(300):
            rng = random.Random(seed)
            toss = lambda probe, rng=rng: (rng.choice([Outcome.KEPT, Outcome.BROKEN]), 1.0)  # noqa: E731
            answers.append(answer_of(toss).kind)
        assert answers.count("found") < 0.15 * len(answers)

    def test_that_breaks_well_below_what_it_kept_is_unstable(self) -> None:
        def respond(probe: Probe) -> tuple[Outcome, float]:
            if probe.phase is Phase.BELOW:
                return Outcome.BROKEN, 1.0
            return limited_to(100)(probe)

        answer = answer_of(respond)
        assert answer.kind == "unstable"
        assert answer.load is not None
        assert answer.broken is not None
        assert answer.broken < answer.load

    def test_that_keeps_well_above_what_it_broke_is_unstable(self) -> None:
        def respond(probe: Probe) -> tuple[Outcome, float]:
            if probe.phase is Phase.FAR_ABOVE:
                return Outcome.KEPT, 1.0
            return limited_to(100)(probe)

        assert answer_of(respond).kind == "unstable"


class TestNoisyServer:
    @pytest.mark.parametrize(("noise", "share"), [(0.005, 0.99), (0.015, 0.95)])
    @many_seeds
    def test_is_measured_within_the_tolerance(self, noise: float, share: float) -> None:
        within = 0
        for seed in range(300):
            server = SingleServer(random.Random(seed), noise)
            answer = answer_of(server)
            found = answer.load if answer.kind == "found" else None
            within += found is not None and abs(found / server.capacity - 1) <= 0.05
        assert within >= share * 300


class TestGeneratorThatIsTheLimit:
    def test_ends_the_search_with_what_was_kept(self) -> None:
        def respond(probe: Probe) -> tuple[Outcome, float]:
            return (Outcome.INVALID, 1.0) if probe.load > 100 else (Outcome.KEPT, 1.0)

        assert answer_of(respond) == Answer("generator", 80, 160)

    def test_is_asked_twice(self) -> None:
        probes, _ = probes_of(saying("KKII"))
        assert [probe.load for probe in probes] == [10, 20, 40, 40]

    def test_for_a_moment_is_forgiven(self) -> None:
        invalid = iter([Outcome.INVALID])

        def respond(probe: Probe) -> tuple[Outcome, float]:
            return next(invalid, None) or limited_to(100)(probe)[0], 1.0

        assert answer_of(respond).kind == "found"

    def test_well_above_the_answer_does_not_matter(self) -> None:
        def respond(probe: Probe) -> tuple[Outcome, float]:
            if probe.phase is Phase.FAR_ABOVE:
                return Outcome.INVALID, 1.0
            return limited_to(100)(probe)

        assert answer_of(respond).kind == "found"

    def test_from_the_start_leaves_nothing_known(self) -> None:
        assert answer_of(saying("I")) == Answer("generator", None, 10)


class TestBreakingOff:
    def test_tells_the_best_that_is_known(self) -> None:
        search = CapacitySearch(RATES)
        for outcome in (Outcome.KEPT, Outcome.KEPT, Outcome.BROKEN):
            search.probed(outcome)
        assert search.best == Answer("unfinished", 20, 40)

    def test_before_anything_is_known_says_so(self) -> None:
        assert CapacitySearch(RATES).best == Answer("unfinished", None, None)


class TestAnyServer:
    @given(
        st.text(alphabet="KKBBI", min_size=1, max_size=40), st.sampled_from([RATES, USERS, FINE])
    )
    def test_gets_an_answer_from_loads_within_the_bounds(self, words: str, bounds: Bounds) -> None:
        probes, answer = probes_of(saying(words), bounds)
        assert all(bounds.least <= probe.load <= bounds.most for probe in probes)
        if answer.kind == "found":
            assert answer.load is not None
            assert answer.broken is not None
            assert answer.load < answer.broken
