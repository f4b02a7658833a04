"""Opening connections: names, addresses that are dead or silent, and what a failure says."""

import ssl
from collections.abc import Iterator

import pytest

from hedgerow.errors import Failure
from hedgerow.wire.pool import Origin
from tests.wire.pool_bench import ADDRESS, NAME, Bench, open_bench

REFUSED = ConnectionRefusedError(111, "Connect call failed")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with open_bench() as made:
        made.network.names[NAME] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
        yield made


class TestOrigin:
    @pytest.mark.parametrize(
        ("host", "told"), [("a.example", "a.example:80"), ("192.0.2.1", "192.0.2.1:80"),
                           ("2001:db8::1", "[2001:db8::1]:80")],
    )  # fmt: skip
    def test_reads_as_an_authority(self, host: str, told: str) -> None:
        assert str(Origin(host, 80)) == told


class TestName:
    def test_spreads_connections_over_its_addresses(self, bench: Bench) -> None:
        bench.limit(host=NAME)
        for _ in range(6):
            bench.starts()
        bench.network.later(0.1)
        assert sorted(bench.network.dialled) == sorted(bench.network.names[NAME] * 2)

    def test_is_asked_for_once_by_many(self, bench: Bench) -> None:
        bench.limit(host=NAME)
        for _ in range(6):
            bench.starts()
        bench.network.later(0.1)
        assert bench.network.lookups == 1

    def test_is_remembered_for_a_few_seconds(self, bench: Bench) -> None:
        bench.limit(host=NAME)
        bench.sends()
        bench.network.later(4.0)
        bench.sends()
        assert bench.network.lookups == 1
        bench.network.later(1.5)
        bench.sends()
        assert bench.network.lookups == 2

    def test_is_asked_for_again_after_a_failure(self, bench: Bench) -> None:
        bench.limit(host=NAME)
        bench.network.names[NAME] = [ADDRESS]
        bench.network.fates[ADDRESS] = REFUSED
        bench.sends()
        bench.network.names[NAME] = ["192.0.2.7"]
        assert bench.sends().heard == ["sent"]

    def test_that_is_an_address_needs_no_resolver(self, bench: Bench) -> None:
        bench.sends()
        assert bench.network.lookups == 0

    def test_that_is_unknown_fails_the_call(self, bench: Bench) -> None:
        bench.limit(host="nowhere.example")
        call = bench.sends()
        assert call.failure is Failure.CONNECT
        assert call.detail == "the name nowhere.example: Name or service not known"

    def test_that_is_no_name_fails_the_call(self, bench: Bench) -> None:
        bench.limit(host=NAME)
        bench.network.fates.update(dict.fromkeys(bench.network.names[NAME], ValueError("odd")))
        call = bench.sends()
        assert (call.failure, call.detail) == (Failure.CONNECT, "odd")

    def test_without_addresses_fails_the_call(self, bench: Bench) -> None:
        bench.limit(host=NAME)
        bench.network.names[NAME] = []
        assert bench.sends().detail == "the name up.example: no address"

    def test_that_is_not_resolved_in_time_fails_the_call(self, bench: Bench) -> None:
        bench.limit(host=NAME, connect_timeout=0.5)
        bench.network.round_trip = 100.0
        call = bench.starts()
        bench.network.later(0.6)
        assert call.failure is Failure.CONNECT
        assert call.detail == "the name up.example: no answer within 0.5s"
        bench.network.later(200.0)


class TestServerName:
    def dialled_for(self, bench: Bench, origin: Origin) -> list[str | None]:
        bench.limit(origin=origin)
        bench.sends()
        return bench.network.server_names

    def test_is_the_host_where_there_is_tls(self, bench: Bench) -> None:
        assert self.dialled_for(bench, Origin(NAME, 443, ssl.create_default_context())) == [NAME]

    def test_may_be_another_where_the_host_is_an_address(self, bench: Bench) -> None:
        origin = Origin(ADDRESS, 443, ssl.create_default_context(), server_name=NAME)
        assert self.dialled_for(bench, origin) == [NAME]
        assert bench.network.dialled == [ADDRESS]

    def test_is_none_without_tls(self, bench: Bench) -> None:
        assert self.dialled_for(bench, Origin(ADDRESS, 80, server_name=NAME)) == [None]


