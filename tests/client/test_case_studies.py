"""The smart endpoint's twenty case studies, as calls of ``hedge()``."""

import asyncio

import pytest

from hedgerow.client import AllAttemptsFailed, DeadlineExceeded, current_attempt, hedge
from tests.client.attempts import elapsed
from tests.fakes.case_studies import CASE_STUDIES, CaseStudy
from tests.fakes.virtual_loop import run

each_case = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASE_STUDIES]
)
FOREVER = 1e9


class Smart:
    """Plays a case: each attempt does what the case's upstream does to it."""

    def __init__(self, case: CaseStudy) -> None:
        self._case = case
        self.sent: list[tuple[float, int]] = []
        self.ended: list[int] = []
        self.error: Exception | None = None
        self.ended_at = -1.0

    async def attempt(self) -> int:
        """Return the attempt's own number, as the upstream's JSON would."""
        attempt = current_attempt()
        assert attempt is not None
        self.sent.append((elapsed(), attempt.number))
        upstream = self._case.upstreams[attempt.number - 1]
        try:
            await asyncio.sleep(min(upstream.latency + upstream.body_time, FOREVER))
        finally:
            self.ended.append(attempt.number)
        if upstream.status != 200:
            raise RuntimeError(f"status {upstream.status}")
        return attempt.number

    async def call(self) -> int | None:
        deadline = self._case.deadline_ms / 1000
        try:
            return await hedge(self.attempt, delay=0.3, extra=2, deadline=deadline)
        except (AllAttemptsFailed, DeadlineExceeded) as error:
            self.error = error
            return None
        finally:
            self.ended_at = elapsed()


def played(case: CaseStudy) -> tuple[Smart, int | None]:
    smart = Smart(case)
    return smart, run(smart.call())


@each_case
class TestHedge:
    def test_gives_the_expected_answer_when(self, case: CaseStudy) -> None:
        smart, winner = played(case)
        assert winner == case.winner
        assert (smart.error is None) == (case.message == "SUCCESS")

    def test_answers_at_the_expected_time_when(self, case: CaseStudy) -> None:
        smart, _ = played(case)
        assert smart.ended_at == pytest.approx(case.ends_at)

    def test_sends_the_expected_attempts_when(self, case: CaseStudy) -> None:
        smart, _ = played(case)
        early = min(case.upstreams[0].latency, 0.3)
        copies_at = pytest.approx(early)
        assert smart.sent == [(0.0, 1), (copies_at, 2), (copies_at, 3)][: case.attempts]

    def test_says_why_it_gave_up_when(self, case: CaseStudy) -> None:
        smart, _ = played(case)
        in_time = case.ends_at < case.deadline_ms / 1000
        expected = AllAttemptsFailed if in_time else DeadlineExceeded
        assert isinstance(smart.error, expected) == (case.message == "ERROR")

    def test_leaves_no_attempt_running_when(self, case: CaseStudy) -> None:
        smart, _ = played(case)
        assert sorted(smart.ended) == [number for _, number in smart.sent]
