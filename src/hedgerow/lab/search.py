"""What to measure next to find the highest load that keeps a promise, and when it is known.

Decides and never measures: it is told how each probe went and answers with the next one, or
with the answer.  Must not know what a load is (requests a second, users), nor promises.

::

    RISING      kept: double, or four times when far below      broken: BISECTING
    FALLING     broken at the start: a quarter, down to the least load
    BISECTING   the geometric middle, until the bracket is narrow
    CONFIRMING  the highest kept load over a longer window      broken: one step lower
    ABOVE       the lowest broken load once more                kept: RISING from there
    BELOW       clearly lower: must be kept
    FAR_ABOVE   clearly higher, twice: must break              then there is an answer

**Unstable** is an answer: a number would be made up.  It is given when a load broke the
promise although a clearly higher one kept it (by ``CLEARLY``), when the confirmation failed
at ``_CONFIRMATIONS`` ever lower loads, or when the boundary was passed ``_SHIFTS`` times
after it had been found.  A repeat that differs right at the boundary is no sign of that:
there every load is kept on some days and broken on others.

A measurement that was not valid is made once more; when it is not valid again, that ends the
search: the generator is the limit, and nothing is known of the server beyond the loads that
were kept.
"""

import enum
import math
from dataclasses import dataclass
from typing import Final, Literal

CLEARLY: Final = 1.15  # a load this many times another is beyond any noise of the boundary
_CONFIRMATIONS: Final = 4
_SHIFTS: Final = 3
_FAR_BELOW: Final = 4.0  # headroom from which on the load is taken times four


class Outcome(enum.Enum):
    """How a probe went."""

    KEPT = enum.auto()
    BROKEN = enum.auto()
    INVALID = enum.auto()  # the measurement itself cannot be trusted


class Phase(enum.Enum):
    """Where the search stands; see the module."""

    RISING = enum.auto()
    FALLING = enum.auto()
    BISECTING = enum.auto()
    CONFIRMING = enum.auto()
    ABOVE = enum.auto()
    BELOW = enum.auto()
    FAR_ABOVE = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where to search, and how narrowly; ``whole``: loads are whole numbers (users)."""

    start: float
    least: float
    most: float
    tolerance: float = 0.05
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """Measure this load next."""

    load: float
    phase: Phase

    @property
    def is_confirmation(self) -> bool:
        """True where it should last longer."""
        return self.phase is Phase.CONFIRMING


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known: ``found`` lies between ``load`` (kept) and ``broken``.

    ``above``: the most was kept.  ``below``: the least was broken.  ``unstable``: somewhere
    from ``broken`` (the lowest) to ``load`` (the highest kept).  ``generator``: not beyond
    ``load``, because the measurement broke down at ``broken``.  ``unfinished``: so far.
    """

    kind: Literal["found", "above", "below", "unstable", "generator", "unfinished"]
    load: float | None
    broken: float | None
    confirmed: bool = False  # over the longer window


@dataclass(frozen=True, slots=True)
class _Seen:
    load: float
    kept: bool
    phase: Phase


