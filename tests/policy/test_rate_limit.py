import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.policy.rate_limit import RateLimiter, RateRule, address_key

NOW = 1_000_000.0


def limiter(rate: float = 10.0, burst: int = 5, clients: int = 100) -> RateLimiter:
    return RateLimiter(RateRule(rate=rate, burst=burst, clients=clients))


def allowed(limits: RateLimiter, asked: int, *, now: float = NOW, client: str = "a") -> int:
    return sum(limits.take(now, client) == 0.0 for _ in range(asked))


class TestClient:
    def test_may_ask_a_burst_at_once(self) -> None:
        assert allowed(limiter(burst=5), 20) == 5

    def test_may_then_ask_at_the_rate(self) -> None:
        limits = limiter(rate=10.0, burst=1)
        assert [allowed(limits, 3, now=NOW + 0.1 * tick) for tick in range(5)] == [1] * 5

    def test_has_a_full_bucket_after_a_pause(self) -> None:
        limits = limiter(rate=10.0, burst=5)
        allowed(limits, 20)
        assert allowed(limits, 20, now=NOW + 3600.0) == 5

    def test_is_told_when_to_come_back(self) -> None:
        limits = limiter(rate=2.0, burst=1)
        limits.take(NOW, "a")
        wait = limits.take(NOW + 0.1, "a")
        assert wait == pytest.approx(0.4)
        assert limits.take(NOW + 0.1 + wait, "a") == 0.0

    def test_pays_nothing_for_a_refusal(self) -> None:
        limits = limiter(rate=1.0, burst=1)
        allowed(limits, 1000)
        assert allowed(limits, 1, now=NOW + 1.0) == 1

    def test_does_not_pay_for_another(self) -> None:
        limits = limiter(burst=5)
        allowed(limits, 20, client="a")
        assert allowed(limits, 20, client="b") == 5

    @given(st.lists(st.floats(0.0, 0.5), max_size=200), st.sampled_from([1.0, 3.0, 7.0, 100.0]))
    def test_never_gets_more_than_burst_and_rate(self, gaps: list[float], rate: float) -> None:
        limits, now, got = limiter(rate=rate, burst=4), NOW, 0
        for gap in gaps:
            now += gap
            got += limits.take(now, "a") == 0.0
            assert got <= 4 + (now - NOW) * rate + 1e-3


class TestLines:
    def test_are_both_fields(self) -> None:
        limits = RateLimiter(RateRule(rate=1.0, burst=5, name="api"))
        limits.take(NOW, "a")
        lines = b'RateLimit: "api";r=4;t=1\r\nRateLimit-Policy: "api";q=5;w=5\r\n'
        assert limits.fields(NOW, "a") == lines

    def test_are_never_out_of_date(self) -> None:
        limits = limiter(rate=7.0, burst=50)
        for tick in range(200):
            now = NOW + tick * 0.013
            limits.take(now, "a")
            assert limits.fields(now, "a").startswith(b"RateLimit: " + limits.field(now, "a"))

    def test_are_not_kept_without_end(self) -> None:
        limits = limiter(rate=0.001, burst=5000)
        for _ in range(5000):
            limits.take(NOW, "a")
            limits.fields(NOW, "a")
        assert len(limits._lines) <= 1024


class TestAsking:
    """In one call what taking a token and reading the fields are in two."""

    @pytest.mark.parametrize("gap", [0.0, 0.013, 0.3], ids=["at once", "often", "seldom"])
    def test_is_taking_and_reading(self, gap: float) -> None:
        one, other = limiter(rate=7.0, burst=5), limiter(rate=7.0, burst=5)
        for tick in range(40):
            now = NOW + tick * gap
            early = other.take(now, "a")
            assert one.ask(now, "a") == (early, other.fields(now, "a"))

    def test_tells_a_newcomer_what_is_left(self) -> None:
        assert limiter().ask(NOW, "a")[1].startswith(b'RateLimit: "default";r=4;t=1\r\n')


