"""Whatever happens in whatever order: at most one answer a request, and always an end."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.wire.limits import Limits
from hedgerow.wire.request import Request
from tests.fakes.client import FakeClient
from tests.fakes.clock import stopped_clock
from tests.fakes.sink import RecordingSink
from tests.fakes.site import Site, get, post, post_chunked

BIG = b"y" * 70_000
SENT = st.sampled_from(
    [
        get(b"/a"), get(b"/b") * 3, get(b"/c", b"Connection: close"), get(b"/d", version=b"1.0"),
        get(b"/e")[:9], get(b"/e")[9:], post(b"hello"), post(b"x" * 40)[:-20], b"x" * 20,
        post_chunked(b"hello"), post_chunked(ended=False), b"5\r\nhello\r\n", b"0\r\n\r\n",
        post(b"hello", b"Expect: 100-continue")[:-5], b"hello", b"\r\n", b"\r", b"\n", b"\0",
    ]
)  # fmt: skip
STEPS = st.one_of(
    st.tuples(st.just("sends"), SENT),
    st.tuples(
        st.sampled_from(
            ["responds", "begins", "writes", "writes much", "ends", "aborts", "cuts off", "accepts",
             "pauses", "resumes", "shuts down", "stops reading", "reads a little", "reads",
             "drains", "a moment", "a minute"]
        ),
        st.just(b""),
    ),
)  # fmt: skip


class Story:
    """A connection to which things happen."""

    def __init__(self, site: Site, *, at_once: bool) -> None:
        self.site = site
        self.requests: list[Request] = []
        self.at_once = at_once
        site.listener.handle = self.handle
        self.client: FakeClient = site.client()
        self.is_half_closed = False

    def handle(self, request: Request) -> None:
        assert not self.client.transport.is_closing(), "handed on after the end"
        request.sink = RecordingSink()
        self.requests.append(request)
        if self.at_once:
            request.respond(200, b"", b"")

    def happens(self, step: str, data: bytes) -> None:
        client, request = self.client, self.requests[-1] if self.requests else None
        if step == "sends" and not self.is_half_closed:
            client.sends(data)
        elif step == "shuts down" and not self.is_half_closed and client.transport.is_reading():
            self.is_half_closed = True
            if not client.shuts_down_sending():
                client.transport.close()
        elif step == "stops reading":
            client.stops_reading()
        elif step in ("reads a little", "reads"):
            client.reads(None if step == "reads" else 30_000)
        elif step == "drains":
            self.site.listener.drain()
        elif step in ("a moment", "a minute"):
            self.site.loop.run_later(0.4 if step == "a moment" else 60.0)
        elif request is not None:
            self.handler_does(request, step)
        if not self.is_half_closed:
            client.sends()

    def handler_does(self, request: Request, step: str) -> None:
        actions = {
            "responds": lambda: request.respond(200, b"", b""),
            "begins": lambda: request.begin(200, b"", None, b"z", ended=False),
            "aborts": request.abort,
            "cuts off": request.cut_off,
            "accepts": request.accept_body,
            "pauses": request.pause_body,
            "resumes": request.resume_body,
        }
        if step in actions:
            actions[step]()
        elif step in ("writes", "writes much", "ends") and request.status:
            request.write(BIG if step == "writes much" else b"z", ended=step == "ends")

    def ends(self) -> None:
        """Let the handler answer, and time pass."""
        for _ in range(6):
            for request in self.requests:
                request.resume_body()
                request.write(b"", ended=True) if request.status else request.respond(200, b"", b"")
            self.site.loop.run_later(110.0)
        assert self.client.transport.is_closing()
        self.client.leaves()


@pytest.mark.unhurried(reason="lets minutes pass, a quarter of a second at a time")
class TestAnyOrderOfEvents:
    @given(st.lists(STEPS, max_size=25), st.booleans(), st.booleans())
    def test_gives_at_most_one_answer_a_request_and_an_end(
        self, steps: list[tuple[str, bytes]], at_once: bool, by_turns: bool
    ) -> None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            clock = stopped_clock(monkeypatch)
            site = Site(lambda request: None, Limits(max_pipelined=200), clock, by_turns=by_turns)
            story = Story(site, at_once=at_once)
            for step, data in steps:
                story.happens(step, data)
            story.ends()
        statuses = [status for status in story.client.statuses if status != 100]
        refused = [status for status in statuses if status != 200]
        assert len(refused) <= 1
        assert refused == statuses[len(statuses) - len(refused) :], "answered after a refusal"
        assert statuses.count(200) <= len(story.requests)
        assert site.listener.connections == set()
        assert story.client.connection.due_at == math.inf
        assert site.loop.failures == []
