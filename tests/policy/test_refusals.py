import pytest

from hedgerow.policy.refusals import (
    ENTER,
    LONGEST_RETRY_AFTER,
    REFUSALS,
    WAIT,
    Decision,
    Reason,
    refusal,
)


class TestRefusal:
    def test_is_ready_made(self) -> None:
        assert refusal(Reason.QUEUE_FULL, 2.0) is refusal(Reason.QUEUE_FULL, 2.0)

    @pytest.mark.parametrize(("seconds", "told"), [(0.0, 0), (-1.0, 0), (0.2, 1), (1.0, 1)])
    def test_rounds_up(self, seconds: float, told: int) -> None:
        assert refusal(Reason.QUEUE_FULL, seconds).retry_after == told

    def test_names_no_time_beyond_the_longest(self) -> None:
        assert refusal(Reason.QUEUE_FULL, 1e9).retry_after == LONGEST_RETRY_AFTER

    @pytest.mark.parametrize(
        ("reason", "status"),
        [
            (Reason.RATE_LIMITED, 429),
            (Reason.EXPIRED, 504),
            (Reason.QUEUE_FULL, 503),
            (Reason.EVICTED, 503),
        ],
    )
    def test_has_the_status_of_its_reason(self, reason: Reason, status: int) -> None:
        assert refusal(reason).status == status

    def test_is_one_for_each_reason_but_those_that_are_none(self) -> None:
        assert set(Reason) - set(REFUSALS) == {Reason.ENTERED, Reason.CLIENT_LEFT}


class TestOtherEntries:
    def test_say_that_the_request_is_not_refused(self) -> None:
        assert (ENTER.decision, WAIT.decision) == (Decision.ENTER, Decision.WAIT)
