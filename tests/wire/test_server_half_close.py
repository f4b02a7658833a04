"""A client that has shut down its sending side: it still wants its answers, or has gone."""

import socket

import pytest
from typing_extensions import override

from hedgerow.wire.limits import Limits
from hedgerow.wire.request import Request
from hedgerow.wire.sockets import has_tcp_info
from tests.fakes.application import Application
from tests.fakes.client import FakeClient
from tests.fakes.clock import FakeClock, stopped_clock
from tests.fakes.site import Site, get, post
from tests.fakes.transport import FakeTransport

ESTABLISHED, CLOSED = b"\x01", b"\x07"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped_clock(monkeypatch)


class FakeSocket:
    """Tells the state of a TCP connection."""

    def __init__(self) -> None:
        self.state = ESTABLISHED

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        assert (level, option) == (socket.IPPROTO_TCP, socket.TCP_INFO)
        return self.state

    def setsockopt(self, *_: object) -> None:
        """Lingering is not the point here."""


def half_closed(*requests: bytes) -> tuple[Application, FakeClient, Site]:
    application = Application(at_once=False)
    site = Site(application.handle)
    client = site.client(FakeTransport(socket=FakeSocket())).sends(b"".join(requests))
    assert client.shuts_down_sending()
    return application, client, site


class TestHalfClosedClient:
    def test_still_gets_its_answer_and_then_the_end(self) -> None:
        application, client, _ = half_closed(get())
        application.answers()
        assert client.statuses == [100, 200]
        assert b"\r\nConnection: close\r\n" in client.received
        assert client.transport.is_closing()

    def test_gets_the_answers_to_all_it_sent_ahead(self) -> None:
        application, client, _ = half_closed(get(b"/a"), get(b"/b"), get(b"/c"))
        for _ in range(3):
            assert not client.transport.is_closing()
            application.answers()
        assert client.statuses == [100, 200, 200, 200]
        assert client.transport.is_closing()

    def test_gets_no_close_before_its_last_answer(self) -> None:
        application, client, _ = half_closed(get(b"/a"), get(b"/b"))
        application.answers()
        assert b"Connection: close" not in client.received
        application.answers()
        assert client.received.count(b"Connection: close") == 1

    def test_is_not_waited_for_where_its_last_request_is_not_whole(self) -> None:
        application, client, _ = half_closed(get(b"/a"), get(b"/b")[:-1])
        application.answers()
        assert (client.statuses, client.transport.is_closing()) == ([100, 200], True)

    def test_in_http_1_0_is_not_sent_an_interim_answer(self) -> None:
        application, client, _ = half_closed(get(version=b"1.0"))
        application.answers()
        assert client.statuses == [200]

    def test_that_asked_nothing_is_closed(self) -> None:
        client = Site(Application().handle).client().sends(get()[:-1])
        assert not client.shuts_down_sending()
        assert client.transport.is_closing()

    def test_on_a_line_that_knows_no_half_close_has_gone(self) -> None:
        site = Site(Application(at_once=False).handle)
        client = site.client(FakeTransport(can_write_eof=False)).sends(get())
        assert not client.shuts_down_sending()

    def test_with_an_unread_body_is_closed_after_the_answer(self) -> None:
        site = Site(lambda request: request.respond(403, b"", b"no"))
        client = site.client().sends(post(b"hello")[:-1])
        assert not client.shuts_down_sending()
        assert client.transport.is_closing()


class TestClientThatHalfClosesInsideItsAnswer:
    def begun(self, clock: FakeClock) -> tuple[Request, FakeClient, Site]:
        """Return an answer that has begun, and whose client has shut down its sending side."""
        requests: list[Request] = []
        site = Site(requests.append, Limits(write_timeout=30.0), clock)
        client = site.client(FakeTransport(socket=FakeSocket())).sends(get())
        requests[0].begin(200, b"", 10, b"hello", ended=False)
        assert client.shuts_down_sending()
        return requests[0], client, site

    def test_gets_all_of_it(self, clock: FakeClock) -> None:
        request, client, site = self.begun(clock)
        site.loop.run_later(20.0)
        request.write(b"world", ended=True)
        assert client.received.endswith(b"\r\n\r\nhelloworld")
        assert (client.transport.is_closing(), client.transport.aborted) == (True, False)

    def test_is_waited_for_as_long_as_something_is_sent(self, clock: FakeClock) -> None:
        request, client, site = self.begun(clock)
        for _ in range(4):
            request.write(b"w")
            site.loop.run_later(29.0)
        assert not client.transport.aborted

    def test_counts_as_gone_when_nothing_more_is_sent(self, clock: FakeClock) -> None:
        _, client, site = self.begun(clock)
        site.loop.run_later(29.0)
        assert not client.transport.aborted
        site.loop.run_later(2.0)
        assert client.transport.aborted


class TestClientThatWentAway:
    def test_is_noticed_by_the_sweep(self) -> None:
        assert has_tcp_info()
        _, client, site = half_closed(get())
        site.loop.run_later(0.3)
        assert not client.transport.aborted
        client.transport.get_extra_info("socket").state = CLOSED
        site.loop.run_later(0.3)
        assert client.transport.aborted

    def test_is_not_noticed_on_a_socket_that_knows_nothing(self) -> None:
        class UnixSocket(FakeSocket):
            @override
            def getsockopt(self, level: int, option: int, size: int) -> bytes:
                raise OSError("not supported")

        site = Site(Application(at_once=False).handle)
        client = site.client(FakeTransport(socket=UnixSocket())).sends(get())
        client.shuts_down_sending()
        site.loop.run_later(0.3)
        assert (client.transport.aborted, site.loop.failures) == (False, [])
