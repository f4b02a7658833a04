"""How long a client may take, phase by phase; a trickle of bytes buys nobody time."""

import pytest
from typing_extensions import override

from hedgerow.wire.limits import Limits
from hedgerow.wire.request import Request
from tests.fakes.application import Application
from tests.fakes.client import FakeClient
from tests.fakes.clock import FakeClock, stopped_clock
from tests.fakes.sink import RecordingSink
from tests.fakes.site import Site, get, post, post_chunked

LIMITS = Limits(
    head_timeout=10.0,
    body_timeout=20.0,
    body_min_rate=100.0,
    idle_timeout=75.0,
    write_timeout=30.0,
    linger_timeout=2.0,
)
SWEEP = 0.5  # the sweep may be late by this, and never early


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped_clock(monkeypatch)


def served(clock: FakeClock) -> tuple[Site, FakeClient]:
    site = Site(Application().handle, LIMITS, clock)
    return site, site.client()


def pending(clock: FakeClock, *pieces: bytes) -> tuple[Site, FakeClient, Request, RecordingSink]:
    """Return a request that nobody has answered yet."""
    requests: list[Request] = []
    sink = RecordingSink()

    def handle(request: Request) -> None:
        request.sink = sink
        requests.append(request)

    site = Site(handle, LIMITS, clock)
    client = site.client().sends(*pieces)
    return site, client, requests[0], sink


class TestHead:
    def test_that_does_not_end_in_time_is_408(self, clock: FakeClock) -> None:
        site, client = served(clock)
        client.sends(get()[:-1])
        site.loop.run_later(9.9)
        assert client.statuses == []
        site.loop.run_later(0.1 + SWEEP)
        assert client.statuses == [408]

    def test_gets_no_more_time_for_a_trickle(self, clock: FakeClock) -> None:
        site, client = served(clock)
        for byte in get()[:20]:
            client.sends(bytes([byte]))
            site.loop.run_later(0.6)
        assert client.statuses == [408]

    def test_gets_no_more_time_for_a_trickle_after_an_answer(self, clock: FakeClock) -> None:
        site, client = served(clock)
        client.sends(get())
        for byte in get()[:20]:
            client.sends(bytes([byte]))
            site.loop.run_later(0.6)
        assert client.statuses == [200, 408]

    def test_gets_its_time_anew_after_an_answer(self, clock: FakeClock) -> None:
        site, client = served(clock)
        client.sends(get())
        site.loop.run_later(60.0)
        client.sends(get()[:-1])
        site.loop.run_later(9.9)
        assert client.statuses == [200]
        site.loop.run_later(0.1 + SWEEP)
        assert client.statuses == [200, 408]

    def test_gets_its_time_from_the_answer_where_it_was_sent_ahead(self, clock: FakeClock) -> None:
        site, client, request, _ = pending(clock, get() + get()[:-1])
        site.loop.run_later(60.0)
        request.respond(200, b"", b"")
        site.loop.run_later(9.9)
        assert client.statuses == [200]
        site.loop.run_later(0.1 + SWEEP)
        assert client.statuses == [200, 408]

    def test_is_not_hurried_once_it_is_whole(self, clock: FakeClock) -> None:
        site, client, request, _ = pending(clock, get())
        site.loop.run_later(3600.0)
        request.respond(200, b"", b"")
        assert client.statuses == [200]


class TestSilence:
    def test_from_the_start_is_closed_without_an_answer(self, clock: FakeClock) -> None:
        # A browser or balancer that connects ahead would take it for the answer to what it
        # sends next.
        site, client = served(clock)
        site.loop.run_later(10.0 + SWEEP)
        assert (client.received, client.transport.is_closing()) == (b"", True)

    def test_of_empty_lines_is_silence(self, clock: FakeClock) -> None:
        site, client = served(clock)
        for _ in range(21):
            client.sends(b"\r\n\r\n")
            site.loop.run_later(0.5)
        assert client.transport.is_closing()

    def test_after_an_answer_may_last_longer(self, clock: FakeClock) -> None:
        site, client = served(clock)
        client.sends(get())
        site.loop.run_later(74.0)
        assert not client.transport.is_closing()
        site.loop.run_later(1.0 + SWEEP)
        assert (client.statuses, client.transport.is_closing()) == ([200], True)

    def test_after_an_answer_is_not_broken_by_empty_lines(self, clock: FakeClock) -> None:
        site, client = served(clock)
        client.sends(get())
        for _ in range(76):
            client.sends(b"\r\n")
            site.loop.run_later(1.0)
        assert client.transport.is_closing()


