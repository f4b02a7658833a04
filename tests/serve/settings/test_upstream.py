import dataclasses
from typing import Any

import msgspec
import pytest

from hedgerow.policy.active_checks import CheckRule
from hedgerow.policy.health import HealthRule
from hedgerow.policy.priorities import PriorityRule
from hedgerow.policy.rate_limit import RateRule
from hedgerow.policy.replica_set import ReplicaRules
from hedgerow.policy.slow_start import SlowStartRule
from hedgerow.policy.waiting_room import QueueRules
from hedgerow.serve.settings import Check, Health, Priority, Queue, Rate, Upstream
from hedgerow.serve.settings.fields import Record
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.wire.pool import PoolLimits
from tests.serve.settings.samples import bare_refusal, has

LIMITED = "limit = 9\n"


def upstream(text: str, url: str = "http://app") -> Upstream:
    """The upstream with one replica, and what the text says of it."""
    whole = f'[upstream.api]\nreplicas = ["{url}"]\n{text}'
    return settings_from_text(whole).upstreams["api"]


def refusal(text: str, url: str = "http://app") -> str:
    """What is said about it."""
    return bare_refusal(f'[upstream.api]\nreplicas = ["{url}"]\n{text}')


def declared(record: type[Record]) -> dict[str, Any]:
    return {field.name: field.default for field in msgspec.structs.fields(record)}


def enforced(rules: Any) -> dict[str, Any]:
    return {field.name: field.default for field in dataclasses.fields(rules)}


class TestDefaults:
    @pytest.mark.parametrize("name", list(enforced(PoolLimits)))
    def test_of_connections_are_enforced(self, name: str) -> None:
        assert declared(Upstream)[name] == enforced(PoolLimits)[name]

    @pytest.mark.parametrize("name", list(declared(Queue)))
    def test_of_the_queue_are_those_of_the_policy(self, name: str) -> None:
        assert declared(Queue)[name] == enforced(QueueRules)[name]

    @pytest.mark.parametrize(
        ("name", "rule"),
        [
            ("failures", "failures_in_row"),
            ("ejection", "base_ejection"),
            ("longest_ejection", "longest_ejection"),
        ],
    )
    def test_of_health_are_those_of_the_policy(self, name: str, rule: str) -> None:
        assert declared(Health)[name] == enforced(HealthRule)[rule]

    def test_of_all_replicas_together_are_those_of_the_policy(self) -> None:
        rules = enforced(ReplicaRules)
        assert declared(Health)["max_ejected"] == rules["ejected_share"]
        assert declared(Health)["panic_below"] == rules["panic_below"]
        assert declared(Upstream)["slow_start"] == enforced(SlowStartRule)["window"]

    @pytest.mark.parametrize("name", ["interval", "fast_interval", "timeout", "rise", "fall"])
    def test_of_checks_are_those_of_the_policy(self, name: str) -> None:
        assert declared(Check)[name] == enforced(CheckRule)[name]

    @pytest.mark.parametrize("name", ["name", "clients"])
    def test_of_rates_are_those_of_the_policy(self, name: str) -> None:
        assert declared(Rate)[name] == enforced(RateRule)[name]

    def test_of_priorities_are_those_of_the_policy(self) -> None:
        assert declared(Priority)["default"] == PriorityRule().urgency
        assert declared(Priority)["most_urgent"] == PriorityRule().most_urgent


class TestUpstreamThatNobodyDescribed:
    def test_has_no_limit_and_no_checks(self) -> None:
        assert (upstream("").limit, upstream("").throttle, upstream("").check) == (
            None,
            False,
            None,
        )

    def test_watches_what_its_replicas_answer(self) -> None:
        assert upstream("").health == Health()

    def test_does_not_resolve_its_names_again(self) -> None:
        assert upstream("").resolve is None


class TestLimit:
    @pytest.mark.parametrize(
        ("value", "limit"), [("20", 20), ('"adaptive"', "adaptive"), ('"off"', None)]
    )
    def test_is_a_number_or_found_out(self, value: str, limit: object) -> None:
        assert upstream(f"limit = {value}").limit == limit

    @pytest.mark.parametrize(
        ("value", "fact"),
        [
            ("0", "at least 1"),
            ('"adaptiv"', '"adaptive" or "off"'),
            ('"20"', "a whole number"),
            ("2.5", "a whole number"),
        ],
    )
    def test_is_nothing_else(self, value: str, fact: str) -> None:
        assert has(refusal(f"limit = {value}"), "[upstream.api] limit = ", fact)


class TestQueue:
    def test_may_be_a_number(self) -> None:
        assert upstream(LIMITED + "queue = 50").queue == Queue(capacity=50)

    @pytest.mark.parametrize("value", ["0", '"off"'])
    def test_may_take_nobody(self, value: str) -> None:
        assert upstream(LIMITED + f"queue = {value}").queue == Queue(capacity=0)

    def test_may_be_a_table(self) -> None:
        text = 'queue = {capacity = 5, patience = "2s", newest_first = true}'
        expected = Queue(capacity=5, patience=2.0, newest_first=True)
        assert upstream(LIMITED + text).queue == expected

    @pytest.mark.parametrize(
        ("value", "facts"),
        [
            ("-1", ("queue = -1", "at least 0")),
            ("true", ("queue = true", 'a whole number, "off" or a table', "queue = 50")),
            ('"5"', ("queue = '5'", "a whole number")),
            ('{patience = "0s"}', ("queue.patience = '0s'", "at least 1ms")),
            ("{capacity = 9999999}", ("queue.capacity = 9999999", "at most 1000000")),
        ],
    )
    def test_is_nothing_else(self, value: str, facts: tuple[str, ...]) -> None:
        assert has(refusal(LIMITED + f"queue = {value}"), "[upstream.api] ", *facts)

    @pytest.mark.parametrize(
        ("text", "fact"),
        [
            ("queue = 5", "queue = 5"),
            ('queue = {patience = "2s"}', "queue.patience = '2s'"),
            ("queue = {newest_first = true}", "queue.newest_first = true"),
            ("throttle = true\nqueue = 5", "queue = 5"),
        ],
    )
    def test_without_a_limit_would_stay_empty(self, text: str, fact: str) -> None:
        assert has(refusal(text), fact, "together with a limit", 'limit = "adaptive"')

    def test_written_as_it_is_by_default_is_harmless(self) -> None:
        assert upstream("queue = 100").queue == Queue()

    def test_that_takes_nobody_lets_nobody_wait(self) -> None:
        message = refusal(LIMITED + 'queue = {capacity = 0, patience = "2s"}')
        assert has(message, "queue.patience = '2s'", "capacity = 0", "nobody waits")


