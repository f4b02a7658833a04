"""From the settings of an upstream to what its routes choose with."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hedgerow.errors import ConfigError
from hedgerow.policy import Balancer, LeastRequest, Outcome, Replica, RoundRobin
from hedgerow.policy.health import EJECTED, PROBING
from hedgerow.policy.peak_ewma import PeakEwmaBalancer
from hedgerow.policy.replica_set import ReplicaSet
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.serve.upstreams import LiveUpstream
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from tests.fakes.clock import START, FakeClock
from tests.fakes.loop import FakeLoop
from tests.fakes.upstream_network import Network
from tests.fakes.upstream_script import answer

ONE = '["http://10.0.0.1:9000"]'
TWO = '["http://10.0.0.1:9000", "http://10.0.0.2:9000"]'
NAMED = '["http://api.test", "http://10.0.0.2"]'


def live(replicas: str, more: str = "", engine: Engine | None = None) -> LiveUpstream:
    text = f'[upstream.api]\nreplicas = {replicas}\n{more}\n[[route]]\npath = "/"\nhedge = "off"\n'
    engine = engine or Engine(FakeLoop(FakeClock()), Descriptors(10))
    return LiveUpstream("api", settings_from_text(text).upstreams["api"], engine, lambda _: None)


def inner(upstream: LiveUpstream) -> Balancer:
    """The balancer that is chosen in the settings."""
    return upstream.replicas._balancer


class TestUpstream:
    def test_has_a_pool_for_each_replica(self) -> None:
        upstream = live(TWO)
        assert [pool.name for pool in upstream.pools] == ["10.0.0.1:9000", "10.0.0.2:9000"]

    def test_leads_each_replica_to_its_own_pool(self) -> None:
        upstream = live(TWO)
        one = upstream.balancer.choose(())
        assert isinstance(one, Replica)
        other = upstream.balancer.choose((one,))
        assert other is not None
        assert {one.address, other.address} == set(upstream.pools)

    @pytest.mark.parametrize(
        ("word", "kind"),
        [
            ("round-robin", RoundRobin),
            ("least-request", LeastRequest),
            ("peak-ewma", PeakEwmaBalancer),
        ],
    )
    def test_balances_as_it_is_told(self, word: str, kind: type) -> None:
        assert type(inner(live(TWO, f'balance = "{word}"'))) is kind

    def test_balances_by_expected_cost_unless_told(self) -> None:
        assert type(inner(live(TWO))) is PeakEwmaBalancer

    def test_learns_nothing_where_there_is_nothing_to_choose(self) -> None:
        assert type(inner(live(ONE, 'balance = "peak-ewma"'))) is LeastRequest

    def test_passes_its_limits_on(self) -> None:
        pool = live(TWO, "max_connections = 7\nmax_waiting = 8\n").pools[0]
        assert (pool._limits.max_connections, pool._limits.max_waiting) == (7, 8)

    def test_gives_replicas_their_weights(self) -> None:
        heavy = '{url = "http://10.0.0.1", weight = 3}'
        told = live(f'[{heavy}, "http://10.0.0.2"]').statistics().replicas
        assert [(one.name, one.weight) for one in told] == [("10.0.0.1", 3.0), ("10.0.0.2", 1.0)]

    def test_tells_replicas_apart_that_differ_in_their_scheme(self) -> None:
        told = live('["http://api.test", "https://api.test"]').statistics().replicas
        assert [one.name for one in told] == ["http://api.test", "https://api.test"]

    def test_knows_of_no_checks_where_there_are_none(self) -> None:
        assert live(TWO).last_checks() == {}

    def test_knows_what_came_of_its_checks(self) -> None:
        checks = live(ONE, 'check = "/health"').last_checks()
        assert checks == {"10.0.0.1:9000": "not asked yet"}

    def test_opens_no_more_connections_once_it_is_closed(self) -> None:
        upstream = live(TWO)
        upstream.close()
        assert all(pool._closed for pool in upstream.pools)


class TestReplicasThatMayChange:
    @pytest.mark.parametrize(
        ("replicas", "more"),
        [
            (TWO, ""),
            (ONE, 'check = "/health"'),
            (TWO, 'check = "/health"\nhealth = "off"'),
            (NAMED, 'resolve = "10s"\nhealth = "off"'),
        ],
        ids=["they may be ejected", "one is checked", "all are checked", "a name may move"],
    )
    def test_are_chosen_from_a_set(self, replicas: str, more: str) -> None:
        upstream = live(replicas, more)
        assert isinstance(upstream.balancer, ReplicaSet)
        assert upstream.balancer is upstream.replicas

    @pytest.mark.parametrize(
        ("replicas", "more"),
        [(ONE, ""), (TWO, 'health = "off"'), (NAMED, 'health = "off"')],
        ids=["one", "health is off", "names stay"],
    )
    def test_are_paid_for_only_where_they_can(self, replicas: str, more: str) -> None:
        upstream = live(replicas, more)
        assert upstream.balancer is inner(upstream)

    def test_are_told_of_all_the_same(self) -> None:
        upstream = live(ONE)
        replica = upstream.balancer.choose(())
        assert replica is not None
        replica.in_flight = 3
        assert [one.in_flight for one in upstream.statistics().replicas] == [3]

    def test_are_none_until_their_names_are_resolved(self) -> None:
        upstream = live('["http://api.test"]', 'resolve = "10s"')
        assert upstream.balancer.choose(()) is None
        assert upstream.replicas.due_at == -math.inf

    def test_that_are_addresses_wait_for_no_name(self) -> None:
        upstream = live('["http://10.0.0.1:9000", "http://app:9000"]', 'resolve = "10s"')
        assert [one.name for one in upstream.statistics().replicas] == ["10.0.0.1:9000"]


class TestTime:
    def test_ends_ejections_without_any_request(self) -> None:
        upstream = live(TWO)
        one = upstream.balancer.choose(())
        assert one is not None
        for _ in range(5):
            upstream.balancer.settled(START, one, Outcome.FAILURE, latency=0.0)
        seen = []
        for later in (1.0, 7.0):
            upstream._tick(START + later)
            seen += [told.state for told in upstream.statistics().replicas if told.name == one.name]
        assert seen == [EJECTED, PROBING]


class TestChecks:
    """On a network without sockets."""

    @pytest.fixture
    def checked(self) -> Iterator[tuple[LiveUpstream, Network]]:
        network = Network()
        engine = Engine(network, Descriptors(10))
        upstream = live(ONE, 'check = "/health"', engine)
        yield upstream, network
        network.does(upstream.close)
        network.settle()
        engine.close()
        network.close()

    def is_up(self, upstream: LiveUpstream) -> list[bool]:
        return [one.is_up for one in upstream.statistics().replicas]

    def test_are_sent_at_the_start(self, checked: tuple[LiveUpstream, Network]) -> None:
        upstream, network = checked
        network.run_until_complete(upstream.start())
        network.later(0.02)
        assert network.peers[0].requests == 1

    def test_that_are_refused_are_believed_at_once(
        self, checked: tuple[LiveUpstream, Network]
    ) -> None:
        upstream, network = checked
        network.run_until_complete(upstream.start())
        network.later(0.02)
        network.says(network.peers[0], answer(200, "Connection: close"))
        assert upstream.last_checks() == {"10.0.0.1:9000": "passed: status 200"}
        network.fates["10.0.0.1"] = ConnectionRefusedError(111, "x")
        network.does(upstream._tick, time.monotonic() + 6.0)
        network.later(0.02)
        assert self.is_up(upstream) == [False]


class TestTls:
    HTTPS = '["https://api.test"]'

    def test_is_verified(self) -> None:
        tls = live(self.HTTPS).pools[0]._origin.tls
        assert tls is not None
        assert tls.check_hostname

    def test_is_not_verified_where_the_operator_says_so(self) -> None:
        tls = live(self.HTTPS, "verify = false").pools[0]._origin.tls
        assert tls is not None
        assert not tls.check_hostname

    def test_is_only_for_those_that_ask_for_it(self) -> None:
        pools = live('["http://a.test", "https://b.test"]').pools
        assert [pool._origin.tls is not None for pool in pools] == [False, True]

    def test_needs_certificates_that_can_be_read(self, tmp_path: Path) -> None:
        path = tmp_path / "ca.pem"
        path.write_text("this is no certificate")
        with pytest.raises(ConfigError, match=r"\[upstream.api\] ca_file = .*: must be a file of"):
            live(self.HTTPS, f'ca_file = "{path}"')
