"""What a client reads who is turned away."""

import json

import pytest

from hedgerow.policy import Situation
from hedgerow.policy.refusals import REFUSALS, Decision, Reason, refusal
from hedgerow.serve.refusing import refuse
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.gateway_bench import request_head

DATE = b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"


def told(
    reason: Reason, seconds: float = 0.0, replies: dict[Situation, ReplyTemplate] | None = None
) -> tuple[bytes, bytes]:
    """The head and the body of the answer."""
    carrier = FakeCarrier()
    refuse(Request(request_head(), carrier), refusal(reason, seconds), DATE, replies or {})
    assert carrier.asked == ["done"]
    head, _, body = carrier.output.partition(b"\r\n\r\n")
    return head + b"\r\n", body


class TestProblem:
    @pytest.mark.parametrize("reason", [one for one in REFUSALS if one is not Reason.RATE_LIMITED])
    def test_says_why(self, reason: Reason) -> None:
        head, body = told(reason, 3)
        status = REFUSALS[reason][0].status
        problem = json.loads(body)
        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert problem["status"] == status
        assert len(problem["detail"]) > 10
        assert b"\r\nRetry-After: 3\r\n" in head
        assert DATE in head

    def test_promises_nothing_where_nothing_is_known(self) -> None:
        assert b"Retry-After" not in told(Reason.EXPIRED)[0]


class TestReplyOfTheRoute:
    NO_ROOM = ReplyTemplate(418, json={"message": "full"})

    def test_stands_for_want_of_room(self) -> None:
        head, body = told(Reason.QUEUE_FULL, 2, {Situation.UNAVAILABLE: self.NO_ROOM})
        assert head.startswith(b"HTTP/1.1 418 ")
        assert b"\r\nRetry-After: 2\r\n" in head
        assert body == b'{"message":"full"}'

    def test_keeps_its_own_retry_after(self) -> None:
        own = ReplyTemplate(503, text="full", headers={"Retry-After": "9"})
        head, _ = told(Reason.QUEUE_FULL, 2, {Situation.UNAVAILABLE: own})
        assert head.lower().count(b"retry-after") == 1
        assert b"Retry-After: 9\r\n" in head

    def test_stands_for_a_deadline_that_has_passed(self) -> None:
        late = ReplyTemplate(504, json={"message": "late"})
        assert told(Reason.EXPIRED, 0, {Situation.EXPIRED: late})[1] == b'{"message":"late"}'


class TestEveryReason:
    def test_has_words(self) -> None:
        """One that is added must be told, too."""
        kinds = set(Reason) - {Reason.ENTERED, Reason.CLIENT_LEFT}
        assert set(REFUSALS) == kinds
        assert {entry.decision for entries in REFUSALS.values() for entry in entries} == {
            Decision.REFUSE
        }
