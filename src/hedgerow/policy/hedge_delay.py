"""How long to wait before a hedge, learned so that the load budget is just used up.

Decides a number of seconds for a class of requests (a route and a method, say); must
not know requests, replicas, budgets or clocks.  It learns yes-or-no facts, at most once
per request, and stays O(1): the primary *outlived* the delay, or it *ended* before.

The rule is a stochastic approximation (Robbins and Monro, 1951) of the quantile above
which the share ``aim`` of all primaries lies:

    outlived:  delay *= 1 + gain * (1 - aim)
    ended:     delay *= 1 - gain * aim

Why one fact and not a histogram of latencies: a hedged request's loser is cancelled, so
its time is never known (it is *censored*), and both ways out are wrong.  To leave it out
makes the tail look short; to take what it had waited does so too.  Whether a primary
outlived the delay is known for each, whatever came of it later.

What is told, by the exchange:

=================================================  ==============================
the primary is still in the race when the delay
has passed, whether or not a hedge could be sent   ``outlived``, at that moment
its answer (good or final) was accepted before     ``ended``, at that moment
it failed before: an outage is no speed-up         nothing
the client left, or the deadline passed, before    nothing: nobody knows
the request may not be sent twice                  nothing: it is another kind
=================================================  ==============================

The delay is kept as a multiple of the *median*, which is tracked likewise (by "above" and
"below", and never censored, since the delay lies above it).  When everything becomes three
times slower or faster the median shows it within a hundred requests, where the quantile,
at one fact in twenty that counts, needs thousands.  While the median is on its way
(``lean``: the balance of above and below) the multiple waits.

Warm-up: no hedge before ``2 / aim`` primaries have ended (20 to 200 of them).  Nothing is
cancelled meanwhile, so these times are whole, and the fifth longest gives the first
delay.  Fewer would leave it to chance; bursts of hedges after each start are what users
of such tools complain about.

The gain falls from 3 % to 0.7 %: coarse, then fine.  Two cumulative sums (Page's CUSUM, 1954)
notice that delays are outlived twice as often as aimed at, or half as often, and make it
coarse again.

A law may have a *gap* (5 % of the answers take ten times as long, and none anything between):
there the share that outlives the delay is the same everywhere, and the rule finds its way
out in ten thousand requests.  But the longer the delay in the gap, the later all that
are slow are helped, and a shorter one costs nothing: nobody answers in between.  So where
the delay was outlived no more often than aimed at, it falls at once to a fifth above the
longest answer that came before it.

Requests dispatched before the delay rose tell of a delay that is past.  So what outlived
``x`` pushes the delay no higher than 1.5 ``x``: else all that are in flight when everything
slows down would push it up together, by far too much.
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from hedgerow.policy.hedging import HedgeRule

#: Seconds: below it a hedge costs more than it saves (Finagle's floor too).
FLOOR: Final = 0.001
#: Relative steps.  With 0.7 % the delay of a Pareto law (shape 1.1) errs by 8 %,
#: as with 1 %; smaller steps bring no p99 nearer to the best, and find their way more slowly.
COARSE: Final = 0.03
FINE: Final = 0.007
#: What a gain keeps at each outlived delay: from coarse to fine in 70 of them.
_COOLING: Final = 0.98
#: How far above a delay that was outlived the delay may be pushed by it.
_REACH: Final = 1.5
#: The sums at which a rate counts as doubled or halved: by chance hardly ever, or once in some
#: 1000 outlived delays.
_EVIDENCE: Final = 10.0
#: What one request adds to the sum for "half as often": (1 - 1/2) / ln 2, in units of the aim.
_IDLE_DRIFT: Final = 0.72
_CROWDED_DRIFT: Final = 2.0
#: The first delay is the fifth longest of 2 / aim times, about the quantile at twice the aim: from
#: too short a delay the way is quick, from one in a gap of the law it is long.
_SEED_RANK: Final = 5
#: Relative step of the median: at rest it errs by 2 to 4 %.
_STEP: Final = 0.005
#: What is added to the step when all of the last fifty were on one side.
_HASTE: Final = 0.05
_LEANING: Final = 0.02
#: Seconds: no answer is faster, as far as the median goes, which must not become 0.
_SHORTEST: Final = 1e-6
#: Share of the budget that first hedges may use where further copies follow; a guess that
#: simulations bear out: at 1.0 second copies take the tokens of first ones.
_RESERVE: Final = 0.93
#: Outlived delays, after which it is asked whether the delay lies in a gap; at a share of 5 % some
#: 400 requests.
_LOOKED_FOR: Final = 20
#: How far above the longest of the answers that came before it the delay may lie, in a gap.
_GAP: Final = 1.2
_LOWEST_AIM: Final = 1e-6
#: A delay that most requests outlive is no delay; budgets above 90 % hedge at about the floor.
_HIGHEST_AIM: Final = 0.9


@dataclass(frozen=True, slots=True)
class DelayAim:
    """What share of the primaries should outlive the delay, and between which bounds it stays."""

    share: float
    floor: float = FLOOR
    ceiling: float = 10.0  # seconds; a hedge that leaves no time to answer is wasted

    @classmethod
    def of(cls, rule: HedgeRule, budget: float, *, ceiling: float = 10.0) -> "DelayAim":
        """Return the aim that makes a rule's hedges by time cost ``budget`` copies a request.

        ``ceiling`` should be at most half of the longest deadline.
        """
        copies, spent = 1, budget
        if rule.mode == "burst":
            copies, spent = max(1, min(rule.extra, rule.max_attempts - 1)), budget
        elif rule.extra > 1:
            spent = budget * _RESERVE
        share = spent / (copies * rule.probability)
        return cls(share, ceiling=max(FLOOR, ceiling))


@dataclass(frozen=True, slots=True)
class DelayStatistics:
    """What an operator would ask of one class of requests."""

    delay: float  # seconds; infinite in the warm-up
    fast: float  # seconds: the median of the primaries
    aim: float  # the share of primaries that should outlive the delay
    outlived: int
    ended: int


class DelayController:
    """The delay of one class of requests; read ``delay`` when the primary is dispatched."""

    __slots__ = (
        "_aim",
        "_bounds",
        "_ceiling",
        "_crowded",
        "_ended",
        "_ended_before",
        "_fall",
        "_floor",
        "_gain",
        "_idle",
        "_lean",
        "_longest",
        "_nearest",
        "_outlived",
        "_patience",
        "_ratio",
        "_samples_left",
        "_since",
        "_until_look",
        "delay",
        "fast",
    )

    def __init__(self, bounds: DelayAim, *, scale: float = 1.0) -> None:
        self._bounds = bounds
        self._floor, self._ceiling = bounds.floor, bounds.ceiling  # copied: read once per request
        self._lean = 0.0  # -1..1: on which side of the median the last ones were
        self._ratio = 1.0  # the delay is so many times the median
        self._gain = COARSE
        self._crowded = 0.0  # evidence that outlived delays come too often
        self._idle = 0.0  # evidence that they came too seldom, up to the last one
        self._since = 0  # ended ones since the last outlived delay
        self._outlived = self._ended = 0
        self._nearest = 0.0  # seconds: the longest of the ended, since a gap was looked for
        self._until_look = _LOOKED_FOR  # outlived delays until then
        self._ended_before = 0  # how many had ended then
        self._longest: list[float] = []  # times of the warm-up, in order
        self.delay = math.inf  # seconds; infinite: no hedges yet
        self.fast = 0.0  # seconds: the median of the primaries, 0.0 before the first
        self.scale(scale)
        self._samples_left = min(200, max(20, math.ceil(2 / self._aim)))

    def scale(self, factor: float) -> None:
        """Aim at this part of the share: the budget has been scaled."""
        self._aim = min(_HIGHEST_AIM, max(_LOWEST_AIM, self._bounds.share * factor))
        self._set_gain(self._gain)

    def outlived(self, delay: float) -> None:
        """A primary was still running when ``delay``, which it was dispatched with, had passed."""
        self._outlived += 1
        if self._samples_left:
            return
        aim, gain = self._aim, self._gain
        if self.delay < delay * _REACH:
            if delay > self.fast:
                self._lean += (1.0 - self._lean) * _LEANING
                self.fast *= 1.0 + _STEP + _HASTE * self._lean * self._lean
            self._ratio *= 1.0 + gain * (1.0 - aim) * (1.0 - self._lean * self._lean)
            self._place()
        since = self._since
        self._ended += since
        self._since = 0
        self._until_look -= 1
        if not self._until_look:
            self._leave_gap()
        self._idle = max(0.0, self._idle + _IDLE_DRIFT * aim * since - 1.0)
        self._crowded = max(0.0, self._crowded - _CROWDED_DRIFT * aim * since) + 1.0
        if self._crowded > _EVIDENCE:
            self._crowded = 0.0
            self._set_gain(COARSE)
        else:
            self._set_gain(max(FINE, gain * _COOLING))

    def ended(self, elapsed: float) -> None:
        """A primary's answer was accepted ``elapsed`` seconds after its dispatch.

        Once a request, so written out in full: 0.3 us.
        """
        if elapsed >= self.delay:  # it was dispatched with a longer delay, or its timer is late
            self.outlived(elapsed)
            return
        if self._samples_left:
            self._warm_up(elapsed)
            return
        if elapsed > self._nearest:
            self._nearest = elapsed
        fast, lean = self.fast, self._lean
        if elapsed > fast:
            lean += (1.0 - lean) * _LEANING
            fast *= 1.0 + _STEP + _HASTE * lean * lean
        else:
            lean -= (1.0 + lean) * _LEANING
            fast /= 1.0 + _STEP + _HASTE * lean * lean
            if fast < _SHORTEST:
                fast = _SHORTEST  # a clock that sees no time pass would take it to nothing
        self.fast, self._lean = fast, lean
        self._ratio = ratio = self._ratio * (1.0 - self._fall * (1.0 - lean * lean))
        self.delay = delay = fast * ratio
        if not self._floor < delay < self._ceiling:
            self._place()
        self._since = since = self._since + 1
        if since > self._patience:
            self._ended += since
            self._since = 0
            self._idle = 0.0
            self._set_gain(COARSE)

    def statistics(self) -> DelayStatistics:
        ended = self._ended + self._since
        return DelayStatistics(self.delay, self.fast, self._aim, self._outlived, ended)

    def _place(self) -> None:
        """Set the delay; at its bounds the ratio waits, so that it need not come back later."""
        delay = min(self._ceiling, max(self._floor, self.fast * self._ratio))
        self._ratio = delay / self.fast
        self.delay = delay

    def _leave_gap(self) -> None:
        """Fall to the lower end of a gap, unless the delay is outlived too often as it is."""
        ended = self._ended - self._ended_before
        too_often = self._aim * (ended + _LOOKED_FOR) < _LOOKED_FOR
        if not too_often and self._nearest * _GAP < self.delay:
            self._ratio = self._nearest * _GAP / self.fast
            self._place()
        self._nearest = 0.0
        self._until_look, self._ended_before = _LOOKED_FOR, self._ended

    def _set_gain(self, gain: float) -> None:
        self._gain = gain
        self._fall = gain * self._aim
        self._patience = (_EVIDENCE - self._idle) / (_IDLE_DRIFT * self._aim)

    def _warm_up(self, elapsed: float) -> None:
        self._ended += 1
        self._longest = sorted((*self._longest, elapsed))[-_SEED_RANK:]
        # Large steps first, so that it does not matter how unusual the first one was.
        step = 1.0 + max(_STEP, 1.0 / self._ended)
        if self._ended == 1:
            self.fast = max(elapsed, _SHORTEST)
        else:
            self.fast *= step if elapsed > self.fast else 1.0 / step
        self._samples_left -= 1
        if not self._samples_left:
            self._ratio = max(self._longest[0], _SHORTEST) / self.fast
            self._place()


class Delays(Protocol):
    """What an exchange needs: the controller of a class of requests, always the same one."""

    def of(self, key: Hashable) -> DelayController:
        """Return the controller that requests of class ``key`` read and teach."""

    def scale(self, factor: float) -> bool:
        """Aim at this part of the budget from now on; returns whether that is a change."""


class AdaptiveDelays:
    """A controller for each class of requests, made when its first request comes.

    At most ``most`` of them: the key may come from a client (a method can be any word), and
    those beyond share one.
    """

    __slots__ = ("_aim", "_controllers", "_most", "_others", "_scale")

    def __init__(self, aim: DelayAim, *, most: int = 32) -> None:
        self._aim = aim
        self._most = most
        self._scale = 1.0
        self._controllers: dict[Hashable, DelayController] = {}
        self._others = DelayController(aim)

    def of(self, key: Hashable) -> DelayController:
        controller = self._controllers.get(key)
        return self._made(key) if controller is None else controller

    def scale(self, factor: float) -> bool:
        if factor == self._scale:
            return False
        self._scale = factor
        for controller in (*self._controllers.values(), self._others):
            controller.scale(factor)
        return True

    def statistics(self) -> Mapping[Hashable, DelayStatistics]:
        """Return the figures by class; those without a place of their own are under None."""
        found = {key: made.statistics() for key, made in self._controllers.items()}
        return {**found, None: self._others.statistics()}

    def _made(self, key: Hashable) -> DelayController:
        if len(self._controllers) >= self._most:
            return self._others
        controller = self._controllers[key] = DelayController(self._aim, scale=self._scale)
        return controller
