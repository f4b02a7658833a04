import pytest

from hedgerow.load.generator.carrier import Carrier, Timeouts
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan
from tests.fakes.answer_reader import LeanLine
from tests.load.generator.stage import START_NS, FieldStage

SECOND = 1_000_000_000
PLAN = LoadPlan(work=RequestPlan(url="http://a.example/", label="x"), model=Closed(users=1))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> FieldStage:
    return FieldStage(monkeypatch, PLAN)


def waiting(stage: FieldStage, sent_ns: int) -> Carrier:
    """Somebody whose request was sent then, and is not answered yet."""
    carrier = Carrier(stage.field, 0, "x")
    carrier.connection = LeanLine().sends(now_ns=sent_ns).connection
    return carrier


class TestSample:
    def test_of_a_request_that_was_not_sent_has_no_service_time(self, stage: FieldStage) -> None:
        carrier = Carrier(stage.field, 3, "x")
        carrier.began_ns, carrier.woke_ns = START_NS, START_NS + SECOND
        stage.run(5)
        sample = carrier.sample(Outcome.DEADLINE, "too late")
        parts = (sample.response, sample.service, sample.ttfb, sample.lateness, sample.backlog)
        assert parts == (5 * SECOND, -1, -1, SECOND, 4 * SECOND)

    def test_of_a_request_of_no_plan_has_no_lateness(self, stage: FieldStage) -> None:
        carrier = waiting(stage, START_NS)
        carrier.began_ns, carrier.size_out = START_NS, 10
        stage.run(2)
        sample = carrier.sample(Outcome.TIMEOUT)
        assert (sample.lateness, sample.backlog, sample.ttfb) == (-1, -1, -1)
        assert (sample.response, sample.service) == (2 * SECOND, 2 * SECOND)


class TestTimeouts:
    def test_are_of_those_who_wait_longer_than_the_limit(self, stage: FieldStage) -> None:
        old, new = waiting(stage, 1 * SECOND), waiting(stage, 3 * SECOND)
        idle = Carrier(stage.field, 0, "x")
        found = Timeouts(5 * SECOND).overdue([old, new, idle], 7 * SECOND)
        assert found == [old]

    def test_are_found_as_soon_as_there_is_one(self, stage: FieldStage) -> None:
        timeouts = Timeouts(5 * SECOND)
        one = waiting(stage, 3 * SECOND)
        found = [timeouts.overdue([one], round(now * SECOND)) for now in (4, 7, 8, 8.5)]
        assert found == [[], [], [], [one]]

    def test_are_not_looked_for_while_there_can_be_none(self, stage: FieldStage) -> None:
        timeouts = Timeouts(5 * SECOND)
        timeouts.overdue([waiting(stage, 3 * SECOND)], 4 * SECOND)
        looked = iter([waiting(stage, 6 * SECOND)])
        timeouts.overdue(looked, 7 * SECOND)
        assert len(list(looked)) == 1