class TestBody:
    def test_that_stays_away_is_408(self, clock: FakeClock) -> None:
        site, client, _, sink = pending(clock, post(b"hello")[:-5])
        site.loop.run_later(19.9)
        assert client.statuses == []
        site.loop.run_later(0.1 + SWEEP)
        assert (client.statuses, sink.events) == ([408], ["left"])

    def test_that_trickles_is_408(self, clock: FakeClock) -> None:
        site, client, _, _ = pending(clock, post(b"x" * 9000)[:-9000])
        for _ in range(21):
            client.sends(b"x" * 50)
            site.loop.run_later(1.0)
        assert client.statuses == [408]

    def test_that_keeps_the_rate_may_take_its_time(self, clock: FakeClock) -> None:
        site, client, _, sink = pending(clock, post(b"x" * 9000)[:-9000])
        for _ in range(60):
            client.sends(b"x" * 150)
            site.loop.run_later(1.0)
        assert (client.statuses, sink.ended) == ([], True)

    def test_that_began_fast_may_not_rest_on_it(self, clock: FakeClock) -> None:
        site, client, _, _ = pending(clock, post_chunked(b"x" * 60_000, ended=False))
        site.loop.run_later(2 * (20.0 + SWEEP))
        assert client.statuses == [408]

    def test_is_not_hurried_while_its_taker_is_full(self, clock: FakeClock) -> None:
        site, client, request, _ = pending(clock, post(b"x" * 9000)[:-9000])
        request.pause_body()
        site.loop.run_later(3600.0)
        assert client.statuses == []
        request.resume_body()
        site.loop.run_later(19.9)
        assert client.statuses == []
        site.loop.run_later(0.1 + SWEEP)
        assert client.statuses == [408]

    def test_is_not_hurried_before_it_was_asked_for(self, clock: FakeClock) -> None:
        head = post(b"hello", b"Expect: 100-continue")[:-5]
        site, client, request, _ = pending(clock, head)
        site.loop.run_later(3600.0)
        assert client.statuses == []
        request.accept_body()
        site.loop.run_later(20.0 + SWEEP)
        assert client.statuses == [100, 408]

    def test_is_hurried_again_after_a_pause_in_the_answer(self, clock: FakeClock) -> None:
        site, client, request, _ = pending(clock, post(b"x" * 9000)[:-9000])
        request.begin(200, b"", None, ended=False)
        client.stops_reading()
        request.write(b"y" * 100_000)
        client.reads()
        site.loop.run_later(20.0 + SWEEP)
        assert client.transport.aborted

    def test_is_not_refused_for_what_is_on_its_way_out(self, clock: FakeClock) -> None:
        site, client, request, _ = pending(clock, post(b"x" * 9000)[:-9000])
        request.begin(200, b"", None, ended=False)
        client.stops_reading()
        for _ in range(5):
            request.write(b"y" * 5000)
            client.sends(b"x" * 1000)
            site.loop.run_later(9.0)
            client.reads(5000)
        assert not client.transport.aborted


