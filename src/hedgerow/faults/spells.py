"""Slow spells: an upstream that is well for a while, then slow for a while.

Decides a factor for the latencies drawn meanwhile; must not know the latencies,
nor clocks.  What the factor is at a time depends on the seed alone, not on how
often it was asked: periods are drawn one after the other from the first look on,
which begins a good one.

::

    OK --its length has passed--> SLOW --its length has passed--> OK

Exponential lengths come without warning, like most trouble (a two-state Markov
chain); fixed ones make a pattern that can be seen in a graph.
"""

import math
import random
from dataclasses import dataclass
from typing import Final, Literal

from typing_extensions import override

from hedgerow import units
from hedgerow.faults.numerals import parse_number, write_duration, write_number

#: Periods are stepped through one by one; shorter ones would make a look after an idle day slow.
SHORTEST_SPELL: Final = 0.1


@dataclass(frozen=True, slots=True)
class SpellRule:
    """How long good and slow periods last (on average), and how slow is slow."""

    ok: float
    slow: float
    factor: float
    lengths: Literal["exponential", "fixed"] = "exponential"

    def __post_init__(self) -> None:
        if not (SHORTEST_SPELL <= self.ok < math.inf and SHORTEST_SPELL <= self.slow < math.inf):
            raise ValueError(f"periods of at least {write_duration(SHORTEST_SPELL)} each")
        if not 0 < self.factor < math.inf:
            raise ValueError("a factor above 0, such as 10")

    @override
    def __str__(self) -> str:
        text = f"ok={write_duration(self.ok)},slow={write_duration(self.slow)}"
        text += f",factor={write_number(self.factor)}"
        return text + (",lengths=fixed" if self.lengths == "fixed" else "")


class Spells:
    """The course of one upstream's spells."""

    __slots__ = ("_changes_at", "_is_slow", "_random", "_rule")

    def __init__(self, rule: SpellRule, randomness: random.Random) -> None:
        self._rule = rule
        self._random = randomness
        self._is_slow = True  # so that the first look begins a good period
        self._changes_at = -math.inf

    def factor(self, now: float) -> float:
        """What to multiply latencies by; a look back in time gets the present answer."""
        if self._changes_at == -math.inf:
            self._changes_at = now
        while now >= self._changes_at:
            self._is_slow = not self._is_slow
            self._changes_at += self._next_length()
        return self._rule.factor if self._is_slow else 1.0

    def _next_length(self) -> float:
        average = self._rule.slow if self._is_slow else self._rule.ok
        if self._rule.lengths == "fixed":
            return average
        return self._random.expovariate(1 / average)


_FORM: Final = "off, or ok=DURATION,slow=DURATION,factor=NUMBER and perhaps lengths=fixed"


def parse_spells(text: str) -> SpellRule | None:
    """Read ``ok=30s,slow=5s,factor=10``; ``off`` is None.

    Raises :class:`ValueError` with a text that continues "must be ...", as ``units`` does.
    """
    if text.strip() == "off":
        return None
    try:
        return _read_rule([_key_and_value(item) for item in text.split(",")])
    except ValueError as error:
        raise ValueError(f"{_FORM}, with {error}") from error


def _read_rule(pairs: list[tuple[str, str]]) -> SpellRule:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("each word once")
    if unknown := values.keys() - {"ok", "slow", "factor", "lengths"}:
        raise ValueError(f"nothing else ({', '.join(sorted(unknown))})")
    if missing := {"ok", "slow", "factor"} - values.keys():
        raise ValueError(f"{', '.join(sorted(missing))} given too")
    lengths = values.get("lengths", "exponential")
    if lengths not in ("exponential", "fixed"):
        raise ValueError("lengths exponential or fixed")
    return SpellRule(
        ok=units.parse_duration(values["ok"]),
        slow=units.parse_duration(values["slow"]),
        factor=parse_number(values["factor"]),
        lengths="fixed" if lengths == "fixed" else "exponential",
    )


def _key_and_value(item: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not equals:
        raise ValueError(f"a '=' in {item.strip()!r}")
    return key.strip(), value.strip()
