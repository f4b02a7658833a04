"""What a connection serves, in which order, and when it stops serving."""

import pytest

from hedgerow.wire.limits import Limits
from hedgerow.wire.request import Request
from tests.fakes.application import Application
from tests.fakes.client import FakeClient
from tests.fakes.sink import RecordingSink
from tests.fakes.site import Site, get, post, post_chunked
from tests.fakes.transport import FakeTransport


def at_once() -> tuple[Application, FakeClient]:
    """Return an application that answers at once, and a client of it."""
    application = Application()
    return application, Site(application.handle).client()


def when_told() -> tuple[Application, FakeClient]:
    """Return an application that answers when told to, and a client of it."""
    application = Application(at_once=False)
    return application, Site(application.handle).client()


def targets(application: Application) -> list[bytes]:
    return [one.target for one in application.seen]


class TestKeepAlive:
    def test_serves_one_request_after_the_other(self) -> None:
        application, client = at_once()
        client.sends(get(b"/a")).sends(get(b"/b"))
        assert targets(application) == [b"/a", b"/b"]
        assert client.statuses == [200, 200]
        assert not client.transport.is_closing()

    def test_ends_with_close_and_says_so(self) -> None:
        _, client = at_once()
        client.sends(get(b"/a", b"Connection: close"))
        assert b"\r\nConnection: close\r\n" in client.received
        assert client.transport.is_closing()

    def test_goes_on_after_the_body_that_nobody_wanted_came_with_its_head(self) -> None:
        site = Site(lambda request: request.respond(404, b"", b""))
        client = site.client().sends(post(b"hello") + get())
        assert client.statuses == [404, 404]
        assert not client.transport.is_closing()

    def test_costs_one_write_and_no_timer_a_request(self) -> None:
        application = Application()
        site = Site(application.handle)
        client = site.client()
        armed = site.loop.timers_armed
        client.sends(*[get()] * 10)
        assert (client.transport.writes, site.loop.timers_armed) == (10, armed)


class TestRequestsSentAhead:
    def test_wait_for_the_answer_before_them(self) -> None:
        application, client = when_told()
        client.sends(get(b"/a") + get(b"/b"))
        assert targets(application) == [b"/a"]
        application.answers()
        assert targets(application) == [b"/a", b"/b"]

    def test_are_answered_in_order(self) -> None:
        application, client = when_told()
        client.sends(get(b"/a"), get(b"/b"), get(b"/c"))
        for _ in range(3):
            application.answers()
        assert client.received.endswith(b"/c")
        assert client.received.index(b"/a") < client.received.index(b"/b")

    def test_are_not_overtaken_by_a_refusal(self) -> None:
        application, client = when_told()
        client.sends(get(b"/a") + b"GET /b\r\n\r\n")
        assert client.statuses == []
        application.answers()
        assert client.statuses == [200, 400]

    def test_are_not_served_after_close(self) -> None:
        application, client = at_once()
        client.sends(get(b"/a", b"Connection: close") + get(b"/b"))
        assert targets(application) == [b"/a"]
        assert client.statuses == [200]

    def test_behind_a_close_do_not_get_the_answer_reset(self) -> None:
        _, client = at_once()
        client.sends(get(b"/a", b"Connection: close") + get(b"/b"))
        assert client.transport.wrote_eof
        assert not client.transport.is_closing()

    def test_are_not_served_after_close_when_the_answer_comes_later(self) -> None:
        application, client = when_told()
        client.sends(get(b"/a", b"Connection: close") + get(b"/b"))
        application.answers()
        assert (targets(application), client.statuses) == ([b"/a"], [200])

    def test_do_not_nest_however_many_they_are(self) -> None:
        application, client = at_once()
        client.sends(get(b"/a") * 1500)  # more than Python's stack would take
        assert len(application.seen) == 1500

    @pytest.mark.parametrize("body", [post(b"hello"), post_chunked(b"hello")])
    def test_with_bodies_do_not_nest_either(self, body: bytes) -> None:
        application, client = at_once()
        client.sends(body * 1500)  # more than Python's stack would take
        assert [one.body for one in application.seen] == [b"hello"] * 1500

    def test_come_after_a_body_that_ends_later(self) -> None:
        application, client = at_once()
        request = post(b"hello", target=b"/a")
        client.sends(request[:-2], request[-2:] + get(b"/b"))
        assert targets(application) == [b"/a", b"/b"]


class TestBody:
    def test_is_handed_on_piece_by_piece(self) -> None:
        sink = RecordingSink()
        client = Site(lambda request: setattr(request, "sink", sink)).client()
        client.sends(post_chunked(b"hello", ended=False), b"5\r\nworld\r\n", b"0\r\n\r\n")
        assert (sink.pieces, sink.ended) == ([b"hello", b"world", b""], True)

    def test_of_a_length_ends_with_its_last_piece(self) -> None:
        sink = RecordingSink()
        client = Site(lambda request: setattr(request, "sink", sink)).client()
        request = post(b"helloworld")
        client.sends(request[:-5], request[-5:])
        assert (sink.pieces, sink.ended) == ([b"hello", b"world"], True)

    def test_without_a_taker_is_read_over(self) -> None:
        requests: list[Request] = []
        client = Site(requests.append).client().sends(post(b"hello"), get(b"/b"))
        requests[0].respond(200, b"", b"")
        assert (len(requests), requests[1].head.target) == (2, b"/b")
        assert not client.transport.is_closing()

    def test_is_not_told_to_a_handler_that_has_answered(self) -> None:
        sink = RecordingSink()

        def handle(request: Request) -> None:
            request.sink = sink
            request.respond(403, b"", b"")

        Site(handle).client().sends(post(b"hello"))
        assert sink.pieces == []

    def test_that_breaks_the_coding_is_refused_and_its_taker_told(self) -> None:
        sink = RecordingSink()
        client = Site(lambda request: setattr(request, "sink", sink)).client()
        client.sends(post_chunked(b"hello", ended=False), b"x\r\n")
        assert (client.statuses, sink.events) == ([400], ["left"])

    def test_that_breaks_the_coding_inside_an_answer_breaks_the_connection(self) -> None:
        client = Site(lambda request: request.begin(200, b"", 10, b"hello", ended=False)).client()
        client.sends(post_chunked(b"hello", ended=False), b"x\r\n")
        assert client.statuses == [200]
        assert client.transport.aborted


