"""How much traffic a replica gets when it has just come, or come back.

Decides a share of its weight; must not know why it is new, nor clocks.  Caches are cold,
code is not compiled, connections are not open: full traffic at once is what makes a
replica that has just recovered fail again.

The share rises in a straight line from ``floor`` to 1 (HAProxy's ``slowstart``).
"""

from dataclasses import dataclass
from typing import Final

#: How often weights are worked out anew: finer steps than 5 % are lost in the noise of a draw.
_STEPS: Final = 20


@dataclass(frozen=True, slots=True)
class SlowStartRule:
    """The way back to full traffic; ``window`` is in seconds, and 0 means at once."""

    window: float = 10.0
    floor: float = 0.1  # Envoy's; from 0 nothing would ever be learnt

    def share(self, age: float) -> float:
        """Return the share of its weight for a replica that has been back for ``age`` seconds."""
        if age >= self.window:
            return 1.0
        return max(self.floor, age / self.window)

    @property
    def step(self) -> float:
        """Seconds after which a rising share is worth reading again."""
        return self.window / _STEPS
