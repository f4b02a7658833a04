"""A server that is a formula, and runs against it that take no time."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from hedgerow.lab.find import Asked
from hedgerow.lab.search import Bounds
from hedgerow.load.book import Book, Frame
from hedgerow.load.figures import BookFigures, Promises
from hedgerow.load.moment import Moment
from hedgerow.load.order import Order
from hedgerow.load.plan import Closed, LoadPlan, Open, RequestPlan
from hedgerow.load.totals import Pace
from hedgerow.measure.slo import parse_slo
from hedgerow.report.document import (
    Distribution,
    Document,
    Latencies,
    Point,
    Rate,
    Reason,
    Requests,
    State,
    Verdict,
)
from hedgerow.report.find_document import By

URL = "http://server.example/"
_QUANTILES: Final = [(number + 0.5) / 500 for number in range(500)]


def asked(*slos: str, by_users: bool = False, most: float = 10_000.0) -> Asked:
    """A search for what keeps these promises."""
    plan = LoadPlan(
        work=RequestPlan(url=URL, label="GET /"),
        model=Closed(users=10) if by_users else Open(start_rate=10.0),
    )
    order = Order(plan=plan, target=URL, slos=tuple(map(parse_slo, slos)))
    bounds = Bounds(start=10, least=1, most=most, whole=by_users)
    by: By = "users" if by_users else "rate"
    return Asked(order=order, by=by, bounds=bounds, probe=10.0, confirm=30.0, settle=0.0)


@dataclass
class SimulatedServer:
    """M/M/1: ``rate`` requests a second at most; ``generator`` is what the generator can."""

    rate: float = 1000.0
    generator: float = math.inf
    down: bool = False
    orders: list[Order] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # that each run lasted
    during: Callable[["SimulatedRun"], None] = lambda run: None  # called each second

    def make_run(self, order: Order, on_second: Callable[[Moment], None]) -> "SimulatedRun":
        """Return a run, and remember its order."""
        self.orders.append(order)
        return SimulatedRun(self, order, on_second)

    def times(self, load: float, seconds: float) -> list[float]:
        """Response times by quantile; above capacity each waits longer than the one before."""
        if load < self.rate:
            return [-math.log(1 - q) / (self.rate - load) for q in _QUANTILES]
        return [q * seconds * (load / self.rate - 1) + 1 / self.rate for q in _QUANTILES]


class SimulatedRun:
    """One run; plays a second after another, and none really passes."""

    def __init__(
        self, server: SimulatedServer, order: Order, on_second: Callable[[Moment], None]
    ) -> None:
        self.server = server
        self.order = order
        self.stopped_because = ""
        self.interrupted = False
        self.was_cut_off = False
        self._on_second = on_second
        self._points: list[Point] = []

    def stop(self, why: str, *, interrupted: bool = True) -> None:
        self.stopped_because = self.stopped_because or why
        self.interrupted = interrupted

    def cut_off(self) -> None:
        self.was_cut_off = True

    async def play(self) -> Document:
        """Play to the end, or until stopped."""
        planned = self.order.plan.duration or 0.0
        while len(self._points) < planned and not self.stopped_because:
            self._second()
        seconds = float(len(self._points))
        self.server.seconds.append(seconds)
        return self._document(seconds)

    @property
    def _load(self) -> float:
        """Requests a second that are asked."""
        match self.order.plan.model:
            case Open() as model:
                return model.start_rate
            case Closed() as model:  # one request of 10 ms each, as long as the server can
                return min(model.users / 0.01, self.server.rate * 0.999)

    def _second(self) -> None:
        t = float(len(self._points) + 1)
        is_open = isinstance(self.order.plan.model, Open)
        waiting = max(0.0, self._load - self.server.rate) * t
        asked = self._load if is_open else None
        answered = round(min(self._load, self.server.rate))
        ok, failed = (0, answered) if self.server.down else (answered, 0)
        point = Point(
            t=t, seconds=1.0, phase="measured", asked=asked, ok=ok, failed=failed,
            backlog=round(waiting),
        )  # fmt: skip
        self._points.append(point)
        frame = Frame(shard=0, number=len(self._points), at=t, seconds=1.0)
        self._on_second(Moment(t, "measured", frame, Book(), Pace(), self._points, [], None, None))
        self.server.during(self)

    def _document(self, seconds: float) -> Document:
        book = self._book(seconds)
        figures = BookFigures(book, seconds)
        results = Promises(self.order.slos).results(figures)
        whole = book.whole().response()
        return Document(
            target=self.order.target,
            duration_s=seconds,
            interrupted=self.interrupted,
            stopped_because=self.stopped_because,
            slo=results,
            timeseries=self._points,
            verdict=self._verdict(),
            rate=Rate(asked=self._load, completed=book.ended / seconds if seconds else 0.0),
            requests=Requests(total=book.ended, ok=book.ok, failed=book.failed),
            errors=book.errors,
            latency_us=Latencies(
                response=Distribution(
                    count=whole.count, p50=whole.quantile(0.5), p99=whole.quantile(0.99)
                )
            ),
        )

    def _book(self, seconds: float) -> Book:
        book = Book()
        track = book.track("GET /")
        if self.server.down:
            book.failed, book.errors = 500, {"connect_refused": 500}
            track.failed.record_many(100, 500)
            return book
        times = self.server.times(self._load, seconds)
        if isinstance(self.order.plan.model, Closed):  # Little: they share what the server does
            each = self.order.plan.model.users / self._load
            times = [each for _ in times]
        book.ok = round(min(self._load, self.server.rate) * seconds)
        track.ok.record_all(round(time * 1e6) for time in times)
        return book

    def _verdict(self) -> Verdict:
        if self._load <= self.server.generator:
            return Verdict()
        state: State = "SUSPECT"
        reason = Reason(kind="generator-cpu", state=state, fact="it used 99 %", hint="-w 2")
        return Verdict(state=state, reasons=[reason])


def with_connections(search: Asked, most: int) -> Asked:
    """The same search with at most that many connections."""
    plan = search.order.plan
    model = Open(start_rate=10.0, max_connections=most)
    changed = LoadPlan(work=plan.work, model=model)
    return replace(search, order=replace(search.order, plan=changed))
