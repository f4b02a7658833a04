"""From settings to a gateway: each setting arrives where it works."""

import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from hedgerow.errors import StartError
from hedgerow.policy import LoadBudget, NoBudget, Situation
from hedgerow.policy.hedge_delay import AdaptiveDelays
from hedgerow.policy.priorities import PriorityRule
from hedgerow.serve.assembly import assemble
from hedgerow.serve.gateway import Gateway
from hedgerow.serve.route import ProxyRoute
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.serve.source import Source
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import request_head
from tests.fakes.loop import FakeLoop

UPSTREAM = '[upstream.api]\nreplicas = ["http://10.0.0.1:9000", "http://10.0.0.2:9000"]\n'


def gateway(text: str) -> Gateway:
    engine = Engine(FakeLoop(FakeClock()), Descriptors(10))
    return assemble(settings_from_text(text), engine, lambda _: None)


def found(gateway: Gateway, path: str = "/") -> tuple[ProxyRoute, Mapping[str, str]]:
    result = gateway._routes.find(b"", path.encode(), b"GET")
    assert result is not None
    made, parameters = result
    assert isinstance(made, ProxyRoute)
    return made, parameters


def route(text: str, upstream: str = "", path: str = "/") -> ProxyRoute:
    """The only route of a gateway whose upstream has two replicas."""
    at = "" if "path =" in text else 'path = "/"\n'
    return found(gateway(f"{UPSTREAM}{upstream}\n[[route]]\n{at}{text}"), path)[0]


def told(made: ProxyRoute) -> list[bytes]:
    """What an upstream is told of the time, where half a second is left."""
    plan = made.plan(request_head(), {}, b"/", b"")
    return [tell.line(0.5) for tell in plan.tells]


class TestUpstream:
    def test_has_a_pool_for_each_replica(self) -> None:
        names = [pool.name for pool in gateway(UPSTREAM).pools]
        assert names == ["10.0.0.1:9000", "10.0.0.2:9000"]

    def test_has_one_opinion_of_what_cancelling_is_worth(self) -> None:
        auto = 'hedge = {delay = "auto"}'
        text = f'{UPSTREAM}[[route]]\npath = "/a"\n{auto}\n[[route]]\npath = "/b"\n{auto}'
        both = gateway(text)
        one, other = (found(both, path)[0].terms.policy for path in ("/a", "/b"))
        assert one.efficacy is other.efficacy is not None
        assert one.delays is not other.delays
        assert one.randomness is not other.randomness

    def test_is_shared_by_its_routes(self) -> None:
        both = gateway(f'{UPSTREAM}[[route]]\npath = "/a"\n[[route]]\npath = "/b"')
        one, other = (found(both, path)[0].terms.policy.balancer for path in ("/a", "/b"))
        assert one is other

    def test_passes_its_limits_on(self) -> None:
        pool = gateway(UPSTREAM + "max_connections = 7\nmax_waiting = 8\n").pools[0]
        assert (pool._limits.max_connections, pool._limits.max_waiting) == (7, 8)


class TestProcessThatLags:
    def test_turns_requests_away(self) -> None:
        assert gateway(UPSTREAM).surroundings.shedder is not None

    def test_takes_them_all_where_it_was_told_to(self) -> None:
        assert gateway("[server]\nshed = false\n" + UPSTREAM).surroundings.shedder is None