class TestUnreadBody:
    def test_closes_the_connection_with_the_answer(self) -> None:
        client = Site(lambda request: request.respond(403, b"", b"no")).client()
        client.sends(post(b"hello")[:-1])
        assert b"\r\nConnection: close\r\n" in client.received
        assert client.transport.wrote_eof
        assert not client.transport.is_closing()

    def test_is_thrown_away_until_the_client_closes(self) -> None:
        client = Site(lambda request: request.respond(403, b"", b"no")).client()
        client.sends(post(b"hello")[:-1], b"o" + get(b"/b"))
        assert client.statuses == [403]
        client.shuts_down_sending()
        assert client.transport.is_closing()

    def test_is_read_up_to_a_limit_only(self) -> None:
        site = Site(lambda request: request.respond(403, b"", b"no"), Limits(max_discarded=100))
        client = site.client().sends(post(b"x" * 1000)[:-900], b"x" * 60)
        assert not client.transport.paused
        client.sends(b"x" * 60)
        assert client.transport.paused

    def test_is_thrown_away_also_where_the_end_cannot_be_told(self) -> None:
        # Over TLS there is no FIN of one side only; the client sees the length, and closes.
        site = Site(lambda request: request.respond(403, b"", b"no"))
        client = site.client(FakeTransport(can_write_eof=False, ssl_object=object()))
        client.sends(post(b"hello")[:-1])
        assert not client.transport.is_closing()


class TestExpectation:
    def handler_that_waits(self) -> tuple[list[Request], FakeClient]:
        requests: list[Request] = []
        return requests, Site(requests.append).client()

    def test_is_met_when_the_handler_asks_for_the_body(self) -> None:
        requests, client = self.handler_that_waits()
        client.sends(post(b"hello", b"Expect: 100-continue")[:-5])
        assert client.received == b""
        requests[0].accept_body()
        assert client.received == b"HTTP/1.1 100 Continue\r\n\r\n"

    def test_is_not_met_for_http_1_0(self) -> None:
        requests, client = self.handler_that_waits()
        old = post(b"hello", b"Expect: 100-continue").replace(b"HTTP/1.1", b"HTTP/1.0")
        client.sends(old[:-5])
        requests[0].accept_body()
        assert client.received == b""

    def test_is_not_met_where_the_body_has_begun_to_come(self) -> None:
        requests, client = self.handler_that_waits()
        client.sends(post(b"hello", b"Expect: 100-continue")[:-3])
        requests[0].accept_body()
        assert client.received == b""

    def test_that_is_refused_closes_the_connection(self) -> None:
        requests, client = self.handler_that_waits()
        client.sends(post(b"hello", b"Expect: 100-continue")[:-5])
        requests[0].respond(401, b"", b"")
        assert client.statuses == [401]
        assert b"\r\nConnection: close\r\n" in client.received

    def test_is_forgotten_when_the_whole_body_has_come(self) -> None:
        requests, client = self.handler_that_waits()
        client.sends(post(b"hello", b"Expect: 100-continue"))
        requests[0].respond(200, b"", b"")
        assert b"Connection: close" not in client.received


class TestRefusal:
    def test_is_a_problem_body_and_closes(self) -> None:
        _, client = at_once()
        client.sends(b"GET /\r\n\r\n")
        assert b"\r\nContent-Type: application/problem+json\r\n" in client.received
        assert b"\r\nConnection: close\r\n" in client.received
        assert client.transport.wrote_eof

    def test_is_counted(self) -> None:
        site = Site(Application().handle)
        site.client().sends(b"GET /\r\n\r\n")
        assert site.listener.refused == 1

    @pytest.mark.parametrize(
        "pieces", [(b"HEAD / HTTP/1.1\r\n\r\n",), (b"HEAD / HTTP/1.1\r\nHost: a\n", b"\r\n")]
    )
    def test_of_a_head_request_has_no_body(self, pieces: tuple[bytes, ...]) -> None:
        _, client = at_once()
        client.sends(*pieces)
        assert (client.statuses, client.received[-4:]) == ([400], b"\r\n\r\n")

    def test_of_a_head_requests_body_has_no_body(self) -> None:
        _, client = at_once()
        client.sends(post_chunked(ended=False).replace(b"POST", b"HEAD"), b"x\r\n")
        assert (client.statuses, client.received[-4:]) == ([400], b"\r\n\r\n")


class TestPeer:
    def test_is_the_address_without_the_port(self) -> None:
        requests: list[Request] = []
        Site(requests.append).client().sends(get())
        assert (requests[0].peer, requests[0].is_tls) == ("192.0.2.7", False)

    def test_has_no_address_on_a_unix_socket(self) -> None:
        requests: list[Request] = []
        Site(requests.append).client(FakeTransport(peername="")).sends(get())
        assert requests[0].peer == ""
