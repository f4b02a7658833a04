"""A limit that halves itself now and then, and looks whether requests get faster.

Learns from latency, like Envoy's gradient (``limit_envoy``), and differs in how it finds
out what a request takes when nothing waits, the *floor*.  While the upstream works at its
capacity, half as many in flight take half as long each, because they only waited; while it
does not, they take as long as before.  So halving the limit for some fifty requests tells
the two apart, whatever the limit is and however slow the upstream, and costs half of the
throughput for a moment at most::

    FOLLOWING --a probe is due------------------------> PROBING   the limit is halved
    PROBING   --faster than at twice the limit--------> PROBING   and halved again
    PROBING   --not faster: this is the floor---------> FOLLOWING the limit before this halving

    g = (floor + slack) / median of the window, between 0.5 and 2
    L = g L + sqrt(g L), between lowest and most;  no more while L/2 or less is used

The slack is a quarter of the floor, and 5 ms at least: that much the event loop of a busy gateway
adds by itself, and an upstream that answers in a millisecond would be throttled for it.

When the gradient itself has halved the limit and requests did not get faster for it, that
was a probe too: the upstream has become slower for good, its time now is the floor.

Several gateways before one upstream must probe together: if one of four halves its limit, the
others fill what it frees, and nothing gets faster.  So probes are due at multiples of their
gap on the clock that ``now`` is read from, which the workers of one machine share.

A sample counts when it was sent after the last change of the limit: to answer a change by
another before its effect is seen is how controllers begin to swing.  A window lasts two
floors at least, or it would hold the quick answers only.  A dropped request counts as
infinitely slow in a window, and not at all in a probe.

A probe goes on to the end although it meets the floor that is known on the way.  To stop there
was tried: it spares a dip of half a second in 30, and of four gateways the one whose floor is too
high never finds out (the limit drifted to 12 times the workers).

Why a median: a tail moves it little, a queue moves it as much as the mean.  docs/decisions/0015
has the comparison with the other limits.
"""

import enum
import math
import statistics
from dataclasses import dataclass
from typing import Final, NamedTuple

from hedgerow.errors import ConfigError
from hedgerow.policy.concurrency import SHORTEST_RTT, require_limit

#: Faster than this share of the time before is faster.  Half the limit gives 0.5 where all of it
#: was queue and 1 where nothing was; fifty samples leave the median uncertain by a tenth.
_FASTER: Final = 0.7
#: Of a window: enough for a median, few enough to sort.
_AT_LEAST: Final = 10
_MOST_KEPT: Final = 1000
_WINDOW_IN_FLOORS: Final = 2.0


class Phase(enum.Enum):
    """What the samples are used for."""

    FOLLOWING = enum.auto()
    PROBING = enum.auto()


_PROBING: Final = Phase.PROBING


@dataclass(frozen=True, slots=True)
class HalvingRules:
    """Durations in seconds."""

    initial: int = 20
    lowest: int = 2
    most: int = 1000
    buffer: float = 0.25  # of the floor: so much slower is not busy yet
    slack: float = 0.005  # and so much neither
    window: float = 0.1
    probe_every: float = 30.0
    probe_samples: int = 50
    probe_share: float = 0.04  # of the time that may be spent probing

    def __post_init__(self) -> None:
        require_limit("lowest", self.lowest)
        if not self.lowest <= self.initial <= self.most:
            must = f"from lowest ({self.lowest}) to most ({self.most})"
            fix = "It is the limit until the upstream is known."
            raise ConfigError("initial", got=self.initial, must=must, fix=fix)


#: So many times `probe_every` is the longest time from one probe to the next.
_LONGEST_GAP: Final = 120.0


class _Reference(NamedTuple):
    """How long requests took when so many were in flight."""

    rtt: float
    in_flight: float


