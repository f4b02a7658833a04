"""Moments of a run that nobody played, made second by second."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hedgerow.load.book import Book, Frame
from hedgerow.load.moment import Moment
from hedgerow.load.order import Order
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan
from hedgerow.load.totals import Pace
from hedgerow.measure.slo import parse_slo
from hedgerow.report.document import Config, Phase, Point, ServerPoint

URL = "http://a.example/x"


def order(*slos: str, config: Config | None = None) -> Order:
    """An order for a run of an open model."""
    plan = LoadPlan(work=RequestPlan(url=URL, label="GET /x"), model=Closed(users=5))
    open_model = Config(model="open", rate="100", arrivals="even")
    promises = tuple(map(parse_slo, slos))
    return Order(plan=plan, target=URL, config=config or open_model, slos=promises)


@dataclass
class Moments:
    """A run that goes on by one second with each call of ``next``."""

    duration: float | None = 30.0
    requests: int | None = None
    total: Book = field(default_factory=Book)
    pace: Pace = field(default_factory=Pace)
    points: list[Point] = field(default_factory=list)
    server: list[ServerPoint] = field(default_factory=list)

    def next(
        self,
        phase: Phase = "measured",
        *,
        ok: int = 100,
        times_us: int = 2000,
        errors: Mapping[str, int] | None = None,
    ) -> Moment:
        """One more second, in which all good requests took equally long."""
        at = float(len(self.points) + 1)
        failed = sum((errors or {}).values())
        book = Book(sent=ok + failed, ok=ok, failed=failed, errors=dict(errors or {}))
        track = book.track("GET /x")
        track.plain.record_many(times_us, ok)
        track.failed.record_many(50 * times_us, failed)
        track.tally.count, track.tally.errors = ok + failed, failed
        frame = Frame(shard=0, number=int(at), at=at, seconds=1.0)
        if phase == "warm-up":
            frame.warm_up = book
        else:
            frame.measured = book
            self.total.merge(book)
        if phase == "measured":
            self.pace.add(frame)
        asked = 100.0 if phase != "drain" else 0.0
        self.points.append(
            Point(
                t=at, seconds=1.0, phase=phase, asked=asked, sent=ok + failed, ok=ok,
                failed=failed, in_flight=7, connections=9, backlog=3, p99_us=times_us,
                generator_cpu=0.25,
            )
        )  # fmt: skip
        return Moment(
            elapsed=at,
            phase=phase,
            second=frame,
            total=self.total,
            pace=self.pace,
            points=self.points,
            server=self.server,
            duration=self.duration,
            requests=self.requests,
        )
