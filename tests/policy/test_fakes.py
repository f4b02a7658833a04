"""The fakes that the policy tests stand on keep what they promise."""

from hedgerow.policy import State, Step
from tests.fakes.case_studies import SILENT, Upstream
from tests.fakes.policy import (
    START,
    Fails,
    FixedBudget,
    Head,
    Race,
    burst,
    route,
    smart_route,
    staggered,
)


class TestFixedBudget:
    def test_allows_what_it_was_given_and_counts_the_rest(self) -> None:
        budget = FixedBudget(2)
        assert [budget.withdraw(START) for _ in range(3)] == [True, True, False]
        assert budget.asked == 3


class TestRace:
    def test_starts_where_a_forgotten_subtraction_shows(self) -> None:
        assert Race(route()).attempt(1).started_at == 1_000_000.0

    def test_lets_time_act_between_two_events(self) -> None:
        race = Race(route(staggered(delay=0.1))).play((0.25, 1, Fails()))
        assert race.sent == [(0.0, 1), (0.1, 2), (0.2, 3)]

    def test_lets_time_act_first_at_the_same_moment(self) -> None:
        race = Race(route(staggered(delay=0.1, extra=1))).play((0.1, 1, Head()))
        assert race.sent == [(0.0, 1), (0.1, 2)]

    def test_empties_what_it_has_carried_out(self) -> None:
        race = Race(route(burst())).play((0.4, 2, Head()))
        assert race.exchange.launched == race.exchange.cancelled == []
        assert race.cancelled == [(0.4, 1), (0.4, 3)]

    def test_writes_down_every_step_but_waiting(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Head()), (0.2, 1, Head()))
        assert race.steps == [(0.0, Step.LAUNCH), (0.1, Step.FORWARD)]

    def test_stops_by_itself_when_nothing_can_happen_any_more(self) -> None:
        assert Race(route(burst())).until().state is State.DONE


class TestUpstreams:
    def test_answer_so_long_after_their_attempt_was_sent(self) -> None:
        race = Race(smart_route(), upstreams=[SILENT, Upstream(0.1, 200, 0.05), SILENT]).until()
        assert race.steps[-2:] == [(0.4, Step.HOLD), (0.45, Step.FORWARD)]

    def test_never_answer_when_they_are_silent(self) -> None:
        race = Race(smart_route(), upstreams=[SILENT] * 3).until()
        assert race.steps[-1] == (1.0, Step.REPLY)
