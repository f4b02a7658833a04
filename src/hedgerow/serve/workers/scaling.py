"""How many workers there shall be: as the load says where a range is set, else as somebody does.

The rule itself is ``policy.worker_scale``.  Must not know how the number is brought about.
"""

from collections.abc import Sequence
from typing import Final

from hedgerow.policy.worker_scale import WorkerLoad, WorkerScaler
from hedgerow.serve.workers.planning import Plan

#: Seconds between two looks at the load.
_EVERY: Final = 1.0


class Scaling:
    """Of one reading of the settings."""

    def __init__(self, plan: Plan) -> None:
        self._most = plan.most if plan.varies else plan.room
        self._scaler = WorkerScaler(plan.least, plan.most) if plan.varies else None
        self._looked_at = 0.0

    def is_due(self, now: float) -> bool:
        """Whether the load is to be looked at."""
        return self._scaler is not None and now - self._looked_at >= _EVERY

    def decide(self, now: float, loads: Sequence[WorkerLoad]) -> int:
        """Return how many there shall be."""
        assert self._scaler is not None
        self._looked_at = now
        return self._scaler.decide(now, loads)

    def by_hand(self, now: float, count: int) -> int:
        """Somebody wants so many; return the nearest number that can be."""
        if self._scaler is not None:
            return self._scaler.set(now, count)
        return min(max(count, 1), self._most)

    @staticmethod
    def why(loads: Sequence[WorkerLoad]) -> str:
        """Say what the load is."""
        busy = sum(load.utilisation for load in loads)
        lag = max((load.lag for load in loads), default=0.0)
        return f"{busy:.1f} loops are busy, the latest by {lag * 1000:.0f}ms"
