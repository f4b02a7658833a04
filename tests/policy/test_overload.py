"""The overload experiment: half to ten times what an upstream can do, with and without a door.

The same arrivals go to eight workers of 20 ms (400 a second) behind the real admission with
its adaptive limit, behind a plain queue, and behind nothing.  One request in twenty is
urgent; all have half a second.  Goodput is counted after two seconds.
"""

import functools
import random

import pytest

from hedgerow.faults import Lognormal
from hedgerow.policy.limit_halving import HalvingLimit
from hedgerow.policy.refusals import Reason
from tests.policy.overload_model import Door, Model, PlainQueue, ProtectedDoor, Scene, Told, no_door

LAW = Lognormal(0.020, 0.012)
CAPACITY = 400.0
SECONDS = 8.0
URGENT, ORDINARY = 1, 5

pytestmark = pytest.mark.unhurried(reason="simulates up to 32,000 requests")


@functools.cache
def played(kind: str, load: float) -> Told:
    rate = load * CAPACITY
    scene = Scene(
        law=LAW,
        workers=8,
        rate=lambda _: rate,
        highest_rate=rate,
        duration=SECONDS,
        deadline=0.5,
        urgent_share=0.05,
    )
    return Model(scene, [door(kind)]).run()


def door(kind: str) -> Door:
    match kind:
        case "protected":
            return ProtectedDoor(HalvingLimit(), random.Random(1))
        case "plain queue":
            return PlainQueue(10)
        case _:
            return no_door()


def goodput(kind: str, load: float) -> float:
    """As a share of what could have been answered."""
    return played(kind, load).goodput(2.0, SECONDS) / (CAPACITY * min(load, 1.0))


class TestBelowCapacity:
    @pytest.mark.parametrize("kind", ["protected", "plain queue", "nothing"])
    def test_all_are_answered(self, kind: str) -> None:
        assert goodput(kind, 0.5) > 0.97

    def test_the_door_refuses_nobody(self) -> None:
        assert not played("protected", 0.5).refused


class TestAboveCapacity:
    @pytest.mark.parametrize("load", [1.0, 1.2, 2.0, 5.0, 10.0])
    def test_goodput_stays_at_capacity_behind_the_door(self, load: float) -> None:
        assert goodput("protected", load) > 0.9

    @pytest.mark.parametrize("kind", ["plain queue", "nothing"])
    @pytest.mark.parametrize("load", [2.0, 10.0])
    def test_the_unprotected_collapse(self, kind: str, load: float) -> None:
        assert goodput(kind, load) < 0.1

    @pytest.mark.parametrize("kind", ["plain queue", "nothing"])
    def test_the_door_is_better_than_either(self, kind: str) -> None:
        assert goodput("protected", 1.2) > 2 * goodput(kind, 1.2)


class TestUrgentRequests:
    @pytest.mark.parametrize("load", [0.5, 1.2, 2.0, 10.0])
    def test_keep_their_success(self, load: float) -> None:
        assert played("protected", load).success(URGENT) > 0.99

    def test_are_kept_at_the_cost_of_the_others(self) -> None:
        assert played("protected", 10.0).success(ORDINARY) < 0.1

    def test_are_lost_with_all_others_without_a_door(self) -> None:
        assert played("nothing", 10.0).success(URGENT) < 0.1


class TestRefusals:
    @pytest.mark.parametrize("load", [2.0, 10.0])
    def test_are_told_at_once(self, load: float) -> None:
        assert played("protected", load).wait_for_a_refusal(0.99, since=2.0) < 0.005

    def test_are_mostly_for_want_of_room(self) -> None:
        refused = played("protected", 10.0).refused
        assert refused[Reason.QUEUE_STANDS] > 0.8 * refused.total()


class TestAnswers:
    def test_do_not_come_late_because_they_waited(self) -> None:
        # Three service times and the upstream's own queue; the plain queue's are near the deadline.
        assert played("protected", 2.0).latency(0.5) < 0.1
