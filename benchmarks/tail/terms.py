"""The terms: how the upstream behaves while it is well, and what a client wants.

Times are seconds.  Envoy, HAProxy and nginx need their delays and timeouts written down; those
in ``contenders`` are chosen with this law in view, which their operators would not know.
"""

from dataclasses import dataclass
from typing import Final

REPLICAS: Final = 3
DEADLINE: Final = 0.5
LATE_SENDER: Final = 0.025  # p99; then the client's own lag decides who is in time


@dataclass(frozen=True)
class Law:
    """Latency of a healthy replica: mostly lognormal, a share of stragglers uniform."""

    mean: float
    deviation: float
    stragglers: float = 0.0
    straggle: tuple[float, float] = (0.0, 0.0)

    def text(self, slower: float = 1.0) -> str:
        """As ``hedgerow flaky`` takes it, so many times slower."""
        body = f"lognormal:{_ms(self.mean * slower)},{_ms(self.deviation * slower)}"
        if not self.stragglers:
            return body
        low, high = (_ms(bound * slower) for bound in self.straggle)
        share = self.stragglers * 100
        return f"mix:{100 - share:g}%*{body}+{share:g}%*uniform:{low}..{high}"


# The lognormal part has its median at 5.0 ms, 95 % of all answers are there after 12 ms.
LAW: Final = Law(mean=0.0055, deviation=0.0025, stragglers=0.03, straggle=(0.02, 0.08))


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.6g}ms"
