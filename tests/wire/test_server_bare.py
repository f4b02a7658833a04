"""Answers whose body goes past the connection, straight to the socket."""

from typing import Any

import pytest

from hedgerow.wire.limits import Limits
from hedgerow.wire.request import Request
from tests.fakes.client import FakeClient
from tests.fakes.clock import FakeClock, stopped_clock
from tests.fakes.site import Site, get
from tests.fakes.transport import FakeTransport

SOCKET = 7
SIZE = 10_000_000
SWEEP = 0.5  # the sweep may be late by this, and never early


class Socket:
    """All that is asked of one, which knows nothing of its peer."""

    def fileno(self) -> int:
        return SOCKET

    def setsockopt(self, *_: object) -> None:
        """It is about to be reset."""

    def getsockopt(self, *_: object) -> bytes:
        raise OSError("a unix socket")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped_clock(monkeypatch)


def answering(clock: FakeClock, transport: FakeTransport) -> tuple[Site, FakeClient, Request]:
    """Return an answer that has begun, with a body that is still to come."""
    requests: list[Request] = []

    def handle(request: Request) -> None:
        requests.append(request)
        request.begin(200, b"", SIZE, ended=False)

    site = Site(handle, Limits(write_timeout=30.0, idle_timeout=75.0), clock)
    client = site.client(transport).sends(get())
    return site, client, requests[0]


class TestSocket:
    def test_is_bare_when_all_that_was_written_is_out(self, clock: FakeClock) -> None:
        _, _, request = answering(clock, FakeTransport(socket=Socket()))
        assert request.bare_socket() == SOCKET

    def test_is_not_while_something_waits(self, clock: FakeClock) -> None:
        _, client, request = answering(clock, FakeTransport(socket=Socket()))
        client.stops_reading()
        request.write(b"x")
        assert request.bare_socket() is None

    @pytest.mark.parametrize("extra", [{}, {"socket": Socket(), "ssl_object": object()}])
    def test_is_not_where_there_is_none_or_it_is_encrypted(
        self, clock: FakeClock, extra: dict[str, Any]
    ) -> None:
        _, _, request = answering(clock, FakeTransport(**extra))
        assert request.bare_socket() is None

    def test_is_not_once_the_connection_closes(self, clock: FakeClock) -> None:
        transport = FakeTransport(socket=Socket())
        _, _, request = answering(clock, transport)
        transport.closing = True
        assert request.bare_socket() is None


class TestClient:
    def test_that_takes_nothing_is_let_go(self, clock: FakeClock) -> None:
        transport = FakeTransport(socket=Socket())
        site, _, request = answering(clock, transport)
        request.bare_socket()
        site.loop.run_later(29.9)
        assert not transport.closing
        site.loop.run_later(0.1 + SWEEP)
        assert transport.aborted

    def test_that_takes_next_to_nothing_is_let_go(self, clock: FakeClock) -> None:
        transport = FakeTransport(socket=Socket())
        site, _, request = answering(clock, transport)
        request.bare_socket()
        for _ in range(31):
            request.body_sent += 1000
            site.loop.run_later(1.0)
        assert transport.aborted

    def test_that_takes_its_time_is_not(self, clock: FakeClock) -> None:
        transport = FakeTransport(socket=Socket())
        site, _, request = answering(clock, transport)
        request.bare_socket()
        for _ in range(10):
            request.body_sent += 32 * 1024
            site.loop.run_later(29.0)
        assert not transport.closing

    def test_has_its_usual_time_for_the_next_request(self, clock: FakeClock) -> None:
        transport = FakeTransport(socket=Socket())
        site, client, request = answering(clock, transport)
        request.bare_socket()
        request.body_sent = SIZE
        request.write(b"", ended=True)
        site.loop.run_later(60.0)
        assert not transport.closing
        client.sends(get())
        assert client.statuses == [200, 200]
        site.loop.run_later(60.0)
        assert not transport.closing  # this one has nothing to send yet, which is not the client's
