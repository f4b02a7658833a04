import math

import pytest

from hedgerow.policy import (
    AnswerRule,
    Budget,
    DeadlineRule,
    HedgeRule,
    LoadBudget,
    NoBudget,
    Situation,
)
from hedgerow.serve.settings.policy import (
    answer_rule,
    deadline_rule,
    hedge_rule,
    learned_delays,
    load_budget,
    pool_limits,
    reply_templates,
    wire_limits,
)
from hedgerow.wire.limits import Limits
from hedgerow.wire.pool import PoolLimits
from tests.serve.settings.samples import read, route


def granted_after_a_thousand(budget: Budget) -> int:
    """Say how many copies in a row a purse grants after a second of a thousand requests."""
    budget.withdraw(0.0)
    for _ in range(1000):
        budget.deposit()
    budget.withdraw(1.0)
    for _ in range(1000):
        budget.deposit()
    return sum(budget.withdraw(1.5) for _ in range(1000))


class TestHedgeRule:
    def test_of_the_burst_is_exact(self) -> None:
        text = 'hedge = {delay = "300ms", extra = 2, same_replica = true}'
        assert hedge_rule(route(text).hedge) == HedgeRule.of(0.3, 2)

    def test_by_default_retries_only(self) -> None:
        rule = hedge_rule(route("").hedge)
        assert (rule.delay, rule.extra, rule.max_attempts) == (math.inf, 0, 2)
        assert (rule.copies_at_trigger(1), rule.next_delay(1)) == (1, math.inf)

    def test_that_is_off_sends_nothing_twice(self) -> None:
        assert hedge_rule(route('hedge = "off"').hedge).copies_at_trigger(1) == 0

    def test_takes_over_the_rest(self) -> None:
        text = 'hedge = {delay = "1s", mode = "staggered", methods = ["PUT"], at = "first-byte"}'
        rule = hedge_rule(route(text).hedge)
        assert (rule.mode, rule.at) == ("staggered", "first-byte")
        assert rule.methods == frozenset({"PUT"})

    def test_has_the_probability_of_the_route(self) -> None:
        rule = hedge_rule(route('hedge = {delay = "29ms", probability = 0.91}').hedge)
        assert (rule.delay, rule.probability) == (0.029, 0.91)

    def test_of_a_learned_delay_has_the_coin_that_goes_with_the_budget(self) -> None:
        rule = hedge_rule(route('hedge = {delay = "auto", extra = 2, max_attempts = 4}').hedge)
        assert rule == HedgeRule.auto(0.05, 2, max_attempts=4)

    def test_of_a_learned_delay_may_have_a_coin_of_its_own(self) -> None:
        rule = hedge_rule(route('hedge = {delay = "auto", probability = "60%"}').hedge)
        assert rule.probability == 0.6


class TestLearnedDelays:
    def test_are_there_only_where_the_delay_is_to_be_learned(self) -> None:
        assert learned_delays(route("")) is None
        assert learned_delays(route('hedge = {delay = "1s", budget = "5%"}')) is None
        assert learned_delays(route('hedge = {delay = "auto"}')) is not None

    def test_aim_at_what_the_coin_leaves_of_the_budget(self) -> None:
        delays = learned_delays(route('hedge = {delay = "auto", probability = "50%"}'))
        assert delays is not None
        assert delays.of("GET").statistics().aim == pytest.approx(0.1)

    @pytest.mark.parametrize(
        ("text", "longest"),
        [
            ('deadline = "4s"', 2.0),
            ("", 15.0),
            ('path = "/{t}"\ndeadline = {from = "path.t", default = "1s", max = "6s"}', 3.0),
            ('path = "/{t}"\ndeadline = {from = "path.t"}', 10.0),
        ],
    )
    def test_leave_half_of_the_longest_deadline_for_the_copy(
        self, text: str, longest: float
    ) -> None:
        delays = learned_delays(route(f'{text}\nhedge = {{delay = "auto"}}'))
        assert delays is not None
        controller = delays.of("GET")
        for _ in range(200):
            controller.ended(60.0)
        assert controller.delay == longest


class TestBudget:
    def test_is_a_share_of_the_requests(self) -> None:
        budget = load_budget(route('hedge = {delay = "1s", budget = "50%"}').hedge)
        budget.deposit()
        budget.deposit()
        assert [budget.withdraw(0.0), budget.withdraw(0.0)] == [True, False]

    def test_of_a_learned_delay_grows_with_the_traffic(self) -> None:
        learned, own = (
            load_budget(route(f'hedge = {{delay = "{delay}", budget = "50%"}}').hedge)
            for delay in ("auto", "1s")
        )
        assert granted_after_a_thousand(learned) == 40  # 4 % of what a second brought
        assert granted_after_a_thousand(own) == 10

    def test_is_there_by_default(self) -> None:
        assert isinstance(load_budget(route("").hedge), LoadBudget)

    def test_is_not_there_for_a_burst(self) -> None:
        assert isinstance(load_budget(route('hedge = {delay = "1s"}').hedge), NoBudget)

    def test_is_not_counted_where_nothing_is_sent_twice(self) -> None:
        assert isinstance(load_budget(route('hedge = "off"').hedge), NoBudget)

    def test_is_a_new_one_each_time(self) -> None:
        hedge = route("").hedge
        assert load_budget(hedge) is not load_budget(hedge)


class TestDeadlineRule:
    def test_has_the_bounds_of_the_route(self) -> None:
        text = (
            'path = "/{t}"\n'
            'deadline = {from = "path.t", unit = "s", min = "1s", max = "9s", per_try = "2s"}'
        )
        rule = DeadlineRule(default=9.0, minimum=1.0, maximum=9.0, unit="s", per_try=2.0)
        assert deadline_rule(route(text).deadline) == rule

    def test_without_bounds_has_none(self) -> None:
        rule = deadline_rule(route("").deadline)
        assert rule == DeadlineRule(default=30.0, covers="head")


class TestAnswerRule:
    def test_lists_the_good_statuses(self) -> None:
        rule = answer_rule(route('success = {status = [200, 204], body = "json"}').success)
        assert rule == AnswerRule(frozenset({200, 204}), "json")

    def test_by_default_lists_none(self) -> None:
        assert answer_rule(route("").success) == AnswerRule()


class TestReplyTemplates:
    def test_go_by_situation(self) -> None:
        text = 'replies.expired = {status = 504, json = {message = "ERROR"}}'
        templates = reply_templates(route(text))
        assert list(templates) == [Situation.EXPIRED]
        assert templates[Situation.EXPIRED].render(None) == b'{"message":"ERROR"}'

    def test_exist_for_every_situation(self) -> None:
        situations = " ".join(f"replies.{s.value} = {{status = 400}}\n" for s in Situation)
        text = f'path = "/{{t}}"\ndeadline.from = "path.t"\nsuccess.body = "json"\n{situations}'
        assert set(reply_templates(route(text))) == set(Situation)


class TestLimits:
    def test_are_those_of_the_engine(self) -> None:
        limits = wire_limits(read("[server.limits]\nmax_fields = 7").server.limits)
        assert limits == Limits(max_fields=7)

    def test_of_an_upstream_are_those_of_its_pools(self) -> None:
        assert pool_limits(read("", {"--max-connections": 7}).upstreams["api"]) == PoolLimits(7)