class TestDeadAddress:
    def test_is_followed_by_the_next(self, bench: Bench) -> None:
        bench.limit(host=NAME)
        bench.network.fates["192.0.2.1"] = REFUSED
        assert bench.sends().heard == ["sent"]
        assert bench.network.dialled == ["192.0.2.1", "192.0.2.2"]

    def test_is_not_tried_again_for_a_while(self, bench: Bench) -> None:
        bench.limit(host=NAME)
        bench.network.fates["192.0.2.1"] = REFUSED
        for _ in range(6):
            bench.sends()
        assert bench.network.dialled.count("192.0.2.1") == 1

    def test_is_tried_again_when_the_name_is_resolved_anew(self, bench: Bench) -> None:
        bench.limit(host=NAME)
        bench.network.fates["192.0.2.1"] = REFUSED
        bench.sends()
        bench.network.fates.clear()
        bench.network.later(6.0)
        for _ in range(3):
            bench.sends()
        assert bench.network.dialled.count("192.0.2.1") == 2

    def test_that_is_silent_leaves_time_for_the_others(self, bench: Bench) -> None:
        bench.limit(host=NAME, connect_timeout=3.0)
        bench.network.fates.update({"192.0.2.1": None, "192.0.2.2": None})
        call = bench.starts()
        bench.network.later(2.2)
        assert call.heard == ["sent"]

    def test_that_is_the_only_one_is_tried_again_and_again(self, bench: Bench) -> None:
        bench.network.fates[ADDRESS] = REFUSED
        bench.sends()
        bench.network.fates.clear()
        assert bench.sends().heard == ["sent"]


class TestFailedCall:
    def test_is_told_of_the_last_address_and_why(self, bench: Bench) -> None:
        bench.limit(host=NAME)
        bench.network.fates.update(dict.fromkeys(bench.network.names[NAME], REFUSED))
        call = bench.sends()
        assert (call.heard, call.failure) == (["failed"], Failure.CONNECT)
        assert call.detail == "192.0.2.3:80: Connection refused"

    def test_is_told_of_silence(self, bench: Bench) -> None:
        bench.network.fates[ADDRESS] = None
        call = bench.starts()
        bench.network.later(2.9)
        assert call.heard == []
        bench.network.later(0.2)
        assert (call.failure, call.detail) == (
            Failure.CONNECT, "192.0.2.1:80: no connection within 3.0s",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            (ConnectionResetError(), "closed while connecting"),
            (OSError(113, "x"), "No route to host"),
            (TimeoutError(110, "x"), "Connection timed out"),
            (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version"), "WRONG_VERSION"),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, OSError) else "",
    )
    def test_is_told_in_words(self, bench: Bench, error: OSError, told: str) -> None:
        bench.network.fates[ADDRESS] = error
        assert told in bench.sends().detail

    def test_is_one_for_each_connection_that_failed(self, bench: Bench) -> None:
        bench.network.fates[ADDRESS] = REFUSED
        calls = [bench.starts() for _ in range(3)]
        bench.network.later(0.1)
        assert [call.failure for call in calls] == [Failure.CONNECT] * 3

    def test_is_none_where_others_are_still_being_opened(self, bench: Bench) -> None:
        """Two were begun, one call is left: the other connection will carry it."""
        bench.limit(host=NAME)
        bench.network.fates["192.0.2.2"] = None
        bench.network.names[NAME] = ["192.0.2.2"]
        cancelled, waiting = bench.starts(), bench.starts()
        bench.cancels(cancelled)
        bench.network.later(1.0)
        assert waiting.heard == []

    def test_is_reported_where_the_failure_is_ours(self, bench: Bench) -> None:
        bench.network.fates[ADDRESS] = LookupError("a bug")
        call = bench.sends()
        assert (call.failure, call.detail) == (Failure.CONNECT, "a bug")
        (complaint,) = bench.network.complaints
        assert isinstance(complaint["exception"], LookupError)
        bench.network.complaints.clear()


class TestRefusedConnection:
    def test_is_remembered_until_one_is_opened(self, bench: Bench) -> None:
        told = [bench.pool.was_refused]
        for fates in ({ADDRESS: REFUSED}, {}):
            bench.network.fates = dict(fates)
            bench.sends()
            told.append(bench.pool.was_refused)
        assert told == [False, True, False]

    @pytest.mark.parametrize("other", [None, OSError(113, "x")], ids=["silent", "no route"])
    def test_is_none_where_one_of_several_did_not_refuse(
        self, bench: Bench, other: Exception | None
    ) -> None:
        bench.limit(host=NAME, connect_timeout=0.3)
        bench.network.names[NAME] = ["192.0.2.1", "192.0.2.2"]
        bench.network.fates.update({"192.0.2.1": other, "192.0.2.2": REFUSED})
        call = bench.starts()
        bench.network.later(0.5)
        assert call.detail == "192.0.2.2:80: Connection refused"
        assert not bench.pool.was_refused


class TestConnectionThatNobodyMisses:
    def test_fails_no_call_when_it_fails(self, bench: Bench) -> None:
        """Another one is being opened for the call that still waits."""
        bench.limit(connect_timeout=1.0)
        bench.network.fates[ADDRESS] = None
        cancelled = bench.starts()
        bench.network.later(0.5)
        waiting = bench.starts()
        late = bench.starts()
        bench.cancels(cancelled)
        bench.network.later(0.6)
        assert (waiting.heard, late.heard) == ([], [])
