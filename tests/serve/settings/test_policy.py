import math
import random
from typing import Any

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
from hedgerow.policy.active_checks import CheckRule
from hedgerow.policy.admission import Admission
from hedgerow.policy.ejection import OutlierRule, Tally, most_ejected, outliers
from hedgerow.policy.health import HealthRule
from hedgerow.policy.limit_halving import HalvingLimit
from hedgerow.policy.outcomes import Outcome
from hedgerow.policy.priorities import PriorityRule
from hedgerow.policy.refusals import Decision, Reason
from hedgerow.policy.replica_set import ReplicaRules
from hedgerow.policy.slow_start import SlowStartRule
from hedgerow.serve.settings import Upstream
from hedgerow.serve.settings.policy import (
    admission,
    answer_rule,
    deadline_rule,
    hedge_rule,
    learned_delays,
    load_budget,
    pool_limits,
    priority_rule,
    rate_limiter,
    replica_rules,
    reply_templates,
    wire_limits,
)
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.wire.limits import Limits
from hedgerow.wire.pool import PoolLimits
from tests.serve.settings.samples import read, route


def upstream(replicas_and_more: str) -> Upstream:
    text = f"[upstream.api]\nreplicas = {replicas_and_more}"
    return settings_from_text(text).upstreams["api"]


TWO = upstream('["http://a", "http://b"]')


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

    def test_by_default_is_that_of_a_learned_delay(self) -> None:
        rule = hedge_rule(route("").hedge)
        assert rule == HedgeRule.auto(0.05, 1)
        assert (rule.copies_at_trigger(1), rule.next_delay(1, 0.2)) == (1, 0.2)

    @pytest.mark.parametrize("text", ['delay = "off"', "extra = 0"])
    def test_without_a_delay_retries_only(self, text: str) -> None:
        rule = hedge_rule(route(f"hedge = {{{text}}}").hedge)
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

    @pytest.mark.parametrize(
        ("text", "aim"),
        [("", 0.05), ('budget = "2%",', 0.02), ('aim = "3%", budget = "9%",', 0.03)],
    )
    def test_of_a_learned_delay_has_the_coin_that_goes_with_the_aim(
        self, text: str, aim: float
    ) -> None:
        rule = hedge_rule(route(f"hedge = {{{text} extra = 2, max_attempts = 4}}").hedge)
        assert rule == HedgeRule.auto(aim, 2, max_attempts=4)

    def test_of_a_learned_delay_may_have_a_coin_of_its_own(self) -> None:
        rule = hedge_rule(route('hedge = {delay = "auto", probability = "60%"}').hedge)
        assert rule.probability == 0.6


class TestLearnedDelays:
    def test_are_there_only_where_the_delay_is_to_be_learned(self) -> None:
        assert learned_delays(route('hedge = "off"'), TWO) is None
        assert learned_delays(route('hedge = {delay = "1s", budget = "5%"}'), TWO) is None
        assert learned_delays(route('hedge = {delay = "auto"}'), TWO) is not None
        assert learned_delays(route(""), TWO) is not None

    def test_are_not_there_where_no_copy_could_go_anywhere(self) -> None:
        assert learned_delays(route(""), upstream('["http://a"]')) is None
        assert learned_delays(route(""), upstream('["http://10.0.0.1"]')) is None

    def test_are_there_where_a_copy_may_go_to_the_same_replica(self) -> None:
        same = route("hedge = {same_replica = true}")
        assert learned_delays(same, upstream('["http://a"]')) is not None

    def test_are_there_where_a_name_may_have_several_addresses(self) -> None:
        resolved = upstream('["http://a"]\nresolve = "10s"')
        assert learned_delays(route(""), resolved) is not None

    @pytest.mark.parametrize("text", ["", 'aim = "5%", budget = "50%",'])
    def test_aim_at_what_the_coin_leaves(self, text: str) -> None:
        delays = learned_delays(route(f'hedge = {{{text} probability = "50%"}}'), TWO)
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
        delays = learned_delays(route(f'{text}\nhedge = {{delay = "auto"}}'), TWO)
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


class TestReplicaRules:
    def test_by_default_are_those_of_the_policy_and_no_checks(self) -> None:
        assert replica_rules(TWO) == ReplicaRules()

    def test_have_the_health_of_the_upstream(self) -> None:
        text = (
            'health = {failures = 3, ejection = "1s", longest_ejection = "9s", max_ejected = "20%",'
            ' outliers = false, panic_below = "10%"}'
        )
        rules = replica_rules(upstream(f'["http://a"]\n{text}'))
        assert rules.health == HealthRule(3, 1.0, 9.0)
        assert (rules.ejected_share, rules.panic_below) == (0.2, 0.1)

    def test_that_look_for_no_outliers_find_none(self) -> None:
        rules = replica_rules(upstream('["http://a"]\nhealth = {outliers = false}'))
        tallies = [Tally(1000, 0), Tally(1000, 0), Tally(0, 1000)]
        assert outliers(tallies, OutlierRule()) == [2]
        assert outliers(tallies, rules.outliers) == []

    def test_that_are_off_eject_nothing(self) -> None:
        rules = replica_rules(upstream('["http://a"]\nhealth = "off"'))
        assert most_ejected(100, rules.ejected_share) == 0

    def test_have_the_checks_of_the_upstream(self) -> None:
        text = (
            'check = {path = "/", interval = "9s", fast_interval = "3s", timeout = "4s", fall = 5}'
        )
        rules = replica_rules(upstream(f'["http://a"]\n{text}'))
        assert rules.checks == CheckRule(9.0, 3.0, 4.0, 2, 5)

    def test_start_slowly_for_as_long_as_the_upstream_says(self) -> None:
        rules = replica_rules(upstream('["http://a"]\nslow_start = "40s"'))
        assert rules.slow_start == SlowStartRule(window=40.0)

    def test_start_at_once_where_that_is_off(self) -> None:
        rules = replica_rules(upstream('["http://a"]\nslow_start = "off"'))
        assert rules.slow_start.share(0.0) == 1.0


