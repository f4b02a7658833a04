"""The link between a connection and the race: events go on, pieces of an answer stay."""

from hedgerow.errors import Failure
from hedgerow.policy import Attempt, Kind, Replica
from hedgerow.serve.attempt_call import AttemptCall
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.gateway_bench import request_head
from tests.fakes.gateway_pool import answer_head


class Told:
    """A race that writes down what it hears."""

    def __init__(self) -> None:
        self.carrier = FakeCarrier()
        self.request = Request(request_head(), self.carrier)
        self.events: list[tuple[str, object]] = []

    def attempt_sent(self, call: AttemptCall) -> None:
        self.events.append(("sent", call.attempt.number))

    def attempt_informed(self, call: AttemptCall, head: ResponseHead) -> None:
        self.events.append(("informed", head.status))

    def answer_began(self, call: AttemptCall, head: ResponseHead, data: bytes, ended: bool) -> None:
        self.events.append(("began", (head.status, data, ended)))

    def answer_continued(self, call: AttemptCall, data: bytes, ended: bool) -> None:
        self.events.append(("continued", (data, ended)))

    def attempt_failed(self, call: AttemptCall, failure: Failure) -> None:
        self.events.append(("failed", failure))


def call_of(race: Told) -> AttemptCall:
    return AttemptCall(race, Attempt(1, Kind.PRIMARY, Replica("r1"), 0.0, 1.0), b"HEAD")


class TestEvent:
    def test_goes_on_to_the_race(self) -> None:
        race = Told()
        call = call_of(race)
        call.answer_began(answer_head(200), b"a", ended=False)
        call.body_received(b"b", ended=True)
        assert race.events == [("began", (200, b"a", False)), ("continued", (b"b", True))]

    def test_of_a_failure_keeps_its_detail_for_the_log(self) -> None:
        race = Told()
        call = call_of(race)
        call.failed(Failure.RESET, "the connection broke")
        assert (race.events, call.attempt.detail) == (
            [("failed", Failure.RESET)],
            "the connection broke",
        )

    def test_of_sending_matters_only_where_more_is_to_be_sent(self) -> None:
        race = Told()
        call_of(race).sent()
        streaming = call_of(race)
        streaming.has_more = True
        streaming.sent()
        assert race.events == [("sent", 1)]

    def test_of_a_slow_upstream_reaches_the_client(self) -> None:
        race = Told()
        call = call_of(race)
        call.writing_paused()
        assert (race.carrier.asked, call.is_full) == (["pause body"], True)
        call.writing_resumed()
        assert (race.carrier.asked, call.is_full) == (["pause body", "resume body"], False)


class TestKeptAnswer:
    def test_is_what_came_so_far(self) -> None:
        call = call_of(Told())
        call.keep(b"ab", ended=False)
        call.keep(b"", ended=False)
        call.keep(b"c", ended=True)
        assert (call.kept_body, call.kept_size, call.kept_ended) == (b"abc", 3, True)

    def test_is_given_away_once(self) -> None:
        call = call_of(Told())
        call.keep(b"abc", ended=False)
        assert (call.take_kept(), call.take_kept()) == (b"abc", b"")

    def test_goes_on_after_it_was_given_away(self) -> None:
        call = call_of(Told())
        call.keep(b"abc", ended=False)
        call.take_kept()
        call.keep(b"d", ended=True)
        assert call.kept_body == b"d"

    def test_is_not_shared_between_calls(self) -> None:
        race = Told()
        one, other = call_of(race), call_of(race)
        one.keep(b"abc", ended=True)
        assert other.kept_body == b""


class TestAnswerWithoutBody:
    def test_is_one_to_head(self) -> None:
        call = call_of(Told())
        assert not call.has_no_body
        call.to_head = True
        assert call.has_no_body

    def test_is_one_that_says_that_nothing_has_changed(self) -> None:
        call = call_of(Told())
        call.attempt.status = 304
        assert call.has_no_body