class TestMemory:
    def test_is_bounded(self) -> None:
        limits = limiter(rate=0.001, clients=50)
        for number in range(1000):
            limits.take(NOW, f"client {number}")
        assert (limits.statistics().clients, limits.statistics().forgotten) == (50, 950)

    def test_is_freed_of_full_buckets(self) -> None:
        limits = limiter(rate=10.0, burst=1)
        for number in range(90):
            limits.take(NOW, f"client {number}")
        for number in range(100):
            limits.take(NOW + 10.0 + number, f"newcomer {number}")
        assert limits.statistics().clients <= 2

    def test_is_freed_where_no_newcomers_come(self) -> None:
        limits = limiter(rate=10.0, burst=1)
        for number in range(50):
            limits.take(NOW, f"client {number}")
        for tick in range(64):
            limits.take(NOW + 10.0 + tick, "client 0")
        assert limits.statistics().clients <= 1

    def test_is_bounded_where_all_ask_all_the_time(self) -> None:
        limits = limiter(rate=0.001, burst=9, clients=50)
        for _ in range(2):
            for number in range(60):
                limits.take(NOW, f"client {number}")
        assert limits.statistics().clients == 50

    @pytest.mark.parametrize("burst", [1, 2])
    def test_keeps_those_that_asked_last(self, burst: int) -> None:
        limits = limiter(rate=0.001, burst=burst, clients=2)
        for client in ("a", "b", "a", "c"):
            limits.take(NOW, client)
        assert allowed(limits, 1, client="a") == 0
        assert allowed(limits, 9, client="b") == burst


class TestFields:
    def test_state_the_policy(self) -> None:
        assert limiter(rate=100 / 60, burst=100).policy_field == b'"default";q=100;w=60'

    def test_name_the_policy(self) -> None:
        limits = RateLimiter(RateRule(rate=1.0, burst=2, name="api"))
        assert limits.field(NOW, "a") == b'"api";r=2;t=0'

    @pytest.mark.parametrize(
        ("asked", "later", "field"),
        [
            (0, 0.0, b'"default";r=5;t=0'),
            (1, 0.0, b'"default";r=4;t=1'),
            (5, 0.0, b'"default";r=0;t=5'),
            (9, 0.0, b'"default";r=0;t=5'),
            (5, 2.5, b'"default";r=2;t=3'),
            (5, 60.0, b'"default";r=5;t=0'),
        ],
    )
    def test_state_what_is_left(self, asked: int, later: float, field: bytes) -> None:
        limits = limiter(rate=1.0, burst=5)
        allowed(limits, asked)
        assert limits.field(NOW + later, "a") == field


class TestStatistics:
    def test_count(self) -> None:
        limits = limiter(burst=5)
        allowed(limits, 7)
        told = limits.statistics()
        assert (told.clients, told.allowed, told.refused) == (1, 5, 2)


class TestAddressKey:
    @pytest.mark.parametrize(
        ("address", "key"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::99", "2001:db8:1:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("unix:", "unix:"),
        ],
    )
    def test_is_one_for_each_customer(self, address: str, key: str) -> None:
        assert address_key(address) == key


class TestRule:
    @pytest.mark.parametrize(
        ("rule", "fact"),
        [
            ({"rate": 0.0, "burst": 1}, "rate = 0"),
            ({"rate": float("inf"), "burst": 1}, "rate = inf"),
            ({"rate": 1.0, "burst": 0}, "burst = 0"),
        ],
    )
    def test_names_what_is_wrong(self, rule: dict[str, float], fact: str) -> None:
        with pytest.raises(ConfigError, match=fact):
            RateRule(rate=rule["rate"], burst=int(rule["burst"]))

    def test_has_a_name_that_fits_a_field(self) -> None:
        with pytest.raises(ConfigError, match="name = "):
            RateRule(rate=1.0, burst=1, name='a"b')

    def test_remembers_somebody(self) -> None:
        with pytest.raises(ConfigError, match="clients = 0"):
            RateRule(rate=1.0, burst=1, clients=0)


class TestFewClients:
    def test_are_not_forgotten_the_moment_they_come(self) -> None:
        """The newcomer takes the place of another, and not its own."""
        limits = limiter(rate=1.0, burst=1, clients=8)
        for name in "abcdefgh":
            for _ in range(2):
                limits.take(NOW, name)
        assert not limits.take(NOW, "newcomer")
        assert limits.take(NOW, "newcomer")
