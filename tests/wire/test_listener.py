import gc
import weakref

from hedgerow.wire.request import Request
from tests.fakes.application import Application
from tests.fakes.sink import RecordingSink
from tests.fakes.site import Site, get, post


class TestConnections:
    def test_are_known_from_their_first_moment_to_their_last(self) -> None:
        site = Site(Application().handle)
        client = site.client()
        assert site.listener.connections == {client.connection}
        client.leaves()
        assert site.listener.connections == set()

    def test_are_reported_to_whoever_counts_them(self) -> None:
        site, counted = Site(Application().handle), list[str]()
        site.listener.connection_made = lambda: counted.append("made")
        site.listener.connection_lost = lambda: counted.append("lost")
        site.client().leaves()
        assert counted == ["made", "lost"]

    def test_are_all_broken_at_the_end(self) -> None:
        site = Site(Application(at_once=False).handle)
        clients = [site.client().sends(get()), site.client()]
        site.listener.close()
        assert [client.transport.aborted for client in clients] == [True, True]


class TestMemory:
    def test_of_a_connection_is_freed_without_the_collector(self) -> None:
        def handle(request: Request) -> None:
            request.sink = RecordingSink()
            requests.append(weakref.ref(request.sink))
            request.respond(200, b"", b"")

        requests: list[weakref.ref[RecordingSink]] = []
        site = Site(handle)
        gc.disable()
        try:
            client = site.client().sends(get(), post(b"hello"), b"GET /\r\n\r\n")
            connection = weakref.ref(client.transport)
            client.leaves()
            client.transport.on_write = lambda: None
            del client
            assert connection() is None
            assert [sink() for sink in requests] == [None, None]
        finally:
            gc.enable()

    def test_of_a_request_is_freed_when_it_was_answered(self) -> None:
        class Owner(RecordingSink):
            """Knows its request, as handlers do: together they are a cycle."""

            def __init__(self, request: Request) -> None:
                super().__init__()
                self.request = request
                request.sink = self

        owners: list[weakref.ref[Owner]] = []

        def handle(request: Request) -> None:
            owner = Owner(request)
            owners.append(weakref.ref(owner))
            request.respond(200, b"", b"")

        client = Site(handle).client()
        gc.disable()
        try:
            client.sends(get())
            assert owners[0]() is None
        finally:
            gc.enable()
