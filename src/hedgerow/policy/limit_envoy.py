"""A limit that compares what requests take with what they take when few are there.

Learns from latency, after Envoy's adaptive concurrency filter (``gradient_controller.cc``):
every minute it lets only three requests in at once, until fifty have ended; the median of
their rtt is the *floor* (Envoy's minRTT).  Between these probes it follows the gradient,
window by window::

    PROBING   --50 samples---------------------------> FOLLOWING   limit as before the probe
    FOLLOWING --a minute, or 5 windows at the lowest-> PROBING     limit = lowest

    g = 1.25 floor / median of the window, between 0.5 and 2
    L = floor of (g L + sqrt(g L)), between lowest and most

It stays where the passive laws drift: under a lasting overload every passive measure of "not
busy" is wrong, because the upstream never is; the probe makes it so for a moment.  The price
is the probe (at one second a request it takes a quarter of a minute), and that the limit
grows to its most when there is little to do, so that a burst finds none.

Beside Envoy's: a dropped request counts as infinitely slow in a window, and not in a probe.
"""

import enum
import math
import random
import statistics

from hedgerow.policy.concurrency import SHORTEST_RTT, require_limit

_WINDOWS_AT_LOWEST = 5  # then the floor is probably wrong


class Phase(enum.Enum):
    """What the samples are used for."""

    PROBING = enum.auto()  # few requests at once: this is the floor
    FOLLOWING = enum.auto()


class EnvoyGradientLimit:
    """The gradient over a floor that is measured with few requests at once."""

    __slots__ = (
        "_at_lowest",
        "_before_probe",
        "_lowest",
        "_most",
        "_probe_at",
        "_probe_every",
        "_probe_samples",
        "_random",
        "_rtts",
        "_since",
        "_window",
        "floor",
        "limit",
        "phase",
    )

    def __init__(
        self,
        randomness: random.Random,
        *,
        lowest: int = 3,
        most: int = 1000,
        window: float = 0.1,
        probe_every: float = 60.0,
        probe_samples: int = 50,
    ) -> None:
        require_limit("lowest", lowest)
        self._random = randomness
        self._lowest = lowest
        self._most = most
        self._window = window
        self._probe_every = probe_every
        self._probe_samples = probe_samples
        self.limit = lowest
        self.phase = Phase.PROBING
        self.floor = 0.0  # seconds; 0 until the first probe has ended
        self._before_probe = lowest
        self._since = -math.inf  # the start of this window or probe
        self._probe_at = math.inf
        self._at_lowest = 0
        self._rtts: list[float] = []

    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        if rtt < SHORTEST_RTT and not dropped:
            return
        if self.phase is Phase.FOLLOWING:
            self._rtts.append(math.inf if dropped else rtt)
            if now - self._since >= self._window:
                self._close_window(now)
        elif not dropped and now - rtt >= self._since:  # else it was sent before the probe
            self._rtts.append(rtt)
            if len(self._rtts) >= self._probe_samples:
                self._end_probe(now)

    def _end_probe(self, now: float) -> None:
        self.floor = statistics.median(self._rtts)
        self._probe_at = now + self._probe_every * (1.0 + 0.15 * self._random.random())
        self.limit = self._before_probe
        self._at_lowest = 0
        self._start(now, Phase.FOLLOWING)

    def _close_window(self, now: float) -> None:
        middle = statistics.median_low(self._rtts)
        gradient = max(0.5, min(2.0, 1.25 * self.floor / middle))
        grown = self.limit * gradient
        self.limit = max(self._lowest, min(self._most, int(grown + math.sqrt(grown))))
        self._at_lowest = self._at_lowest + 1 if self.limit == self._lowest else 0
        self._start(now, Phase.FOLLOWING)
        if now >= self._probe_at or self._at_lowest >= _WINDOWS_AT_LOWEST:
            self._before_probe = self.limit
            self.limit = self._lowest
            self._start(now, Phase.PROBING)

    def _start(self, now: float, phase: Phase) -> None:
        self.phase = phase
        self._since = now
        self._rtts = []
