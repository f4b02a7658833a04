"""Everything that a run has counted so far: frames in, the measured part and the series out.

Must not know where frames come from, nor how results are written.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from hedgerow.load.book import Book, Frame
from hedgerow.load.plan import LoadPlan, Open
from hedgerow.load.series import Series, phase_at
from hedgerow.measure import Histogram
from hedgerow.report.document import Point
from hedgerow.workload import RateProfile

_ROUNDING: Final = 0.02  # seconds


@dataclass(slots=True)
class Trouble:
    """What happened to the generators and their machines, in the measured part."""

    cpu: list[float] = field(default_factory=list)  # the busiest process, a value a second
    cpu_seconds: float = 0.0  # of all processes
    process_seconds: float = 0.0  # that all processes together were there
    idle: list[float] = field(default_factory=list)
    steal: list[float] = field(default_factory=list)
    loop_lag: Histogram = field(default_factory=Histogram)
    gc_pause: float = 0.0
    throttled: float = 0.0
    memory: int = 0
    descriptors_short: bool = False
    ports_short: bool = False
    missing: set[int] = field(default_factory=set)  # shards that were lost
    lost_because: list[str] = field(default_factory=list)  # for each of these
    lost_processes: int = 0
    start_spread: float | None = None  # seconds, at most, between the shards' beginnings


@dataclass(slots=True)
class Pace:
    """What ended while requests were sent that count; what ended in the drain is not in it.

    Requests that began in the warm-up and ended in the measured part stand for those that
    began in it and ended too late: without them a rate would be short of an answer's time.
    """

    seconds: float = 0.0
    ended: Counter[str] = field(default_factory=Counter)  # by label
    ok: Counter[str] = field(default_factory=Counter)

    def add(self, frame: Frame) -> None:
        """Add an interval of the measured part."""
        self.seconds += frame.seconds
        for book in (frame.warm_up, frame.measured):
            for label, track in book.tracks.items():
                self.ended[label] += track.tally.count
                self.ok[label] += track.tally.count - track.tally.errors

    def rate(self, label: str | None, *, only_ok: bool) -> float | None:
        """Return how many ended a second, of a label or of all; None before there was time."""
        if self.seconds <= 0:
            return None
        counts = self.ok if only_ok else self.ended
        return (counts.total() if label is None else counts[label]) / self.seconds


class Totals:
    """Adds frames up."""

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self.book = Book()  # of the measured part
        self.series = Series(plan)
        self.trouble = Trouble()
        self.pace = Pace()
        self.measured_until = 0.0
        self.was_stopped = False  # before the plan's end
        self.sent_in_window = 0
        self._profile = _profile(plan.model) if isinstance(plan.model, Open) else None

    def add(self, frame: Frame) -> Point:
        """Add one interval, all shards together; returns its point."""
        phase = phase_at(self.plan, frame.at, frame.seconds)
        self.book.merge(frame.measured)
        point = self.series.add(
            frame, asked=self.asked_at(frame), missing_shards=len(self.trouble.missing)
        )
        if phase == "measured":
            self.pace.add(frame)
            self.measured_until = frame.at
            self.sent_in_window += point.sent
            self._add_health(frame)
        self.trouble.lost_processes = max(self.trouble.lost_processes, frame.lost_processes)
        return point

    @property
    def ended_by_time(self) -> bool:
        """The measured part was as long as the plan wanted it."""
        duration = self.plan.duration
        if duration is None or self.was_stopped:
            return False
        return self.measured_until >= self.plan.warm_up + duration - _ROUNDING

    @property
    def measured_span(self) -> tuple[float, float]:
        """After when, and until when, what was seen belongs to the measured part."""
        return self.plan.warm_up, self.measured_until + _ROUNDING

    def stopped(self) -> None:
        """Nothing is sent any more, because somebody wanted it so."""
        self.was_stopped = self.was_stopped or not self.ended_by_time

    def asked_at(self, frame: Frame) -> float | None:
        """Arrivals a second that the plan has in an interval; None in a closed model."""
        if self._profile is None:
            return None
        if phase_at(self.plan, frame.at, frame.seconds) == "drain" or not frame.seconds:
            return 0.0
        due = self._profile.cumulative(frame.at)
        before = self._profile.cumulative(max(0.0, frame.at - frame.seconds))
        return (due - before) / frame.seconds

    def asked_rate(self, seconds: float) -> float | None:
        """Arrivals a second that the plan had in its measured part; None in a closed model."""
        if self._profile is None or not seconds:
            return None
        begin, due = self.plan.warm_up, self._profile.cumulative
        return (due(begin + seconds) - due(begin)) / seconds

    def _add_health(self, frame: Frame) -> None:
        health, trouble = frame.health, self.trouble
        if health.cpu:
            trouble.cpu.append(max(health.cpu))
        trouble.cpu_seconds += sum(health.cpu) * frame.seconds
        trouble.process_seconds += len(health.cpu) * frame.seconds
        if health.idle is not None:
            trouble.idle.append(health.idle)
        trouble.steal.append(health.steal)
        trouble.loop_lag.merge(health.loop_lag)
        trouble.gc_pause = max(trouble.gc_pause, health.gc_pause)
        trouble.throttled += health.throttled
        trouble.memory = health.memory or trouble.memory
        trouble.descriptors_short |= health.descriptors_short
        trouble.ports_short |= health.ports_short


def _profile(model: Open) -> RateProfile:
    return RateProfile.of(model.start_rate, tuple((s.seconds, s.target) for s in model.stages))
