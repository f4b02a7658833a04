"""Figures that are what a test says they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GivenFigures:
    """Response times in seconds, counts, and what a server used."""

    times: Sequence[float] = ()
    ended: int = 100
    failures: int = 0
    seconds: float = 10.0
    labels: Sequence[str] = ("all",)
    used: dict[str, float] = field(default_factory=dict)

    def quantile(self, distribution: str, label: str | None, q: float) -> float | None:
        if not self.times:
            return None
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))]

    def mean(self, distribution: str, label: str | None) -> float | None:
        return sum(self.times) / len(self.times) if self.times else None

    def samples(self, distribution: str, label: str | None) -> int:
        return len(self.times)

    def count(self, label: str | None) -> int:
        return self.ended

    def failed(self, label: str | None, kind: str | None) -> int:
        return self.failures

    def rate(self, label: str | None, *, only_ok: bool) -> float | None:
        ended = self.ended - (self.failures if only_ok else 0)
        return ended / self.seconds if self.seconds > 0 else None

    def server(self, name: str) -> float | None:
        return self.used.get(name)