class CapacitySearch:
    """One search."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._step = 1 + bounds.tolerance / 2  # two of them are the tolerance
        self._low: float | None = None  # highest load that counts as kept
        self._high: float | None = None  # lowest that counts as broken
        self._seen: list[_Seen] = []
        self._growth: float | None = None  # None: by headroom
        self._failed_confirmations = 0
        self._shifts = 0
        self._was_invalid = False  # the last probe, which is then repeated
        self._checks_far_above = 0
        start = min(max(self._neat(bounds.start), bounds.least), bounds.most)
        self.next: Probe | Answer = Probe(start, Phase.RISING)

    def probed(self, outcome: Outcome, headroom: float = 1.0) -> Probe | Answer:
        """Take in how the probe in ``next`` went; ``headroom`` is limit by value."""
        probe = self.next
        if isinstance(probe, Answer):
            return probe
        if outcome is Outcome.INVALID and probe.phase is not Phase.FAR_ABOVE:
            return self._not_valid(probe)
        self._was_invalid = False
        kept = outcome is Outcome.KEPT
        if outcome is not Outcome.INVALID:
            self._seen.append(_Seen(probe.load, kept, probe.phase))
        self.next = (
            self._unstable()
            if self._is_inverted(probe)
            else self._after(probe, kept=kept, headroom=headroom)
        )
        return self.next

    def _not_valid(self, probe: Probe) -> Probe | Answer:
        if self._was_invalid:
            kept = self._highest_kept
            self.next = Answer("generator", kept, probe.load, self._is_confirmed(kept))
        self._was_invalid = True
        return self.next

    @property
    def best(self) -> Answer:
        """What is known now; for whoever breaks off."""
        if isinstance(self.next, Answer):
            return self.next
        kept = self._highest_kept
        return Answer("unfinished", kept, self._high, self._is_confirmed(kept))

    @property
    def _highest_kept(self) -> float | None:
        """The highest load that was measured, kept, and is below all that counts as broken."""
        high = self._high or math.inf
        return max((s.load for s in self._seen if s.kept and s.load < high), default=None)

    # --- after a probe ---

    def _after(self, probe: Probe, *, kept: bool, headroom: float) -> Probe | Answer:
        match probe.phase:
            case Phase.RISING:
                return self._rising_kept(probe, headroom) if kept else self._first_broken(probe)
            case Phase.FALLING:
                return self._falling_kept(probe) if kept else self._first_broken(probe)
            case Phase.BISECTING:
                return self._bisected(probe, kept=kept)
            case Phase.CONFIRMING:
                return self._confirmed(probe) if kept else self._not_confirmed(probe)
            case Phase.ABOVE:
                return self._shifted(probe) if kept else self._check_below()
            case Phase.BELOW:
                return self._check_far_above()  # it was kept: broken is an inversion
            case Phase.FAR_ABOVE:
                return self._check_far_above()  # it was broken: kept is an inversion

    def _rising_kept(self, probe: Probe, headroom: float) -> Probe | Answer:
        self._low = probe.load
        if probe.load >= self._bounds.most:
            return Probe(probe.load, Phase.CONFIRMING)
        if self._growth is None:
            growth = 4.0 if headroom >= _FAR_BELOW else 2.0
        else:
            growth = self._growth = self._growth**2
        return self._rise(growth)

    def _rise(self, growth: float) -> Probe | Answer:
        """Go up from ``low``, but not to what is known to be broken."""
        low = self._low or self._bounds.least
        upwards = self._neat(low * growth)
        load = min(self._bounds.most, max(upwards, self._above(low)))
        if self._high is not None and load >= self._high:
            return self._bisect()
        return Probe(load, Phase.RISING)

    def _first_broken(self, probe: Probe) -> Probe | Answer:
        self._high = probe.load
        if self._low is not None:
            return self._bisect()
        if probe.load <= self._bounds.least:
            return Answer("below", None, probe.load)
        return Probe(max(self._bounds.least, self._neat(probe.load / 4)), Phase.FALLING)

    def _falling_kept(self, probe: Probe) -> Probe | Answer:
        self._low = probe.load
        return self._bisect()

    def _bisected(self, probe: Probe, *, kept: bool) -> Probe | Answer:
        if kept:
            self._low = probe.load
        else:
            self._high = probe.load
        return self._bisect()

    def _bisect(self) -> Probe | Answer:
        low, high = self._low, self._high
        if low is None or high is None:
            return self.best
        middle = self._neat(math.sqrt(low * high))
        if high / low <= self._step or not low < middle < high:
            return self._confirm()
        return Probe(middle, Phase.BISECTING)

    # --- confirmation ---

    def _confirm(self) -> Probe | Answer:
        if self._low is not None and self._is_confirmed(self._low):
            return self._check_above()
        return Probe(self._low or self._bounds.least, Phase.CONFIRMING)

    def _confirmed(self, probe: Probe) -> Probe | Answer:
        self._low = probe.load
        if probe.load >= self._bounds.most:
            return Answer("above", probe.load, None, confirmed=True)
        return self._check_above()

    def _not_confirmed(self, probe: Probe) -> Probe | Answer:
        self._high = probe.load
        self._failed_confirmations += 1
        if probe.load <= self._bounds.least:
            return Answer("below", None, probe.load)
        if self._failed_confirmations >= _CONFIRMATIONS:
            return self._unstable()
        lower = probe.load / self._step ** (2 ** (self._failed_confirmations - 1))
        self._low = max(self._bounds.least, min(self._neat(lower), self._below(probe.load)))
        return self._confirm()

    # --- cross-examination ---

    def _check_above(self) -> Probe | Answer:
        """Measure the lowest broken load once more, unless it broke over the longer window."""
        high = self._high
        broken = [seen for seen in self._seen if seen.load == high and not seen.kept]
        if high is None or len(broken) > 1 or any(s.phase is Phase.CONFIRMING for s in broken):
            return self._check_below()
        return Probe(high, Phase.ABOVE)

    def _shifted(self, probe: Probe) -> Probe | Answer:
        """What had broken was kept: the boundary lies higher."""
        self._shifts += 1
        if self._shifts >= _SHIFTS:
            return self._unstable()
        self._low = probe.load
        higher = [s.load for s in self._seen if s.load > probe.load and not s.kept]
        self._high = min(higher, default=None)
        if probe.load >= self._bounds.most:
            return Probe(probe.load, Phase.CONFIRMING)
        self._growth = self._step**2
        return self._rise(self._growth)

    def _check_below(self) -> Probe | Answer:
        lower = min(self._neat((self._low or 0.0) / CLEARLY), self._below(self._low or 0.0))
        if lower < self._bounds.least:
            return self._check_far_above()
        return Probe(lower, Phase.BELOW)

    def _check_far_above(self) -> Probe | Answer:
        self._checks_far_above += 1
        high = self._high or 0.0
        higher = max(self._neat(high * CLEARLY**self._checks_far_above), self._above(high))
        if self._checks_far_above > 2 or higher > self._bounds.most:
            return Answer("found", self._low, self._high, confirmed=True)
        return Probe(higher, Phase.FAR_ABOVE)

    def _is_inverted(self, probe: Probe) -> bool:
        """Tell whether this probe contradicts one at a clearly different load."""
        if probe.phase is Phase.BELOW:
            return not self._seen[-1].kept
        if probe.phase is Phase.FAR_ABOVE:
            return self._seen[-1].phase is Phase.FAR_ABOVE and self._seen[-1].kept
        highest_kept = max((s.load for s in self._seen if s.kept), default=0.0)
        refuted = {s.load for s in self._seen if s.kept}  # a repeat went well
        broken = [s.load for s in self._seen if not s.kept and s.load not in refuted]
        return min(broken, default=math.inf) * CLEARLY <= highest_kept

    def _unstable(self) -> Answer:
        kept = max((seen.load for seen in self._seen if seen.kept), default=None)
        broken = min((seen.load for seen in self._seen if not seen.kept), default=None)
        return Answer("unstable", kept, broken)

    # --- loads ---

    def _is_confirmed(self, load: float | None) -> bool:
        return any(
            seen.load == load and seen.kept and seen.phase is Phase.CONFIRMING
            for seen in self._seen
        )

    def _neat(self, load: float) -> float:
        """Three digits: a load that people can repeat."""
        return float(max(1, round(load))) if self._bounds.whole else float(f"{load:.3g}")

    def _above(self, load: float) -> float:
        """Return the next load that differs from this one."""
        return load + 1 if self._bounds.whole else self._neat(load * self._step)

    def _below(self, load: float) -> float:
        return load - 1 if self._bounds.whole else self._neat(load / self._step)