class TestAnswer:
    def test_that_nobody_takes_breaks_the_connection(self, clock: FakeClock) -> None:
        site, client, request, sink = pending(clock, get())
        request.begin(200, b"", None, ended=False)
        client.stops_reading()
        request.write(b"y" * 100_000)
        assert sink.events == ["paused"]
        site.loop.run_later(29.9)
        assert not client.transport.aborted
        site.loop.run_later(0.1 + SWEEP)
        assert client.transport.aborted

    def test_gets_no_more_time_where_the_taker_of_the_body_pauses_too(
        self, clock: FakeClock
    ) -> None:
        site, client, request, _ = pending(clock, post(b"x" * 9000)[:-9000])
        request.begin(200, b"", None, ended=False)
        client.stops_reading()
        request.write(b"y" * 100_000)
        request.pause_body()
        site.loop.run_later(30.0 + SWEEP)
        assert client.transport.aborted

    def test_that_is_taken_slowly_is_waited_for(self, clock: FakeClock) -> None:
        site, client, request, _ = pending(clock, get())
        client.stops_reading()
        request.respond(200, b"", b"y" * 1_000_000)
        for _ in range(20):
            site.loop.run_later(20.0)
            client.reads(50_000)
        assert not client.transport.aborted

    def test_that_is_the_last_and_fits_the_buffer_is_not_waited_for_forever(
        self, clock: FakeClock
    ) -> None:
        site, client, request, _ = pending(clock, get(b"/", b"Connection: close"))
        client.stops_reading()
        request.respond(200, b"", b"y" * 1000)
        assert client.transport.is_closing()
        site.loop.run_later(30.0 + SWEEP)
        assert client.transport.aborted

    def test_that_fits_the_buffer_and_is_not_taken_ends_an_idle_connection(
        self, clock: FakeClock
    ) -> None:
        site, client, request, _ = pending(clock, get())
        client.stops_reading()
        request.respond(200, b"", b"y" * 1000)
        site.loop.run_later(75.0 + 30.0 + 2 * SWEEP)
        assert client.transport.aborted

    def test_to_a_half_closed_client_is_not_waited_for_forever(self, clock: FakeClock) -> None:
        site, client, request, _ = pending(clock, get())
        client.shuts_down_sending()
        client.stops_reading()
        request.begin(200, b"", None, b"y" * 100_000, ended=False)
        site.loop.run_later(30.0 + SWEEP)
        assert client.transport.aborted


class TestLingering:
    def lingering(self, clock: FakeClock) -> tuple[Site, FakeClient]:
        site, client, request, _ = pending(clock, post(b"hello")[:-1])
        request.respond(403, b"", b"no")
        return site, client

    def test_ends_when_the_client_closes(self, clock: FakeClock) -> None:
        _, client = self.lingering(clock)
        assert not client.transport.is_closing()
        client.shuts_down_sending()
        assert client.transport.is_closing()

    def test_ends_after_its_time(self, clock: FakeClock) -> None:
        site, client = self.lingering(clock)
        for _ in range(5):
            site.loop.run_later(0.5)
            client.sends(b"x" * 100)
        assert client.transport.is_closing()

    def test_waits_for_an_answer_that_is_still_going_out(self, clock: FakeClock) -> None:
        site, client, request, _ = pending(clock, post(b"hello")[:-1])
        client.stops_reading()
        request.respond(403, b"", b"y" * 200_000)
        site.loop.run_later(2.0 + SWEEP)
        assert not client.transport.is_closing()
        client.reads()
        assert not client.transport.is_closing()
        site.loop.run_later(2.0 + SWEEP)
        assert client.transport.is_closing()
        assert len(client.received) > 200_000

    def test_is_given_up_where_nobody_reads(self, clock: FakeClock) -> None:
        site, client, request, _ = pending(clock, post(b"hello")[:-1])
        client.stops_reading()
        request.respond(403, b"", b"y" * 1000)
        site.loop.run_later(2.0 + 30.0 + 2 * SWEEP)
        assert client.transport.aborted


class TestDraining:
    def test_gives_a_silent_newcomer_a_second(self, clock: FakeClock) -> None:
        site, client = served(clock)
        site.listener.drain()
        site.loop.run_later(0.9)
        assert not client.transport.is_closing()
        site.loop.run_later(0.1 + SWEEP)
        assert client.transport.is_closing()

    def test_lets_a_newcomer_finish_its_request(self, clock: FakeClock) -> None:
        site, client = served(clock)
        client.sends(get()[:-1])
        site.listener.drain()
        site.loop.run_later(5.0)
        client.sends(get()[-1:])
        assert (client.statuses, client.transport.is_closing()) == ([200], True)


class TestTimeoutThatFails:
    def test_does_not_keep_the_sweep_from_the_others(self, clock: FakeClock) -> None:
        class Sink(RecordingSink):
            @override
            def client_left(self) -> None:
                raise RuntimeError("a bug")

        def handle(request: Request) -> None:
            request.sink = Sink()

        site = Site(handle, LIMITS, clock)
        clients = [site.client().sends(post(b"hello")[:-5]) for _ in range(3)]
        site.loop.run_later(20.0 + SWEEP)
        assert len(site.loop.failures) == 3
        assert [client.transport.aborted for client in clients] == [True] * 3
