"""The simulator's shell: what each kind of trouble looks like to an exchange."""

import pytest

from hedgerow.errors import Failure
from hedgerow.faults import Mishap, MishapKind
from hedgerow.policy import AnswerRule, HedgeRule, NoBudget, Policy, RoundRobin
from hedgerow.simulate.agenda import Agenda
from hedgerow.simulate.flight import Flight, Work
from hedgerow.simulate.gateway import Gateway
from tests.fakes.case_studies import Upstream, answers, fails
from tests.fakes.policy import replicas, retrying, route
from tests.simulate.worlds import Shell, WaitingClient


class KeptWorks:
    """An upstream that only keeps what it is sent."""

    def __init__(self) -> None:
        self.works: list[Work] = []
        self.cancelled: list[Work] = []

    def send(self, now: float, work: Work) -> None:
        self.works.append(work)

    def cancel(self, now: float, work: Work) -> None:
        self.cancelled.append(work)


class Desk:
    """A gateway with one request on its way."""

    def __init__(self, policy: Policy) -> None:
        self.agenda = Agenda()
        self.upstream = KeptWorks()
        self.client = WaitingClient()
        self.gateway = Gateway(policy, self.agenda, upstream=self.upstream, clients=self.client)
        self.flight: Flight = self.gateway.request_arrived(0.0)

    def meet(self, mishap: Mishap, number: int = 1, at: float = 0.1) -> None:
        work = self.upstream.works[number - 1]
        work.mishap = mishap
        self.gateway.answered(at, work)


class TestMishap:
    @pytest.mark.parametrize(
        ("kind", "failure"),
        [
            (MishapKind.REFUSE, Failure.CONNECT),
            (MishapKind.RESET, Failure.RESET),
        ],
    )
    def test_without_an_answer_is_a_failure(self, kind: MishapKind, failure: Failure) -> None:
        desk = Desk(route(retrying(2)))
        desk.meet(Mishap(kind))
        assert desk.flight.exchange.attempts[0].failure is failure
        assert len(desk.upstream.works) == 2

    def test_with_a_status_is_retried_or_passed_on(self) -> None:
        desk = Desk(route(retrying(2)))
        desk.meet(Mishap(MishapKind.STATUS, 503))
        desk.meet(Mishap(MishapKind.STATUS, 500), number=2)
        assert desk.client.ended
        winner = desk.flight.exchange.winner
        assert winner is not None
        assert winner.status == 500

    @pytest.mark.parametrize("kind", [MishapKind.RESET_BODY, MishapKind.TRUNCATE])
    def test_inside_the_body_breaks_the_answer(self, kind: MishapKind) -> None:
        desk = Desk(route(retrying(2)))
        desk.meet(Mishap(kind))
        assert desk.gateway.policy.counters.aborted == 1
        assert desk.client.ended

    @pytest.mark.parametrize("kind", [MishapKind.WRONG_TYPE, MishapKind.BAD_JSON])
    def test_of_the_content_matters_where_it_is_looked_at(self, kind: MishapKind) -> None:
        looking = Desk(route(retrying(2), answers=AnswerRule(body="json")))
        looking.meet(Mishap(kind))
        assert looking.flight.exchange.attempts[0].failure is Failure.UNUSABLE
        trusting = Desk(route(retrying(2)))
        trusting.meet(Mishap(kind))
        assert trusting.gateway.policy.counters.answered == 1

    def test_of_a_dripping_body_ends_when_it_has_dripped(self) -> None:
        desk = Desk(route())
        desk.meet(Mishap(MishapKind.DRIP, over=0.5))
        assert not desk.client.ended
        while desk.agenda.advance(1) and not desk.client.ended:
            pass
        assert desk.agenda.now == pytest.approx(0.6)

    def test_that_hangs_ends_with_the_deadline(self) -> None:
        desk = Desk(route())
        desk.meet(Mishap(MishapKind.HANG))
        while desk.agenda.advance(1):
            pass
        assert desk.gateway.policy.counters.expired == 1


class TestCancelled:
    def test_work_is_told_to_the_upstream_and_not_listened_to(self) -> None:
        desk = Desk(route(HedgeRule.of(0.05, 1)))
        desk.agenda.advance(1)
        one, other = desk.upstream.works
        desk.gateway.answered(0.2, other)
        assert desk.upstream.cancelled == [one]
        desk.gateway.answered(0.3, one)
        assert len(desk.client.ended) == 1

    def test_request_stops_everything(self) -> None:
        desk = Desk(route(HedgeRule.of(0.05, 1)))
        desk.agenda.advance(1)
        desk.gateway.client_left(0.1, desk.flight)
        assert desk.upstream.cancelled == desk.upstream.works
        assert desk.gateway.policy.counters.abandoned == 1


class TestCopies:
    def test_at_once_go_out_in_the_moment_of_the_request(self) -> None:
        rule = HedgeRule.of(0.0, 1, same_replica=False)
        policy = Policy(RoundRobin(replicas(2)), rule, budget=NoBudget())
        shell = Shell(policy, (answers(0.2), answers(0.1)))
        assert shell.upstream.sent == [(0.0, 1), (0.0, 2)]

    def test_follow_a_failure_at_once(self) -> None:
        shell = Shell(route(retrying(2)), (fails(0.2), answers(0.1)))
        assert shell.upstream.sent == [(0.0, 1), (0.2, 2)]

    def test_are_told_of_when_they_end_once(self) -> None:
        shell = Shell(route(HedgeRule.of(0.1, 1)), (Upstream(0.3), Upstream(0.1, body_time=0.05)))
        client = shell.gateway._clients
        assert isinstance(client, WaitingClient)
        assert client.ended == [0.25]
