"""One request at a misbehaving server, and what is done to it; times by a clock of ours."""

import pytest

from tests.fakes.client import FakeClient
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_flaky import Stage, stopped


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped(monkeypatch)


def met(clock: FakeClock, mishap: str, seconds: float = 0.2) -> FakeClient:
    """A client whose request met this, some time later."""
    stage = Stage(clock, errors=f"{mishap}:100%")
    client = stage.asks()
    stage.later(seconds)
    return client


def head(client: FakeClient) -> bytes:
    return bytes(client.received).partition(b"\r\n\r\n")[0]


def body(client: FakeClient) -> bytes:
    return bytes(client.received).partition(b"\r\n\r\n")[2]


class TestGoodAnswer:
    def test_comes_after_its_latency(self, clock: FakeClock) -> None:
        stage = Stage(clock)
        client = stage.asks()
        stage.later(0.099)
        assert client.statuses == []
        stage.later(0.002)
        assert client.statuses == [200]

    def test_tells_the_milliseconds_of_work(self, clock: FakeClock) -> None:
        stage = Stage(clock, latency="constant:123.9ms")
        client = stage.asks()
        stage.later(0.2)
        assert body(client) == b'{"time":123}'
        assert b"Content-Type: application/json" in head(client)

    def test_leaves_the_connection_open(self, clock: FakeClock) -> None:
        stage = Stage(clock)
        client = stage.asks()
        stage.later(0.2)
        client.sends(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        stage.later(0.2)
        assert client.statuses == [200, 200]


class TestMishap:
    @pytest.mark.parametrize("status", [400, 429, 500, 503, 599])
    def test_may_be_a_status(self, clock: FakeClock, status: int) -> None:
        client = met(clock, str(status))
        assert client.statuses == [status]
        assert b"Retry-After" not in head(client)

    def test_may_say_when_to_come_back(self, clock: FakeClock) -> None:
        assert b"\r\nRetry-After: 3\r\n" in met(clock, "429+3s").received

    def test_comes_after_its_latency_too(self, clock: FakeClock) -> None:
        assert met(clock, "500", seconds=0.09).statuses == []

    def test_may_be_another_type(self, clock: FakeClock) -> None:
        client = met(clock, "wrong-type")
        assert client.statuses == [200]
        assert b"Content-Type: text/plain" in head(client)

    def test_may_be_json_that_is_none(self, clock: FakeClock) -> None:
        client = met(clock, "bad-json")
        assert b"Content-Type: application/json" in head(client)
        assert body(client) == b'{"time": '

    def test_may_be_a_reset_before_the_answer(self, clock: FakeClock) -> None:
        client = met(clock, "reset")
        assert (client.received, client.transport.aborted) == (b"", True)

    def test_may_be_a_reset_inside_the_body(self, clock: FakeClock) -> None:
        client = met(clock, "reset-body")
        assert b"Content-Length: 12" in head(client)
        assert 0 < len(body(client)) < 12
        assert client.transport.aborted

    def test_may_be_a_clean_end_inside_the_body(self, clock: FakeClock) -> None:
        client = met(clock, "truncate")
        assert b"Content-Length: 12" in head(client)
        assert 0 < len(body(client)) < 12
        assert (client.transport.closing, client.transport.aborted) == (True, False)

    def test_may_be_no_answer_ever(self, clock: FakeClock) -> None:
        client = met(clock, "hang", seconds=3600.0)
        assert (client.received, client.transport.closing) == (b"", False)


class TestDrip:
    def test_begins_with_a_head(self, clock: FakeClock) -> None:
        client = met(clock, "drip+12s", seconds=0.11)
        assert b"Content-Length: 12" in head(client)
        assert body(client) == b""

    def test_brings_a_byte_at_a_time(self, clock: FakeClock) -> None:
        assert len(body(met(clock, "drip+12s", seconds=6.2))) == 6

    def test_ends_well(self, clock: FakeClock) -> None:
        client = met(clock, "drip+12s", seconds=13.0)
        assert body(client) == b'{"time":100}'
        assert not client.transport.closing