class TestRoute:
    def test_asks_for_its_deadline_where_it_was_told(self) -> None:
        made = route('path = "/{t}"\ndeadline = {from = "path.t", max = "9s"}', path="/7")
        assert made.deadline_source == Source("path", "t")
        assert made.terms.policy.deadline.maximum == 9.0

    def test_tells_its_own_deadline_to_the_upstream(self) -> None:
        assert told(route('deadline = "1s"')) == [b"X-Request-Timeout-Ms: 500\r\n"]

    def test_does_not_tell_one_that_nobody_asked_for(self) -> None:
        assert told(route("")) == []

    def test_tells_nothing_where_it_may_not(self) -> None:
        assert told(route('deadline = {default = "1s", send_as = "off"}')) == []

    def test_honours_the_fields_that_it_was_told(self) -> None:
        plain, own = route(""), route('deadline = {default = "9s", honours = ["X-Wait"]}')
        assert b"grpc-timeout" in {field.name for field in plain.honours}
        assert [field.name for field in own.honours] == [b"x-wait"]

    def test_knows_how_urgent_its_requests_are(self) -> None:
        made = route('priority = {default = 5, from = "header.Priority", most_urgent = 2}')
        assert made.priority == PriorityRule(5, most_urgent=2)
        assert made.priority_source == Source("header", "Priority")

    def test_counts_clients_where_it_was_told(self) -> None:
        made = route('rate = {limit = "100/m", burst = 20, by = "header.X-Key"}')
        assert made.limiter is not None
        assert made.limiter.policy_field == b'"default";q=20;w=12'
        assert made.client_source == Source("header", "X-Key")
        assert (route("").limiter, route('rate = "9/m"').client_source) == (None, None)

    def test_shares_no_buckets_with_others(self) -> None:
        text = f'{UPSTREAM}[[route]]\npath = "/a"\nrate = "9/m"\n'
        both = gateway(text + '[[route]]\npath = "/b"\nrate = "9/m"')
        one, other = (found(both, path)[0].limiter for path in ("/a", "/b"))
        assert one is not other

    def test_believes_a_proxy_in_front_only_where_it_is_told_to(self) -> None:
        append = '[server]\nforwarded = "append"\n' + UPSTREAM
        assert found(gateway(UPSTREAM))[0].forwarded == "replace"
        assert found(gateway(append))[0].forwarded == "append"

    def test_has_a_purse_of_its_own(self) -> None:
        assert isinstance(route("").terms.policy.budget, LoadBudget)
        assert isinstance(route('hedge = {delay = "1s"}').terms.policy.budget, NoBudget)

    def test_learns_its_delay_only_where_it_was_told_to(self) -> None:
        assert route('hedge = {delay = "1s", budget = "5%"}').terms.policy.delays is None
        learned = route('hedge = {delay = "auto"}').terms.policy.delays
        assert isinstance(learned, AdaptiveDelays)

    def test_replaces_only_the_prefix_of_a_prefix(self) -> None:
        assert route('path = "/files/"\nrewrite = "/"', path="/files/").strips == 7
        assert route('path = "/files"\nrewrite = "/a"', path="/files").strips == 0

    def test_limits_bodies_where_it_says_so(self) -> None:
        assert route("").terms.max_body == math.inf
        assert route('max_body = "1KiB"').terms.max_body == 1024

    def test_answers_for_itself_where_it_has_a_reply(self) -> None:
        made = route('[route.replies]\nexpired = {status = 504, text = "late"}')
        assert made.terms.policy.own_replies == {Situation.EXPIRED}
        assert made.terms.replies[Situation.EXPIRED].render(None) == b"late"

    def test_names_its_upstream_for_clients_that_name_nobody(self) -> None:
        assert route("").fallback_host == b"10.0.0.1:9000"


class TestAccessLog:
    def test_that_cannot_be_opened_is_a_reason_not_to_start(self, tmp_path: Path) -> None:
        path = tmp_path / "nowhere" / "access.log"
        with pytest.raises(StartError, match="must be a file that can be written") as caught:
            gateway(f'[server]\naccess_log = "{path}"\n{UPSTREAM}')
        assert str(path) in str(caught.value)

    def test_is_continued_where_it_is_there(self, tmp_path: Path) -> None:
        path = tmp_path / "access.log"
        path.write_text("before\n")
        log = gateway(f'[server]\naccess_log = "{path}"\n{UPSTREAM}')._outputs.access_log
        assert log is not None
        log._stream.close()
        assert path.read_text() == "before\n"
