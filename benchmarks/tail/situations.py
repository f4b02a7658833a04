"""The ways in which one of the replicas goes bad."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.tail.replicas import Replica
from benchmarks.tail.terms import LAW

SLOWER: Final = 10


@dataclass(frozen=True)
class Situation:
    """What happens to a replica."""

    text: str
    happen: Callable[[Replica], None]


def _slow(replica: Replica) -> None:
    replica.change(latency=LAW.text(SLOWER))


def _fail(replica: Replica) -> None:
    replica.change(latency="constant:0ms", errors="500:100%")


def _hang(replica: Replica) -> None:
    replica.change(errors="hang:100%")


SITUATIONS: Final[Mapping[str, Situation]] = {
    "slow": Situation(f"one replica answers {SLOWER} times slower", _slow),
    "fails": Situation("one replica answers 500, at once", _fail),
    "hangs": Situation("one replica accepts requests and never answers", _hang),
    "dies": Situation("the process of one replica is killed", Replica.kill),
}
