"""What the demo plays: so many users, one unreliable upstream, one promise.

Reads the flags, refuses what cannot be shown, and knows what arithmetic expects of it
(``faults.success_of_burst_hedge``).  Must not know processes, sockets or screens.

The upstream is the work server of the exercise that Hedgerow grew from, and the rule is
that exercise's: a second and a third copy together when the first is silent for 300 ms
or fails, and the first good answer wins.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.faults import Behaviour, Expectation, success_of_burst_hedge
from hedgerow.units import format_duration, parse_duration, parse_rate
from hedgerow.workload import Arrivals, Spacing

UPSTREAM_IN_WORDS: Final = "85% answer in 0.1 to 0.6 s, 15% in 0.6 to 3 s; 10% are errors"
HEDGE_DELAY: Final = 0.3
HEDGE_EXTRA: Final = 2
#: Beyond this the demo would measure two busy cores, and not what hedging does.
HIGHEST_RATE: Final = 1000.0
LONGEST: Final = 600.0
#: How long users without a gateway wait: longer than the upstream's slowest answer, so that
#: the percentiles of the direct side are its own and not where we stopped looking.
PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """What is played, and what is promised."""

    rate: float  # users a second, on each side
    seconds: float
    seed: int
    deadline: float

    @classmethod
    def read(cls, rate: str, seconds: str, seed: str, deadline: str) -> "DemoPlan":
        """Read the flags' texts; raises ConfigError."""
        return cls(
            rate=_bounded("--rate", rate, parse_rate, "above 0 and at most 1000", HIGHEST_RATE),
            seconds=_bounded("--seconds", seconds, _seconds, "above 0 and at most 600", LONGEST),
            seed=_seed(seed),
            deadline=_deadline(deadline),
        )

    @property
    def patience(self) -> float:
        """How long an answer is waited for: past the deadline, to see how late it is."""
        return max(PATIENCE, self.deadline + 1)

    @property
    def behaviour(self) -> Behaviour:
        """How the upstream behaves."""
        return Behaviour(seed=self.seed)

    def due_times(self) -> Iterator[float]:
        """Return when users come, from the beginning: the same ones every time."""
        arrivals = Arrivals(self.rate, Spacing.POISSON, duration=self.seconds)
        return arrivals.due_times(random.Random(f"{self.seed} users"))

    def expectation(self, *, hedged: bool) -> Expectation:
        """Compute what one request should meet, without measuring anything."""
        behaviour = self.behaviour
        return success_of_burst_hedge(
            behaviour.latency,
            error_share=behaviour.errors.share,
            delay=HEDGE_DELAY,
            extra=HEDGE_EXTRA if hedged else 0,
            deadline=self.deadline,
        )

    def upstream_words(self) -> list[str]:
        """Return the command line of the upstream."""
        behaviour = self.behaviour.as_dict()
        flags = [f"--{name}={behaviour[name]}" for name in ("latency", "errors", "seed")]
        return ["flaky", "--port=0", *flags]

    def gateway_settings(self, upstream: str) -> str:
        """Return the settings file of the gateway."""
        delay, deadline = format_duration(HEDGE_DELAY), f"{self.deadline * 1000:g}ms"
        return f"""\
[server]
listen = "127.0.0.1:0"
trace = true
server_timing = true
drain_timeout = "1s"

[upstream.work]
replicas = ["{upstream}"]

[[route]]
path = "/"
upstream = "work"
deadline = "{deadline}"
hedge = {{delay = "{delay}", extra = {HEDGE_EXTRA}, same_replica = true}}
success = {{status = [200], body = "json"}}
"""


def noise(share: float, count: int) -> float:
    """How far a measured share of ``count`` requests may be off by chance, 19 times of 20.

    The normal approximation of the binomial distribution: good enough to be told beside it.
    """
    return 1.96 * math.sqrt(share * (1 - share) / count) if count else 0.0


def _bounded(
    flag: str, text: str, read: Callable[[str], float], must: str, highest: float
) -> float:
    try:
        value = read(text)
    except ValueError as error:
        raise ConfigError(flag, got=text, must=str(error), fix="Or leave it out.") from error
    if not 0 < value <= highest:
        raise ConfigError(flag, got=text, must=must, fix="Or leave it out.")
    return value


def _deadline(text: str) -> float:
    """Read a deadline that leaves the copies a chance."""
    must = f"above {format_duration(HEDGE_DELAY)} (the copies go out then) and at most 1m"
    deadline = _bounded("--deadline", text, parse_duration, must, 60)
    if deadline <= HEDGE_DELAY:
        raise ConfigError("--deadline", got=text, must=must, fix="Or leave it out.")
    return deadline


def _seconds(text: str) -> float:
    """Read a bare number as seconds: the flag says so."""
    try:
        return parse_duration(text if text[-1:].isalpha() else text + "s")
    except ValueError as error:
        raise ValueError("a number of seconds, such as 20") from error


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ConfigError(
            "--seed", got=text, must="a whole number of at least 0", fix="Or leave it out."
        )
    return int(text)
