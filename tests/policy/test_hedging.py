import math

import pytest

from hedgerow.policy import NO_HEDGE, HedgeRule


def burst(extra: int = 2, max_attempts: int = 3) -> HedgeRule:
    return HedgeRule(0.3, extra, "burst", max_attempts)


def staggered(extra: int = 2, max_attempts: int = 3) -> HedgeRule:
    return HedgeRule(0.3, extra, "staggered", max_attempts)


class TestNoHedge:
    def test_never_sends_a_copy(self) -> None:
        assert NO_HEDGE.copies_at_trigger(1) == 0

    def test_never_comes_due(self) -> None:
        assert NO_HEDGE.next_delay(1) == math.inf


class TestBurst:
    def test_sends_all_copies_at_the_first_trigger(self) -> None:
        assert burst(extra=3, max_attempts=4).copies_at_trigger(1) == 3

    def test_sends_nothing_by_time_after_that(self) -> None:
        assert [burst().next_delay(sent) for sent in (1, 2, 3)] == [0.3, math.inf, math.inf]

    def test_sends_one_at_a_later_failure_where_the_rule_leaves_room(self) -> None:
        assert burst(extra=2, max_attempts=5).copies_at_trigger(2) == 1

    def test_never_sends_more_than_its_attempts(self) -> None:
        assert burst(extra=5, max_attempts=3).copies_at_trigger(1) == 2

    def test_without_copies_still_retries_one_by_one(self) -> None:
        rule = burst(extra=0, max_attempts=3)
        assert [rule.copies_at_trigger(sent) for sent in (1, 2, 3)] == [1, 1, 0]
        assert rule.next_delay(1) == math.inf


class TestStaggered:
    def test_sends_one_copy_at_each_trigger(self) -> None:
        assert [staggered().copies_at_trigger(sent) for sent in (1, 2, 3)] == [1, 1, 0]

    def test_comes_due_again_after_each_copy_but_the_last(self) -> None:
        assert [staggered().next_delay(sent) for sent in (1, 2, 3)] == [0.3, 0.3, math.inf]

    def test_leaves_attempts_beyond_its_copies_to_retries(self) -> None:
        rule = staggered(extra=1, max_attempts=3)
        assert rule.next_delay(2) == math.inf
        assert rule.copies_at_trigger(2) == 1


class TestCommonRule:
    def test_has_no_retries_beyond_its_copies(self) -> None:
        assert HedgeRule.of(0.3, 2).max_attempts == 3

    def test_is_a_burst_that_may_use_the_same_replica(self) -> None:
        rule = HedgeRule.of(0.3)
        assert (rule.mode, rule.extra, rule.same_replica) == ("burst", 1, True)


class TestPermission:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_is_given_to_safe_methods(self, method: str) -> None:
        assert burst().permits(method, has_idempotency_key=False)

    @pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE", "TRACE", "get"])
    def test_is_refused_to_others(self, method: str) -> None:
        assert not burst().permits(method, has_idempotency_key=False)

    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    def test_is_given_with_an_idempotency_key(self, method: str) -> None:
        assert burst().permits(method, has_idempotency_key=True)

    def test_is_given_to_methods_that_the_route_lists(self) -> None:
        rule = HedgeRule(methods=frozenset({"PUT"}))
        assert rule.permits("PUT", has_idempotency_key=False)
        assert not rule.permits("GET", has_idempotency_key=False)
