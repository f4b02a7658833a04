"""Back-pressure: who stops reading when, and how much is held in memory."""

from hedgerow.wire.limits import Limits
from hedgerow.wire.request import Request
from tests.fakes.application import Application
from tests.fakes.client import FakeClient
from tests.fakes.sink import RecordingSink
from tests.fakes.site import Site, get, post

LIMITS = Limits(max_pipelined=1000)


def pending(*pieces: bytes) -> tuple[FakeClient, list[Request], RecordingSink]:
    requests: list[Request] = []
    sink = RecordingSink()

    def handle(request: Request) -> None:
        request.sink = sink
        requests.append(request)

    client = Site(handle, LIMITS).client().sends(*pieces)
    return client, requests, sink


class TestReadingAhead:
    def test_stops_above_its_limit_while_an_answer_is_pending(self) -> None:
        client, _, _ = pending(get(), get() * 10)
        assert not client.transport.paused
        client.sends(get() * 20)
        assert client.transport.paused

    def test_goes_on_when_what_was_read_has_been_served(self) -> None:
        application = Application(at_once=False)
        client = Site(application.handle, LIMITS).client().sends(get(), get() * 40)
        while application.waiting:
            application.answers()
        assert len(application.seen) == 41
        assert not client.transport.paused

    def test_does_not_grow_with_each_answer(self) -> None:
        application = Application(at_once=False)
        client = Site(application.handle, LIMITS).client().sends(get())
        for _ in range(200):
            client.sends(get() * 20)
            application.answers()
            client.sends()
        assert len(client.connection._tail) < 3000

    def test_goes_on_for_the_body_of_a_request_sent_ahead(self) -> None:
        application = Application(at_once=False)
        body = b"x" * 5000
        client = Site(application.handle, LIMITS).client()
        client.sends(get(), post(body)[:1500])
        assert client.transport.paused
        application.answers()
        client.sends(post(body)[1500:])
        assert application.seen[-1].body == body

    def test_of_a_head_that_is_longer_than_the_limit_is_not_stopped(self) -> None:
        application = Application()
        field = b"X-Long: " + b"x" * 5000
        client = Site(application.handle, LIMITS).client()
        client.sends(get(b"/", field)[:3000], get(b"/", field)[3000:])
        assert client.statuses == [200]


class TestClientThatDoesNotRead:
    def test_gets_no_more_answers_than_fit_the_buffer(self) -> None:
        site = Site(lambda request: request.respond(200, b"", b"y" * 10_000))
        client = site.client()
        client.stops_reading()
        client.sends(get() * 1000)
        assert client.unread < 100_000

    def test_gets_the_rest_when_it_reads_again(self) -> None:
        site = Site(lambda request: request.respond(200, b"", b"y" * 10_000))
        client = site.client()
        client.stops_reading()
        client.sends(get() * 100)
        client.reads()
        assert client.statuses == [200] * 100

    def test_is_not_read_from_without_bound(self) -> None:
        site = Site(lambda request: request.respond(200, b"", b"y" * 10_000), LIMITS)
        client = site.client()
        client.stops_reading()
        for _ in range(100):
            client.sends(get() * 20)
        assert client.transport.paused
        client.reads()
        client.sends()
        assert client.statuses == [200] * 2000

    def test_is_told_to_the_sink_and_so_is_the_end_of_it(self) -> None:
        client, requests, sink = pending(get())
        client.stops_reading()
        requests[0].begin(200, b"", None, b"y" * 70_000, ended=False)
        assert sink.events == ["paused"]
        client.reads()
        assert sink.events == ["paused", "resumed"]

    def test_and_half_closed_gets_the_rest_when_it_reads_again(self) -> None:
        site = Site(lambda request: request.respond(200, b"", b"y" * 10_000))
        client = site.client()
        client.stops_reading()
        client.sends(get() * 20)
        assert client.shuts_down_sending()
        client.reads()
        assert (client.statuses, client.transport.is_closing()) == ([200] * 20, True)

    def test_and_half_closed_is_closed_when_it_has_read_everything(self) -> None:
        client = Site(lambda request: request.respond(200, b"", b"y" * 70_000)).client()
        client.stops_reading()
        client.sends(get())
        assert client.shuts_down_sending()
        client.reads()
        assert client.transport.is_closing()


class TestTakerThatIsFull:
    def test_stops_the_reading_of_the_body(self) -> None:
        client, requests, sink = pending(post(b"x" * 100)[:-50])
        requests[0].pause_body()
        assert client.transport.paused
        client.sends(b"x" * 50)
        assert not sink.ended
        requests[0].resume_body()
        client.sends()
        assert sink.ended

    def test_after_the_body_stops_nothing(self) -> None:
        client, requests, _ = pending(post(b"hello"))
        requests[0].pause_body()
        assert not client.transport.paused

    def test_does_not_keep_the_next_request_from_being_read(self) -> None:
        requests: list[Request] = []

        def handle(request: Request) -> None:
            request.sink = RecordingSink()
            request.pause_body()
            requests.append(request)

        client = Site(handle).client().sends(post(b"hello"), get(b"/b"))
        requests[0].respond(200, b"", b"")
        client.sends()
        assert [request.head.target for request in requests] == [b"/", b"/b"]

    def test_that_answers_early_does_not_stop_the_lingering(self) -> None:
        client, requests, _ = pending(post(b"x" * 100)[:-50])
        requests[0].pause_body()
        requests[0].respond(403, b"", b"no")
        assert not client.transport.paused
