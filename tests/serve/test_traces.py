"""Which stories are kept, and how they are told."""

import datetime
import itertools
from dataclasses import dataclass
from typing import Any

from hedgerow.policy import Exchange
from hedgerow.serve.plan import ProxyTerms
from hedgerow.serve.traces import TraceRing
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.gateway_bench import request_head
from tests.fakes.policy import START, Ends, Head, Race, burst, route

WALL = datetime.datetime(2026, 1, 31, 12, 0, 0, tzinfo=datetime.UTC)


@dataclass
class Over:
    """A request that is over."""

    terms: ProxyTerms
    request: Request
    exchange: Exchange | None
    arrived_at: float
    finished_at: float


def over(
    took: float, *, at: float = START + 10.0, target: str = "/x", exchange: Exchange | None = None
) -> Over:
    raw = f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    request = Request(request_head(raw), FakeCarrier())
    request.status = 200
    return Over(ProxyTerms(route()), request, exchange, at - took, at)


class Ring:
    def __init__(self, size: int = 3) -> None:
        self.ring = TraceRing(size)
        self.names = itertools.count()

    def adds(self, *times: float, at: float = START + 10.0) -> "Ring":
        for took in times:
            self.ring.add(over(took, at=at, target=f"/{next(self.names)}"))
        return self

    def told(self, of: str) -> list[str]:
        return [one["target"] for one in self.ring.told(START + 10.0, WALL)[of]]


class TestLast:
    def test_are_told_from_the_newest(self) -> None:
        assert Ring().adds(0.1, 0.1).told("last") == ["/1", "/0"]

    def test_may_be_none(self) -> None:
        assert Ring(0).adds(0.1, 0.2).told("last") == []

    def test_are_no_more_than_are_kept(self) -> None:
        assert Ring(3).adds(*[0.1] * 50).told("last") == ["/49", "/48", "/47"]

    def test_are_no_more_than_are_asked_for(self) -> None:
        ring = Ring(3).adds(0.1, 0.1, 0.1).ring
        assert [one["target"] for one in ring.last(START + 10.0, WALL, 2)] == ["/2", "/1"]


class TestSlowest:
    def test_are_told_from_the_slowest(self) -> None:
        assert Ring(3).adds(0.1, 0.9, 0.2, 0.8, 0.3).told("slowest") == ["/1", "/3", "/4"]

    def test_are_kept_while_many_quick_ones_pass(self) -> None:
        ring = Ring(2).adds(0.9, 0.8)
        assert ring.adds(*[0.1] * 100).told("slowest") == ["/0", "/1"]

    def test_stay_for_one_generation_after_their_own(self) -> None:
        ring = Ring(2).adds(0.9)
        assert ring.adds(0.1, at=START + 611.0).told("slowest") == ["/0", "/1"]
        assert ring.adds(0.2, at=START + 1212.0).told("slowest") == ["/2", "/1"]

    def test_are_forgotten_when_nobody_comes_any_more(self) -> None:
        ring = Ring(2).adds(0.9)
        assert ring.ring.told(START + 1300.0, WALL)["slowest"] == []
        assert ring.adds(0.1, at=START + 9000.0).told("slowest") == ["/1"]

    def test_may_be_equally_slow(self) -> None:
        assert len(Ring(3).adds(*[0.5] * 9).told("slowest")) == 3


class TestStory:
    def test_tells_request_and_attempts(self) -> None:
        race = Race(route(burst(0.3, 1, same_replica=False))).play(
            (0.4, 2, Head()), (0.45, 2, Ends())
        )
        story = self.told(over(0.5, at=START + 0.45, exchange=race.exchange))
        assert (story["method"], story["status"], story["ms"]) == ("GET", 200, 500.0)
        primary, hedge = story["attempts"]
        assert (primary["kind"], primary["fate"], primary["won"]) == ("primary", "cancelled", False)
        assert (hedge["kind"], hedge["fate"], hedge["won"]) == ("hedge", "200", True)
        assert (primary["sent_ms"], primary["answered_ms"]) == (50.0, None)
        assert (hedge["sent_ms"], hedge["answered_ms"], hedge["ended_ms"]) == (350.0, 450.0, 500.0)
        assert hedge["replica"] != primary["replica"]

    def test_tells_when_it_began_by_the_wall(self) -> None:
        assert self.told(over(0.5, at=START + 9.0))["at"] == "2026-01-31T11:59:58.500Z"

    def test_of_one_that_went_nowhere_has_no_attempts(self) -> None:
        assert self.told(over(0.1))["attempts"] == []

    def test_keeps_no_connection_alive(self) -> None:
        ring, one = TraceRing(3), over(0.1)
        ring.add(one)
        request: object = one.request
        assert not any(part is request for story in ring._last for part in story)

    def told(self, one: Over) -> dict[str, Any]:
        ring = TraceRing(3)
        ring.add(one)
        return ring.told(START + 10.0, WALL)["last"][0]
