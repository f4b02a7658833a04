"""What comes of a handler that fails, a client that leaves, a broken answer and a drain."""

import pytest
from typing_extensions import override

from hedgerow.wire.request import Request
from tests.fakes.application import Application
from tests.fakes.client import FakeClient
from tests.fakes.sink import RecordingSink
from tests.fakes.site import Site, get, post


def when_told() -> tuple[Application, FakeClient]:
    """Return an application that answers when told to, and a client of it."""
    application = Application(at_once=False)
    return application, Site(application.handle).client()


class TestHandlerThatFails:
    def test_is_answered_for_with_500_and_reported(self) -> None:
        error = RuntimeError("a bug")

        def handle(request: Request) -> None:
            raise error

        site = Site(handle)
        client = site.client().sends(get())
        assert client.statuses == [500]
        assert site.loop.failures == [error]

    def test_does_not_answer_twice(self) -> None:
        def handle(request: Request) -> None:
            request.respond(200, b"", b"")
            raise RuntimeError("a bug")

        client = Site(handle).client().sends(get() * 2)
        assert client.statuses == [200]
        assert client.transport.is_closing()

    def test_breaks_an_answer_that_it_began(self) -> None:
        def handle(request: Request) -> None:
            request.begin(200, b"", 10, b"hello", ended=False)
            raise RuntimeError("a bug")

        client = Site(handle).client().sends(get())
        assert client.transport.aborted

    def test_does_not_harm_the_request_before_it(self) -> None:
        application = Application(at_once=False)
        requests = iter([application.handle, _fails])
        client = Site(lambda request: next(requests)(request)).client()
        client.sends(get(b"/a") + get(b"/b"))
        application.answers()
        assert client.statuses == [200, 500]

    def test_on_its_body_is_answered_for_too(self) -> None:
        def handle(request: Request) -> None:
            request.sink = _FailingSink()

        for pieces in ((post(b"hello"),), (post(b"hello")[:-2], b"lo")):
            site = Site(handle)
            client = site.client().sends(*pieces)
            assert (client.statuses, len(site.loop.failures)) == ([500], 1)


def _fails(request: Request) -> None:
    raise RuntimeError("a bug")


class _FailingSink(RecordingSink):
    @override
    def body_received(self, data: bytes, *, ended: bool) -> None:
        raise RuntimeError("a bug")


class TestClientThatLeaves:
    def test_is_told_to_the_sink_once(self) -> None:
        sink = RecordingSink()
        client = Site(lambda request: setattr(request, "sink", sink)).client().sends(get())
        client.leaves(ConnectionResetError())
        assert sink.events == ["left"]

    def test_is_not_answered_any_more(self) -> None:
        application, client = when_told()
        client.sends(get() + get())
        client.leaves()
        application.answers()
        assert (client.statuses, len(application.seen)) == ([], 1)

    def test_inside_a_body_is_never_taken_for_its_end(self) -> None:
        sink = RecordingSink()
        client = Site(lambda request: setattr(request, "sink", sink)).client()
        client.sends(post(b"hello")[:-1])
        assert not client.shuts_down_sending()
        client.leaves()
        assert (sink.ended, sink.events) == (False, ["left"])

    def test_leaves_nothing_behind(self) -> None:
        application = Application(at_once=False)
        site = Site(application.handle)
        client = site.client().sends(get())
        assert len(site.listener.connections) == 1
        client.leaves()
        assert site.listener.connections == set()

    def test_is_counted_even_where_the_sink_fails(self) -> None:
        class Sink(RecordingSink):
            @override
            def client_left(self) -> None:
                raise RuntimeError("a bug")

        left: list[int] = []
        site = Site(lambda request: setattr(request, "sink", Sink()))
        site.listener.connection_lost = lambda: left.append(1)
        client = site.client().sends(get())
        with pytest.raises(RuntimeError):
            client.leaves()
        assert (left, site.listener.connections) == ([1], set())


class TestBrokenOffAnswer:
    def test_resets_the_connection(self) -> None:
        client = Site(lambda request: request.abort()).client().sends(get() + get())
        assert (client.transport.aborted, client.statuses) == (True, [])

    def test_that_is_cut_off_closes_it_cleanly(self) -> None:
        def handle(request: Request) -> None:
            request.begin(200, b"", 10, b"hello", ended=False)
            request.cut_off()

        client = Site(handle).client().sends(get() + get())
        assert (client.transport.is_closing(), client.transport.aborted) == (True, False)
        assert client.received.endswith(b"hello")


class TestDraining:
    def test_closes_a_connection_that_was_served_and_has_been_silent_since(self) -> None:
        site = Site(Application().handle)
        client = site.client().sends(get())
        for connection in site.listener.connections:
            connection.due_at -= 2
        site.listener.drain()
        assert client.transport.is_closing()

    def test_lets_one_that_was_served_just_now_ask_once_more(self) -> None:
        site = Site(Application().handle)
        client = site.client().sends(get())
        site.listener.drain()
        assert not client.transport.is_closing()
        client.sends(get())
        assert client.received.count(b"HTTP/1.1 200") == 2
        assert client.received.count(b"\r\nConnection: close\r\n") == 1
        assert client.transport.is_closing()

    def test_lets_a_pending_answer_out_and_says_close(self) -> None:
        application = Application(at_once=False)
        site = Site(application.handle)
        client = site.client().sends(get())
        site.listener.drain()
        assert not client.transport.is_closing()
        application.answers()
        assert b"\r\nConnection: close\r\n" in client.received
        assert client.transport.is_closing()

    def test_says_close_to_those_that_come_late(self) -> None:
        site = Site(Application().handle)
        site.listener.drain()
        client = site.client().sends(get())
        assert b"\r\nConnection: close\r\n" in client.received

    def test_does_not_cut_short_what_lingers(self) -> None:
        site = Site(lambda request: request.respond(403, b"", b"no"))
        client = site.client().sends(post(b"hello")[:-1])
        site.listener.drain()
        assert not client.transport.is_closing()
