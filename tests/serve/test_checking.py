"""What a check sends, and what it tells; the wheel and the pool are played by the test."""

from collections.abc import Iterator
from typing import cast

import pytest

from hedgerow.errors import Failure
from hedgerow.serve.checking import CheckTerms, ReplicaCheck
from hedgerow.wire.call import Call
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.heads import ResponseHeadParser
from hedgerow.wire.pool import Origin, Pool
from tests.fakes.clock import START, FakeClock, stopped_clock
from tests.fakes.loop import FakeLoop

TERMS = CheckTerms("/health", 2.0)
HEAD = ResponseHeadParser().parse(b"HTTP/1.1 200 OK\r\n\r\n", to_head=False, upstream="r1")


class HeldPool:
    """Keeps what is started."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.was_refused = False
        self.is_closed = False

    def start(self, call: Call) -> None:
        self.calls.append(call)

    def close(self) -> None:
        self.is_closed = True


class Asked:
    """A check of one replica; ``told`` is what it found."""

    def __init__(self, clock: FakeClock, *, descriptors: int = 10) -> None:
        self.loop = FakeLoop(clock)
        self.engine = Engine(self.loop, Descriptors(descriptors))
        self.told: list[tuple[float, str]] = []
        origin = Origin("192.0.2.1", 80)
        self.check = ReplicaCheck(
            TERMS,
            origin,
            "api.test",
            self.engine,
            lambda now, found: self.told.append((now, found)),
        )
        self.pool = HeldPool()

    def holds(self) -> "Asked":
        """Send nothing to the network."""
        self.check._pool = cast("Pool", self.pool)
        return self

    @property
    def findings(self) -> list[str]:
        return [found for _, found in self.told]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    clock = stopped_clock(monkeypatch)
    monkeypatch.setattr("hedgerow.serve.checking.time", clock)
    made = Asked(clock).holds()
    yield made
    assert made.loop.failures == []


class TestTerms:
    def test_make_a_request_that_keeps_no_connection(self) -> None:
        assert TERMS.head("api.test:81").split(b"\r\n") == [
            b"GET /health HTTP/1.1",
            b"Host: api.test:81",
            b"User-Agent: hedgerow-check",
            b"Accept: */*",
            b"Connection: close",
            b"",
            b"",
        ]

    def test_may_name_another_host(self) -> None:
        assert b"\r\nHost: b.test\r\n" in CheckTerms("/", 1.0, "b.test").head("a.test")

    @pytest.mark.parametrize("status", [200, 204, 302, 399])
    def test_take_any_status_that_is_no_error(self, status: int) -> None:
        assert TERMS.accepts(status)

    @pytest.mark.parametrize("status", [199, 400, 404, 503])
    def test_take_no_error(self, status: int) -> None:
        assert not TERMS.accepts(status)

    def test_take_only_those_that_are_listed(self) -> None:
        terms = CheckTerms("/", 1.0, statuses=frozenset({401}))
        assert (terms.accepts(401), terms.accepts(200)) == (True, False)


class TestCheck:
    def test_passes_with_the_end_of_its_answer(self, asked: Asked) -> None:
        asked.check.ask(START)
        (call,) = asked.pool.calls
        call.answer_began(HEAD, b"we", ended=False)
        assert asked.told == []
        call.body_received(b"ll", ended=True)
        assert asked.findings == ["passed"]
        assert asked.check.last == "passed: status 200"

    def test_passes_with_as_much_as_is_read(self, asked: Asked) -> None:
        asked.check.ask(START)
        (call,) = asked.pool.calls
        call.answer_began(HEAD, b"x" * 40_000, ended=False)
        call.body_received(b"x" * 40_000, ended=False)
        assert asked.findings == ["passed"]
        assert call.is_done  # its connection is reset

    def test_fails_when_its_time_is_over(self, asked: Asked) -> None:
        asked.check.ask(START)
        asked.loop.run_later(1.99)
        assert asked.told == []
        asked.loop.run_later(0.05)
        assert asked.findings == ["failed"]
        assert asked.pool.calls[0].is_done
        assert asked.check.last == "failed: no whole answer within 2s"

    def test_that_has_passed_does_not_fail_later(self, asked: Asked) -> None:
        asked.check.ask(START)
        asked.pool.calls[0].answer_began(HEAD, b"", ended=True)
        asked.loop.run_later(5.0)
        assert asked.findings == ["passed"]

    def test_fails_when_its_connection_breaks(self, asked: Asked) -> None:
        asked.check.ask(START)
        asked.pool.calls[0].failed(Failure.RESET, "the connection broke before the answer")
        assert asked.findings == ["failed"]
        assert asked.check.last == "failed: the connection broke before the answer"

    @pytest.mark.parametrize(("was_refused", "found"), [(True, "refused"), (False, "failed")])
    def test_tells_whether_somebody_listens(
        self, asked: Asked, was_refused: bool, found: str
    ) -> None:
        asked.check.ask(START)
        asked.pool.was_refused = was_refused
        asked.pool.calls[0].failed(Failure.CONNECT, "nobody there")
        assert asked.findings == [found]

    def test_that_is_still_out_is_dropped_for_the_next(self, asked: Asked) -> None:
        asked.check.ask(START)
        asked.check.ask(START + 1)
        assert [call.is_done for call in asked.pool.calls] == [True, False]
        asked.loop.run_later(2.5)
        assert asked.findings == []
        asked.loop.run_later(1.0)
        assert asked.findings == ["failed"]

    def test_is_dropped_when_there_shall_be_no_more(self, asked: Asked) -> None:
        asked.check.ask(START)
        asked.check.stop()
        asked.loop.run_later(5.0)
        assert (asked.told, asked.pool.is_closed) == ([], True)
        assert asked.pool.calls[0].is_done

    def test_is_not_made_where_no_descriptor_is_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = Asked(stopped_clock(monkeypatch), descriptors=0)
        asked.check.ask(START)
        assert asked.findings == ["not made"]
        asked.loop.run_later(5.0)
        assert asked.findings == ["not made"]
