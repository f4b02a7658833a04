"""The balancer that decides by chance alone."""

import random
from collections import Counter

from hedgerow.policy import Replica
from hedgerow.simulate.chance import RandomReplica


def balancer(count: int) -> tuple[RandomReplica, list[Replica]]:
    replicas = [Replica(f"r{number}") for number in range(count)]
    return RandomReplica(replicas, random.Random(1)), replicas


class TestReplica:
    def test_is_each_as_likely(self) -> None:
        chooser, replicas = balancer(4)
        chosen = Counter(chooser.choose(()) for _ in range(4000))
        # Four standard errors of a binomial: sqrt(4000 / 4 * 3 / 4) = 27.
        assert all(abs(chosen[replica] - 1000) < 4 * 27 for replica in replicas)

    def test_is_none_that_was_tried(self) -> None:
        chooser, replicas = balancer(3)
        assert {chooser.choose(replicas[:2]) for _ in range(50)} == {replicas[2]}

    def test_is_none_when_all_were_tried(self) -> None:
        chooser, replicas = balancer(3)
        assert chooser.choose(replicas) is None

    def test_may_be_tried_twice_in_the_list(self) -> None:
        chooser, (one, other) = balancer(2)
        assert chooser.choose((one, one, one)) is other
