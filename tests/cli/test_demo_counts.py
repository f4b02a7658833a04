import pytest

from hedgerow.cli.demo_counts import Counts, Results
from hedgerow.load.batch import Sample
from hedgerow.load.outcome import Outcome
from tests.cli.demo_results import ended

DEADLINE = 1.0


def counted(*samples: Sample) -> Results:
    counts = Counts(DEADLINE)
    counts.add(samples)
    return counts.results()


class TestGoodAnswer:
    def test_within_the_deadline_is_in_time(self) -> None:
        results = counted(ended(0.4), ended(DEADLINE))
        assert (results.in_time, results.late, results.failed) == (2, 0, 0)

    def test_after_the_deadline_is_late(self) -> None:
        results = counted(ended(1.001))
        assert (results.in_time, results.late, results.failed) == (0, 1, 0)

    def test_is_judged_from_when_it_was_due_and_not_from_when_it_was_sent(self) -> None:
        assert counted(ended(1.2, lag=0.9)).late == 1


class TestFailure:
    def test_counts_by_its_status(self) -> None:
        results = counted(*(ended(0.1, Outcome.STATUS_5XX, status) for status in (503, 500, 503)))
        assert results.failures == {"status 503": 2, "status 500": 1}
        assert results.failed == 3

    @pytest.mark.parametrize(
        ("outcome", "kind"),
        [
            (Outcome.CONNECT_REFUSED, "connect refused"),
            (Outcome.NO_CAPACITY, "no capacity"),
            (Outcome.RESET, "reset"),
            (Outcome.CLOSED, "closed before response"),
            (Outcome.PROTOCOL, "protocol"),
            (Outcome.TIMEOUT, "timeout"),
        ],
    )
    def test_counts_by_how_it_came_about(self, outcome: Outcome, kind: str) -> None:
        assert counted(ended(0.1, outcome, 0)).failures == {kind: 1}

    def test_is_never_in_time_however_quick(self) -> None:
        assert counted(ended(0.001, Outcome.RESET, 0)).share_in_time == 0.0


class TestLatencies:
    def test_count_from_when_the_request_was_due(self) -> None:
        latencies = counted(ended(0.5, lag=0.4)).latencies
        assert latencies.quantile(0.5) == pytest.approx(500_000, rel=1e-3)

    def test_include_failures(self) -> None:
        latencies = counted(ended(0.1), ended(5.0, Outcome.TIMEOUT, 0)).latencies
        assert latencies.max == pytest.approx(5_000_000, rel=1e-3)

    def test_leave_out_what_was_cut_off_because_its_length_is_not_known(self) -> None:
        results = counted(ended(0.3, Outcome.UNFINISHED, 0))
        assert results.latencies.count == 0
        assert results.failures == {"unfinished": 1}


class TestSendLag:
    def test_is_counted_apart_and_whole(self) -> None:
        lags = counted(ended(0.5, lag=0.25)).send_lags
        assert lags.quantile(0.5) == pytest.approx(250_000, rel=1e-3)

    def test_of_a_request_that_was_never_sent_is_not(self) -> None:
        results = counted(ended(0.1), ended(0.1, Outcome.CONNECT_REFUSED, 0, lag=None))
        assert (results.send_lags.count, results.sent, results.ended) == (1, 1, 2)


class TestResults:
    def test_of_nothing_are_zero(self) -> None:
        results = counted()
        assert (results.ended, results.share_in_time, results.failures) == (0, 0.0, {})

    def test_share_in_time_is_of_all_that_ended(self) -> None:
        results = counted(ended(0.1), ended(2.0), ended(0.1, Outcome.RESET, 0), ended(0.2))
        assert results.share_in_time == 0.5

    def test_add_up_the_bytes(self) -> None:
        assert counted(ended(0.1), ended(0.2)).size == 20

    def test_stay_what_they_were_when_more_is_counted(self) -> None:
        counts = Counts(DEADLINE)
        before = counts.results()
        counts.add([ended(0.1, Outcome.RESET, 0)])
        assert (before.ended, before.latencies.count, before.send_lags.count) == (0, 0, 0)
