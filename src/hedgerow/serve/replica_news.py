"""What has changed about the replicas of an upstream, in words for the operator.

Compares what is told of them now with what was told before; must not know why anything
happens, nor where the lines go.  A change that lasts less than the time between two looks is
not told of: counters have it.
"""

from collections.abc import Mapping

from hedgerow.policy.health import ADMITTING
from hedgerow.policy.member import ReplicaStatistics
from hedgerow.policy.replica_set import SetStatistics


class ReplicaNews:
    """Remembers what has been told."""

    __slots__ = ("_is_panicking", "_known", "_out")

    def __init__(self) -> None:
        self._known: set[str] | None = None  # None: nothing was told yet, so nothing is new
        self._out: set[str] = set()
        self._is_panicking = False

    def lines(self, told: SetStatistics, checks: Mapping[str, str]) -> list[str]:
        """Return what is new; ``checks`` is what came of each replica's last check."""
        lines = self._comings(told)
        for one in told.replicas:
            why = _why_out(one, checks.get(one.name, ""))
            if why and one.name not in self._out:
                self._out.add(one.name)
                lines.append(f"{one.name} is left alone: {why}")
            elif not why and one.name in self._out:
                self._out.discard(one.name)
                lines.append(f"{one.name} is used again")
        if told.is_panicking is not self._is_panicking:
            self._is_panicking = told.is_panicking
            lines.append(
                "so few replicas are left that all are used, whatever is known of them"
                if self._is_panicking
                else "enough replicas are left again"
            )
        return lines

    def _comings(self, told: SetStatistics) -> list[str]:
        now, before = {one.name for one in told.replicas}, self._known
        self._known = now
        self._out &= now
        if before is None:
            return []
        come = [f"{name} has come" for name in sorted(now - before)]
        return come + [f"{name} is gone" for name in sorted(before - now)]


def _why_out(one: ReplicaStatistics, last_check: str) -> str:
    """Return why a replica has no share of the traffic; nothing where it has."""
    if not one.is_up:
        return f"its check {last_check}"
    return "" if one.state is ADMITTING else "its attempts fail"