def door(text: str) -> Admission[Any]:
    made = admission(upstream(f'["http://a"]\n{text}'), random.Random(1))
    assert made is not None
    return made


def entries(made: Admission[Any], number: int) -> list[Decision]:
    return [made.try_enter(0.0, owner).decision for owner in range(number)]


class TestAdmission:
    def test_is_not_there_where_everybody_may_in(self) -> None:
        assert admission(TWO, random.Random(1)) is None

    def test_keeps_a_fixed_limit(self) -> None:
        made = door("limit = 2\nqueue = 0")
        assert entries(made, 3) == [Decision.ENTER, Decision.ENTER, Decision.REFUSE]

    def test_lets_wait_as_many_as_the_queue_takes(self) -> None:
        made = door("limit = 1\nqueue = 2")
        decisions = [Decision.ENTER, Decision.WAIT, Decision.WAIT, Decision.REFUSE]
        assert entries(made, 4) == decisions

    def test_lets_wait_no_longer_than_the_queue_says(self) -> None:
        made = door('limit = 1\nqueue = {patience = "7s"}')
        entries(made, 2)
        assert made.due_at == 7.0

    @pytest.mark.parametrize(("newest_first", "next_one"), [("true", 3), ("false", 2)])
    def test_serves_the_newest_first_only_where_the_queue_says_so(
        self, newest_first: str, next_one: int
    ) -> None:
        made = door(f'limit = 1\nqueue = {{patience = "10s", newest_first = {newest_first}}}')
        for owner, now in enumerate((0.0, 0.0, 5.0, 6.0, 11.0)):
            made.try_enter(now, owner)  # by the last one nobody was served for ten seconds
        made.left(11.0)
        entered = [owner for owner, entry in made.decided if entry.decision is Decision.ENTER]
        assert entered == [next_one]

    def test_starts_with_the_adaptive_limit_of_the_policy(self) -> None:
        made = door('limit = "adaptive"')
        assert made.statistics().limit == HalvingLimit().limit

    def test_without_a_limit_has_room_for_everybody(self) -> None:
        made = door("throttle = true")
        assert set(entries(made, 20_000)) == {Decision.ENTER}

    def test_with_a_throttle_refuses_what_would_fail(self) -> None:
        made = door("throttle = true")
        for owner in range(200):
            if made.try_enter(0.0, owner).decision is Decision.ENTER:
                made.settled(0.0, Outcome.FAILURE, 0.1)
                made.left(0.0)
        assert made.statistics().refused[Reason.THROTTLED] > 50

    def test_without_a_throttle_does_not_care(self) -> None:
        made = door("limit = 9")
        for owner in range(200):
            made.try_enter(0.0, owner)
            made.settled(0.0, Outcome.FAILURE, 0.1)
            made.left(0.0)
        assert not made.statistics().refused

    def test_is_a_new_one_each_time(self) -> None:
        limited = upstream('["http://a"]\nlimit = 1')
        chance = random.Random(1)
        assert admission(limited, chance) is not admission(limited, chance)


class TestPriorityRule:
    def test_by_default_is_that_of_the_policy(self) -> None:
        assert priority_rule(route("")) == PriorityRule()

    def test_is_that_of_the_route(self) -> None:
        text = 'priority = {default = "sheddable", from = "header.Priority", most_urgent = 2}'
        assert priority_rule(route(text)) == PriorityRule(7, 2)


class TestRateLimiter:
    def test_is_not_there_where_clients_may_ask_as_often_as_they_like(self) -> None:
        assert rate_limiter(route("")) is None

    def test_is_that_of_the_route(self) -> None:
        limiter = rate_limiter(route('rate = {limit = "120/m", burst = 3, name = "api"}'))
        assert limiter is not None
        assert limiter.policy_field == b'"api";q=3;w=2'
        assert [limiter.take(0.0, "me") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]

    def test_is_a_new_one_each_time(self) -> None:
        limited = route('rate = "1/s"')
        assert rate_limiter(limited) is not rate_limiter(limited)


class TestLimits:
    def test_are_those_of_the_engine(self) -> None:
        limits = wire_limits(read("[server.limits]\nmax_fields = 7").server.limits)
        assert limits == Limits(max_fields=7)

    def test_of_an_upstream_are_those_of_its_pools(self) -> None:
        assert pool_limits(read("", {"--max-connections": 7}).upstreams["api"]) == PoolLimits(7)
