import random

import pytest

from hedgerow.errors import ConfigError
from hedgerow.policy.health import ADMITTING, EJECTED, PROBING, HealthRule, ReplicaHealth
from tests.fakes.policy import START

RULE = HealthRule(failures_in_row=3, base_ejection=5.0, longest_ejection=60.0, jitter=0.0)


def admitting(rule: HealthRule = RULE) -> ReplicaHealth:
    return ReplicaHealth(rule, random.Random(1))


def ejected(rule: HealthRule = RULE) -> ReplicaHealth:
    health = admitting(rule)
    health.eject(START)
    return health


def probing(rule: HealthRule = RULE) -> ReplicaHealth:
    health = ejected(rule)
    health.timer_fired(health.ends_at)
    return health


class TestAdmitting:
    def test_deserves_ejection_after_some_failures_in_a_row(self) -> None:
        health = admitting()
        assert [health.attempt_failed(START) for _ in range(4)] == [False, False, True, True]
        assert health.state is ADMITTING

    def test_does_not_where_a_success_came_between(self) -> None:
        health = admitting()
        for _ in range(10):
            health.attempt_failed(START)
            health.attempt_failed(START)
            assert not health.attempt_succeeded(START)
        assert not health.attempt_failed(START)

    def test_goes_on_counting_through_attempts_that_tell_nothing(self) -> None:
        health = admitting()
        health.attempt_failed(START)
        health.attempt_ignored(START)
        health.attempt_failed(START)
        assert health.attempt_failed(START)

    def test_knows_no_time_out(self) -> None:
        health = admitting()
        assert not health.timer_fired(START + 1e9)
        assert health.state is ADMITTING


class TestEjected:
    def test_stays_out_until_its_time_is_over(self) -> None:
        health = ejected()
        assert health.ends_at == START + 5.0
        assert not health.timer_fired(START + 4.999)
        assert health.timer_fired(START + 5.0)
        assert health.state is PROBING

    def test_is_moved_by_no_late_attempt(self) -> None:
        health = ejected()
        assert not health.attempt_succeeded(START + 1)
        assert not health.attempt_failed(START + 1)
        health.attempt_ignored(START + 1)
        health.eject(START + 1)
        assert (health.state, health.ends_at, health.ejections) == (EJECTED, START + 5.0, 1)

    def test_is_out_for_longer_by_up_to_the_jitter(self) -> None:
        rule = HealthRule(base_ejection=10.0, jitter=0.5)
        times = {ReplicaHealth(rule, random.Random(n)) for n in range(50)}
        for health in times:
            health.eject(START)
        assert all(START + 10.0 <= health.ends_at < START + 15.0 for health in times)
        assert len({health.ends_at for health in times}) == 50


class TestProbing:
    def test_that_succeeds_is_taken_back(self) -> None:
        health = probing()
        assert health.attempt_succeeded(START + 6)
        assert health.state is ADMITTING

    def test_that_fails_is_out_for_longer(self) -> None:
        health = probing()
        assert not health.attempt_failed(START + 6)
        assert (health.state, health.ends_at) == (EJECTED, START + 6 + 10)

    def test_that_tells_nothing_is_out_as_long_again(self) -> None:
        health = probing()
        health.attempt_ignored(START + 6)
        assert (health.state, health.ends_at) == (EJECTED, START + 6 + 5)

    def test_starts_to_count_failures_anew_once_taken_back(self) -> None:
        health = probing()
        health.attempt_succeeded(START + 6)
        assert not health.attempt_failed(START + 7)


class TestTimeOut:
    def test_grows_up_to_the_longest(self) -> None:
        health = ejected()
        lengths = []
        for _ in range(14):
            now = health.ends_at
            health.timer_fired(now)
            health.attempt_failed(now)
            lengths.append(health.ends_at - now)
        assert lengths == [10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 60, 60, 60]

    def test_goes_on_growing_for_one_that_falls_ill_again_soon(self) -> None:
        health = probing()
        health.attempt_succeeded(START + 5)
        health.eject(START + 64)
        assert health.ends_at == START + 64 + 10

    def test_is_short_again_for_one_that_was_well_for_long(self) -> None:
        health = probing()
        health.attempt_succeeded(START + 5)
        health.eject(START + 65)
        assert health.ends_at == START + 65 + 5


class TestHealthRule:
    def test_refuses_no_failures(self) -> None:
        with pytest.raises(ConfigError, match="failures_in_row = 0"):
            HealthRule(failures_in_row=0)

    @pytest.mark.parametrize(("base", "longest"), [(0.0, 5.0), (10.0, 5.0), (1.0, float("inf"))])
    def test_refuses_times_out_that_do_not_grow(self, base: float, longest: float) -> None:
        with pytest.raises(ConfigError, match="ejection"):
            HealthRule(base_ejection=base, longest_ejection=longest)
