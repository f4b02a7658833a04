import pytest

from hedgerow.load import Ending, Recorder, Results, Sample
from tests.load.fakes import START

DEADLINE = 1.0


def ended(
    after: float, ending: Ending = Ending.ANSWERED, status: int = 200, lag: float | None = 0.001
) -> Sample:
    return Sample(
        number=0,
        due_at=START,
        sent_at=None if lag is None else START + lag,
        ended_at=START + after,
        ending=ending,
        status=status,
        size=10,
    )


def recorded(*samples: Sample) -> Results:
    recorder = Recorder(DEADLINE)
    for sample in samples:
        recorder.record(sample)
    return recorder.results()


class TestGoodAnswer:
    def test_within_the_deadline_is_in_time(self) -> None:
        results = recorded(ended(0.4), ended(DEADLINE))
        assert (results.in_time, results.late, results.failed) == (2, 0, 0)

    def test_after_the_deadline_is_late(self) -> None:
        results = recorded(ended(1.001))
        assert (results.in_time, results.late, results.failed) == (0, 1, 0)

    def test_is_judged_from_when_it_was_due_and_not_from_when_it_was_sent(self) -> None:
        assert recorded(ended(1.2, lag=0.9)).late == 1


class TestFailure:
    def test_counts_by_its_status(self) -> None:
        results = recorded(*(ended(0.1, Ending.STATUS, status) for status in (503, 500, 503)))
        assert results.failures == {"status 503": 2, "status 500": 1}
        assert results.failed == 3

    @pytest.mark.parametrize(
        "ending", [Ending.CONNECT, Ending.RESET, Ending.PROTOCOL, Ending.TIMEOUT]
    )
    def test_counts_by_how_it_came_about(self, ending: Ending) -> None:
        assert recorded(ended(0.1, ending, 0)).failures == {ending.value: 1}

    def test_is_never_in_time_however_quick(self) -> None:
        assert recorded(ended(0.001, Ending.RESET, 0)).share_in_time == 0.0


class TestLatencies:
    def test_count_from_when_the_request_was_due(self) -> None:
        latencies = recorded(ended(0.5, lag=0.4)).latencies
        assert latencies.quantile(0.5) == pytest.approx(500_000, rel=1e-3)

    def test_include_failures(self) -> None:
        latencies = recorded(ended(0.1), ended(5.0, Ending.TIMEOUT, 0)).latencies
        assert latencies.max == pytest.approx(5_000_000, rel=1e-3)

    def test_leave_out_what_was_cut_off_because_its_length_is_not_known(self) -> None:
        results = recorded(ended(0.3, Ending.UNFINISHED, 0))
        assert results.latencies.count == 0
        assert results.failures == {"unfinished": 1}


class TestSendLag:
    def test_is_recorded_apart(self) -> None:
        lags = recorded(ended(0.5, lag=0.25)).send_lags
        assert lags.quantile(0.5) == pytest.approx(250_000, rel=1e-3)

    def test_of_a_request_that_was_never_sent_is_not(self) -> None:
        assert recorded(ended(0.1, Ending.CONNECT, 0, lag=None)).send_lags.count == 0


class TestResults:
    def test_of_nothing_are_zero(self) -> None:
        results = recorded()
        assert (results.ended, results.share_in_time, results.failures) == (0, 0.0, {})

    def test_share_in_time_is_of_all_that_ended(self) -> None:
        results = recorded(ended(0.1), ended(2.0), ended(0.1, Ending.RESET, 0), ended(0.2))
        assert results.share_in_time == 0.5

    def test_add_up_the_bytes(self) -> None:
        assert recorded(ended(0.1), ended(0.2)).size == 20

    def test_stay_what_they_were_when_more_is_recorded(self) -> None:
        recorder = Recorder(DEADLINE)
        before = recorder.results()
        recorder.record(ended(0.1, Ending.RESET, 0))
        assert (before.ended, before.latencies.count, before.send_lags.count) == (0, 0, 0)


class TestUnfinishedSample:
    def test_is_refused(self) -> None:
        with pytest.raises(ValueError, match="sample 3"):
            Recorder(DEADLINE).record(Sample(3, START))