class TestHealth:
    def test_may_be_off(self) -> None:
        assert upstream('health = "off"').health is None

    def test_keeps_the_other_defaults(self) -> None:
        assert upstream("health = {failures = 3}").health == Health(failures=3)

    def test_lasts_as_long_as_one_ejection_at_least(self) -> None:
        health = upstream('health = {ejection = "2m"}').health
        assert health is not None
        assert (health.ejection, health.longest_ejection) == (120.0, 120.0)

    def test_lasts_no_shorter_than_one_ejection(self) -> None:
        message = refusal('health = {ejection = "9s", longest_ejection = "8s"}')
        assert has(message, "health.ejection = '9s'", "at most longest_ejection, 8s", "Change one")

    @pytest.mark.parametrize(
        ("value", "facts"),
        [
            ("{failures = 0}", ("health.failures = 0", 'health = "off"')),
            ('{max_ejected = "0%"}', ("health.max_ejected = '0%'", 'health = "off"')),
            ("{max_ejected = 2}", ("health.max_ejected = 2", "between 0 and 1")),
            ("true", ("health = true", '"off" or a table', "{failures = 3}")),
            ('"/health"', ("health = '/health'", '"off" or a table')),
        ],
    )
    def test_is_nothing_else(self, value: str, facts: tuple[str, ...]) -> None:
        assert has(refusal(f"health = {value}"), "[upstream.api] ", *facts)


class TestCheck:
    def test_may_be_a_path(self) -> None:
        assert upstream('check = "/health?full=1"').check == Check(path="/health?full=1")

    def test_may_be_off(self) -> None:
        assert upstream('check = "off"').check is None

    def test_may_be_a_table(self) -> None:
        text = (
            'check = {path = "/h", interval = "10s", fast_interval = "3s", timeout = "4s",'
            ' rise = 1, fall = 2, status = [204], host = "App.example"}'
        )
        check = Check(
            path="/h",
            interval=10.0,
            fast_interval=3.0,
            timeout=4.0,
            rise=1,
            fall=2,
            status=(204,),
            host="app.example",
        )
        assert upstream(text).check == check

    def test_that_comes_often_takes_no_longer_by_default(self) -> None:
        check = upstream('check = {path = "/h", interval = "500ms"}').check
        assert check is not None
        assert (check.fast_interval, check.timeout) == (0.5, 0.5)

    @pytest.mark.parametrize("name", ["timeout", "fast_interval"])
    def test_is_over_when_the_next_one_is_due(self, name: str) -> None:
        message = refusal(f'check = {{path = "/h", {name} = "6s"}}')
        assert has(message, f"check.{name} = '6s'", "at most interval, 5s", "Change one")

    @pytest.mark.parametrize(
        ("value", "facts"),
        [
            ('"health"', ("check = 'health'", 'Write "/health"')),
            ('"/a b"', ("check = '/a b'", 'Write "/a%20b"')),
            ('"/a?b c"', ("check = '/a?b c'", "%-escapes")),
            ('"/a#b"', ("check = '/a#b'", "%-escapes")),
            ("true", ("check = true", 'a path, "off" or a table', 'check = "/health"')),
            ("{}", ("check.path = nothing", "given", '"/health"')),
            ('{path = "/", rise = 0}', ("check.rise = 0", "at least 1")),
            ('{path = "/", host = "a:80"}', ("check.host = 'a:80'", 'Write "a"')),
            ('{path = "/", status = [99]}', ("check.status = 99", "200 to 599")),
        ],
    )
    def test_is_nothing_else(self, value: str, facts: tuple[str, ...]) -> None:
        assert has(refusal(f"check = {value}"), "[upstream.api] ", *facts)


class TestResolve:
    def test_says_how_often(self) -> None:
        assert upstream('resolve = "10s"').resolve == 10.0

    def test_may_make_several_of_one(self) -> None:
        assert upstream('resolve = "10s"').may_have_several
        assert not upstream("").may_have_several

    def test_has_a_name_to_resolve(self) -> None:
        message = refusal('resolve = "10s"', "http://10.0.0.1:9000")
        assert has(message, "[upstream.api] resolve = '10s'", "no replica has a name", "Remove it")

    def test_is_not_a_storm(self) -> None:
        assert has(refusal('resolve = "1ms"'), "resolve = '1ms'", "at least 100ms")


class TestSlowStart:
    @pytest.mark.parametrize(("value", "seconds"), [('"30s"', 30.0), ('"off"', None)])
    def test_is_a_time_or_off(self, value: str, seconds: float | None) -> None:
        assert upstream(f"slow_start = {value}").slow_start == seconds

    def test_of_no_time_is_off(self) -> None:
        assert has(refusal('slow_start = "0s"'), "slow_start = '0s'", "at least 1ms")
