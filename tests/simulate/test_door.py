"""The simulator's front door: who begins, who waits, who is turned away, and when."""

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
from typing_extensions import override

from hedgerow.policy import Balancer, DeadlineRule, HedgeRule, LeastRequest, Policy, Replica
from hedgerow.policy.admission import Admission
from hedgerow.policy.concurrency import FixedLimit
from hedgerow.policy.waiting_room import QueueRules
from hedgerow.simulate.agenda import Agenda
from hedgerow.simulate.flight import Flight, Work
from hedgerow.simulate.gateway import Gateway
from tests.fakes.policy import START, replicas
from tests.simulate.worlds import WaitingClient, figures


class TakesASecond:
    """An upstream that answers everything after one second."""

    def __init__(self, agenda: Agenda) -> None:
        self.agenda = agenda
        self.gateway: Gateway | None = None
        self.sent: list[float] = []

    def send(self, now: float, work: Work) -> None:
        assert self.gateway is not None
        self.sent.append(now)
        self.agenda.at(now + 1.0, self.gateway.answered, work)

    def cancel(self, now: float, work: Work) -> None:
        """Let it be."""


class NoReplica(Balancer):
    """Nothing to choose from."""

    @override
    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        return None


class House:
    """A gateway with two places, and requests that came at 0.0, 0.1, 0.2, ..."""

    def __init__(
        self,
        came: int,
        *,
        hedge: HedgeRule | None = None,
        queue: int = 1,
        balancer: Balancer | None = None,
        leaves_at: float = math.inf,
    ) -> None:
        self.agenda = Agenda()
        self.client = WaitingClient()
        self.upstream = TakesASecond(self.agenda)
        rules = QueueRules(capacity=queue, patience=1.5)
        self.admission: Admission[Flight] = Admission(FixedLimit(2), random.Random(1), queue=rules)
        policy = Policy(
            balancer or LeastRequest(replicas(3), random.Random(1)),
            hedge or HedgeRule(),
            deadline=DeadlineRule(default=10.0),
            admission=self.admission,
        )
        self.gateway = Gateway(policy, self.agenda, upstream=self.upstream, clients=self.client)
        self.upstream.gateway = self.gateway
        self.flights: list[Flight] = []
        for number in range(came):
            self.agenda.at(number / 10, self._arrive, None)
        if leaves_at != math.inf:
            self.agenda.at(leaves_at, self._last_one_leaves, None)
        while self.agenda.advance(10):
            pass

    def _arrive(self, now: float, _: None) -> None:
        self.flights.append(self.gateway.request_arrived(now))

    def _last_one_leaves(self, now: float, _: None) -> None:
        self.gateway.client_left(now, self.flights[-1])


class TestRequest:
    def test_that_finds_a_place_begins_at_once(self) -> None:
        assert House(2).upstream.sent == [0.0, 0.1]

    def test_that_finds_none_begins_when_one_is_free(self) -> None:
        assert House(3).upstream.sent == [0.0, 0.1, 1.0]

    def test_that_finds_no_room_is_turned_away(self) -> None:
        house = House(4)
        assert len(house.client.refused) == 1
        assert len(house.client.ended) == 3

    def test_that_waits_too_long_is_turned_away_when_its_time_is_up(self) -> None:
        house = House(6, queue=10)
        assert house.upstream.sent == [0.0, 0.1, 1.0, 1.1]
        assert len(house.client.refused) == 2
        late = [at + START for at in house.client.refused]
        assert late == pytest.approx([0.4 + 1.5, 0.5 + 1.5])

    def test_that_no_replica_can_take_gives_its_place_back(self) -> None:
        house = House(3, balancer=NoReplica())
        assert len(house.client.ended) == 3
        assert house.admission.statistics().in_flight == 0

    def test_whose_client_left_while_it_waited_is_not_begun(self) -> None:
        house = House(3, leaves_at=0.5)
        assert house.upstream.sent == [0.0, 0.1]
        assert house.admission.statistics().client_left == 1


class TestHedge:
    def test_takes_a_place_while_it_is_there(self) -> None:
        # Both are in flight with a copy each from 0.5 on: four attempts for two places.
        house = House(3, hedge=HedgeRule.of(0.5, 1))
        third = house.upstream.sent[-2:]
        assert third[0] == pytest.approx(1.1)  # not at 1.0: the second one's two are still there


class TestPlaces:
    def test_are_all_free_in_the_end(self) -> None:
        for house in (House(5), House(5, hedge=HedgeRule.of(0.3, 1)), House(9, queue=9)):
            assert house.admission.statistics().in_flight == 0
            assert len(house.client.ended) + len(house.client.refused) == len(house.flights)


class TestFigures:
    def test_add_up_with_those_that_were_refused(self) -> None:
        found = figures(
            requests=4000,
            warm_up="0%",
            traffic={"load": 3.0, "urgent": "20%"},
            route={"door": {"limit": 20, "queue": 10}},
        )
        assert found.requests == found.ok + found.failed + found.refused == 4000
        assert found.refused > 2000
        assert found.response.count == found.ok + found.failed
        assert found.urgent == pytest.approx(800, abs=4 * (4000 * 0.2 * 0.8) ** 0.5)

    def test_show_that_the_urgent_are_let_in_first(self) -> None:
        found = figures(
            requests=6000, traffic={"load": 3.0, "urgent": "10%"}, route={"door": {"limit": 20}}
        )
        assert found.urgent_ok == found.urgent
        assert found.refused / found.requests > 0.5

    @pytest.mark.unhurried(reason="45,000 simulated requests")
    def test_keep_the_goodput_up_where_no_limit_lets_it_collapse(self) -> None:
        world: dict[str, Any] = {
            "requests": 15_000,
            "warm_up": "30%",
            "traffic": {"load": 3.0},
            "upstream": {"latency": "20ms", "notices_cancel": False},
        }
        limits: tuple[object, ...] = ("off", 20, "adaptive")
        free, fixed, learned = (
            figures(**world, route={"deadline": "500ms", "door": {"limit": limit}}).goodput
            for limit in limits
        )
        assert free < 50.0
        assert fixed == pytest.approx(500.0, rel=0.05)
        assert learned == pytest.approx(500.0, rel=0.1)

    def test_tell_the_limit_only_where_there_is_one(self) -> None:
        assert figures(requests=100).limit is None
        assert figures(requests=100, route={"door": {"limit": 7}}).limit == 7
