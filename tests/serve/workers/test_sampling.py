"""What a loop writes of itself."""

import time
from dataclasses import dataclass
from typing import cast

import pytest

from hedgerow.serve.gateway import Gateway
from hedgerow.serve.workers.board import Board, Cell, Entry
from hedgerow.serve.workers.sampling import Sampler, time_of_thread


@dataclass
class FakeLag:
    last: float = 0.0


class FakeGateway:
    """What a sampler looks at."""

    def __init__(self) -> None:
        self.lag: FakeLag | None = FakeLag()
        self.clients = 0
        self.accepted = 0
        self.requests = 0


class Loop:
    """A loop that is busy for a share of its time."""

    def __init__(self) -> None:
        (self.entry,) = Board(1, 1024).reserve(1)
        self.gateway = FakeGateway()
        self.used = 5.0
        self.now = 100.0
        self.published = 0
        self.cost = 0.0  # of a report, seconds of processor time
        gateway = cast("Gateway", self.gateway)
        self.sampler = Sampler(self.entry, gateway, self.publish, lambda: self.used)
        self.sampler.sweep(self.now)

    def publish(self) -> bytes:
        self.published += 1
        self.used += self.cost
        return b"report %d" % self.published

    def works(self, share: float, sweeps: int = 1) -> None:
        for _ in range(sweeps):
            self.now += 0.25
            self.used += 0.25 * share
            self.sampler.sweep(self.now)

    @property
    def utilisation(self) -> float:
        return self.entry.number_at(Cell.UTILISATION)


@pytest.fixture
def loop() -> Loop:
    return Loop()


class TestTimeOfAThread:
    def test_goes_on_while_it_works(self) -> None:
        used = time_of_thread()
        before, until = used(), time.thread_time() + 0.05
        while time.thread_time() < until:
            pass
        assert used() - before > 0.03  # the kernel adds at its ticks


class TestUtilisation:
    def test_is_the_share_of_time_that_was_not_waited(self, loop: Loop) -> None:
        loop.works(0.6, 4)
        assert loop.utilisation == pytest.approx(0.6)

    def test_is_that_of_the_last_second(self, loop: Loop) -> None:
        loop.works(0.9, 8)
        loop.works(0.1, 4)
        assert loop.utilisation == pytest.approx(0.1)

    def test_is_averaged_over_it(self, loop: Loop) -> None:
        loop.works(0.0, 4)
        loop.works(1.0, 1)
        assert loop.utilisation == pytest.approx(0.25)

    def test_is_never_above_one(self, loop: Loop) -> None:
        loop.works(1.3, 4)
        assert loop.utilisation == 1.0


class TestNumbers:
    def test_are_the_gateways(self, loop: Loop) -> None:
        loop.gateway.clients, loop.gateway.accepted, loop.gateway.requests = 3, 40, 500
        loop.works(0.1)
        assert numbers(loop.entry) == (3, 40, 500)

    def test_are_written_at_the_end_too(self, loop: Loop) -> None:
        loop.gateway.requests = 501
        loop.sampler.finish()
        assert loop.entry[Cell.REQUESTS] == 501

    def test_include_a_sign_of_life(self, loop: Loop) -> None:
        loop.works(0.1, 3)
        assert loop.entry.number_at(Cell.HEARTBEAT) == loop.now


class TestLag:
    def test_is_the_worst_of_the_last_second(self, loop: Loop) -> None:
        loop.gateway.lag = FakeLag(0.2)
        loop.works(0.1)
        loop.gateway.lag = FakeLag(0.0)
        loop.works(0.1, 3)
        assert loop.entry.number_at(Cell.LAG) == 0.2
        loop.works(0.1, 2)
        assert loop.entry.number_at(Cell.LAG) == 0.0

    def test_is_none_where_nobody_measures_it(self, loop: Loop) -> None:
        loop.gateway.lag = None
        loop.works(0.1, 6)
        assert loop.entry.number_at(Cell.LAG) == 0.0


class TestReport:
    def test_is_published_once_a_second_and_at_the_end(self, loop: Loop) -> None:
        loop.works(0.1, 8)
        assert loop.entry.report() == b"report 3"
        loop.works(0.1, 2)
        assert loop.published == 3
        loop.sampler.finish()
        assert loop.entry.report() == b"report 4"

    def test_that_costs_much_comes_less_often(self, loop: Loop) -> None:
        loop.cost = 0.03
        loop.works(0.1, 4 * 9)  # a hundredth of the time goes into reports: one in 3 s
        assert loop.published == 4


class TestRate:
    def test_is_of_the_last_second(self, loop: Loop) -> None:
        for _ in range(8):
            loop.gateway.requests += 10
            loop.works(0.1)
        assert loop.entry.number_at(Cell.RATE) == pytest.approx(40.0)
        loop.works(0.1, 4)
        assert loop.entry.number_at(Cell.RATE) == 0.0


def numbers(entry: Entry) -> tuple[int, int, int]:
    return entry[Cell.CLIENTS], entry[Cell.ACCEPTED], entry[Cell.REQUESTS]