class HalvingLimit:
    """The gradient over a floor that is found by halving."""

    __slots__ = (
        "_closes_at",
        "_estimate",
        "_most_in_flight",
        "_probe_at",
        "_probe_began",
        "_reference",
        "_rtts",
        "_rules",
        "_since",
        "floor",
        "limit",
        "phase",
    )

    def __init__(self, rules: HalvingRules | None = None) -> None:
        self._rules = rules or HalvingRules()
        self._estimate = float(self._rules.initial)
        self.limit = self._rules.initial
        self.phase = Phase.FOLLOWING
        self.floor = 0.0  # seconds; 0 until the first probe has ended
        self._reference: _Reference | None = None  # what a lower limit is compared with
        self._since = -math.inf  # the last change
        self._closes_at = math.inf  # the earliest end of the window; it begins with a sample
        self._probe_began = 0.0
        self._probe_at = -math.inf
        self._most_in_flight = 0
        self._rtts: list[float] = []

    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        if now - rtt < self._since or (rtt < SHORTEST_RTT and not dropped):
            return
        if in_flight > self._most_in_flight:
            self._most_in_flight = in_flight
        rtts = self._rtts
        if self.phase is _PROBING:
            if not dropped:
                rtts.append(rtt)
                if len(rtts) >= self._rules.probe_samples:
                    self._end_step(now)
            return
        if len(rtts) < _MOST_KEPT:
            rtts.append(math.inf if dropped else rtt)
        if now >= self._closes_at:
            if len(rtts) >= _AT_LEAST:
                self._close_window(now)
        elif self._since == -math.inf:
            self._begin_window(now - rtt)

    # --- following ---

    def _begin_window(self, now: float) -> None:
        self._since = now
        self._closes_at = now + max(self._rules.window, _WINDOW_IN_FLOORS * self.floor)

    def _close_window(self, now: float) -> None:
        middle = statistics.median_low(self._rtts)
        in_flight = self._most_in_flight
        if now >= self._probe_at and middle < math.inf:  # nothing is faster than not answered
            self._begin_probe(now, middle)
        else:
            self._learn_from_shrinking(middle, in_flight)
            self._follow(middle, in_flight)
        self._start(now)

    def _follow(self, middle: float, in_flight: int) -> None:
        rules = self._rules
        calm = self.floor + max(rules.buffer * self.floor, rules.slack)
        gradient = max(0.5, min(2.0, calm / middle))
        grown = self._estimate * gradient
        wanted = max(float(rules.lowest), min(float(rules.most), grown + math.sqrt(grown)))
        if wanted >= self._estimate:
            self._reference = None
            if in_flight * 2 <= self._estimate:
                return
        elif self._reference is None:
            self._reference = _Reference(middle, min(float(in_flight), self._estimate))
        self._estimate = wanted
        self.limit = int(wanted)

    def _learn_from_shrinking(self, middle: float, in_flight: int) -> None:
        """Half as many as at the reference are in flight: see whether it was of any use."""
        reference = self._reference
        if reference is None or in_flight * 2 > reference.in_flight or middle == math.inf:
            return
        if middle >= _FASTER * reference.rtt:
            self.floor = max(self.floor, middle)
        self._reference = None

    # --- probing ---

    def _begin_probe(self, now: float, middle: float) -> None:
        self.phase = Phase.PROBING
        self._probe_began = now
        self._halve(middle, self._estimate)

    def _halve(self, middle: float, limit: float) -> None:
        self._reference = _Reference(middle, limit)
        self.limit = max(self._rules.lowest, int(limit / 2))

    def _end_step(self, now: float) -> None:
        assert self._reference is not None
        middle = statistics.median(self._rtts)
        if middle < _FASTER * self._reference.rtt and self.limit > self._rules.lowest:
            self._halve(middle, float(self.limit))
            self._start(now)
            return
        self.floor = middle
        self.phase = Phase.FOLLOWING
        self._estimate = self._reference.in_flight
        self.limit = int(self._estimate)
        self._reference = None
        self._probe_at = self._next_probe(now)
        self._start(now)

    def _next_probe(self, now: float) -> float:
        """At a multiple of the gap, so that all who share a clock probe together."""
        gap = self._rules.probe_every
        longest = gap * _LONGEST_GAP  # a probe in which traffic paused may have lasted for hours
        while gap < longest and (now - self._probe_began) > gap * self._rules.probe_share:
            gap *= 2.0
        return (math.floor(now / gap) + 1.0) * gap

    def _start(self, now: float) -> None:
        self._begin_window(now)
        self._most_in_flight = 0
        self._rtts = []
