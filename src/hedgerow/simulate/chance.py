"""A balancer that decides by chance alone: for theory to compare with, not for production.

It keeps the interface of ``policy.Balancer``, so an exchange cannot tell it from the others.
"""

import random
from collections.abc import Sequence

from typing_extensions import override

from hedgerow.policy import Balancer, Replica


class RandomReplica(Balancer):
    """Any replica that has not been tried, each as likely: what queueing theory assumes."""

    __slots__ = ("_random", "_replicas")

    def __init__(self, replicas: Sequence[Replica], randomness: random.Random) -> None:
        self._replicas = tuple(replicas)
        self._random = randomness.random

    @override
    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        replicas, draw = self._replicas, self._random
        count = len(replicas)
        if len(tried) < count:
            # There is one, so this ends; a list of those left would cost a look at all of them.
            while (replica := replicas[int(draw() * count)]) in tried:
                pass
            return replica
        left = [replica for replica in replicas if replica not in tried]
        return left[int(draw() * len(left))] if left else None
