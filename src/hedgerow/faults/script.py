"""What happens to each request that reaches a misbehaving upstream.

Draws a latency and perhaps a mishap from a :class:`Behaviour`; must not know HTTP,
sockets or clocks.  Whoever carries the fates out does so on a worker of a
``Station``, where there are not enough of them.

Latency, mishaps, refusals and spells each have their own stream of random numbers:
the same seed gives the same latencies whatever the error shares are, so that two
runs differ only in what was changed between them (*common random numbers*).  An
error is independent of its latency: it too comes after a drawn time.
"""

import random
from dataclasses import dataclass
from typing import Final

from hedgerow.faults.behaviour import Behaviour
from hedgerow.faults.mishap import Mishap
from hedgerow.faults.spells import Spells

#: Heavy tails draw years now and then; no client waits for them and some timers refuse them.
LONGEST_LATENCY: Final = 86400.0


@dataclass(slots=True)
class Fate:
    """What happens to one request."""

    latency: float  # seconds of work until the answer or the error; meaningless for HANG
    mishap: Mishap | None


class Script:
    """Draws the fates of one upstream's requests; a changed behaviour needs a new one."""

    __slots__ = ("_errors", "_errors_random", "_latency_random", "_law", "_refusals", "_spells")

    def __init__(self, behaviour: Behaviour) -> None:
        seed, rule = behaviour.seed, behaviour.spells
        self._law = behaviour.latency.restarted()
        self._latency_random = _stream(seed, "latency")
        self._errors = behaviour.errors
        self._errors_random = _stream(seed, "errors")
        self._refusals = _stream(seed, "refusals")
        self._spells = None if rule is None else Spells(rule, _stream(seed, "spells"))

    def next_fate(self, now: float) -> Fate:
        """Draw the fate of a request that arrives now."""
        latency = self._law.draw(self._latency_random)
        if self._spells is not None:
            latency *= self._spells.factor(now)
        return Fate(min(latency, LONGEST_LATENCY), self._errors.draw(self._errors_random))

    def next_connection_refused(self) -> bool:
        """Say whether to close a connection that was just accepted."""
        return self._errors.draw_refusal(self._refusals)


def _stream(seed: int, purpose: str) -> random.Random:
    return random.Random(f"{seed} {purpose}")
