from hedgerow.errors import Failure
from hedgerow.policy import Attempt, Kind, Outcome
from hedgerow.policy.attempt import best_answer, best_failure
from tests.fakes.policy import START, replicas


def attempt(number: int = 1) -> Attempt:
    return Attempt(number, Kind.PRIMARY, replicas(1)[0], START, START + 1.0)


def answered(status: int, *, number: int = 1, whole: bool = False) -> Attempt:
    made = attempt(number)
    made.status, made.outcome = status, Outcome.FAILURE
    made.ended_at = START + 0.5 if whole else None
    return made


def failed(failure: Failure) -> Attempt:
    made = attempt()
    made.failure, made.outcome, made.ended_at = failure, Outcome.FAILURE, START + 0.5
    return made


class TestAttempt:
    def test_tells_that_it_is_in_flight(self) -> None:
        assert repr(attempt()) == "<Attempt 1 primary to r1: in flight, no answer>"

    def test_tells_how_it_ended_and_why(self) -> None:
        assert repr(failed(Failure.RESET)) == "<Attempt 1 primary to r1: failure, reset>"
        assert repr(answered(503)) == "<Attempt 1 primary to r1: failure, 503>"


class TestBestAnswer:
    def test_is_none_among_none(self) -> None:
        assert best_answer([], whole=False) is None

    def test_is_the_one_of_least_status(self) -> None:
        attempts = [answered(503), answered(429, number=2), answered(500, number=3)]
        assert best_answer(attempts, whole=False) is attempts[1]

    def test_is_the_earliest_among_equals(self) -> None:
        attempts = [answered(500, number=1), answered(500, number=2)]
        assert best_answer(attempts[::-1], whole=False) is attempts[0]

    def test_is_no_failure_without_an_answer(self) -> None:
        assert best_answer([failed(Failure.UNUSABLE), attempt()], whole=False) is None

    def test_is_one_that_ended_where_it_must_be_whole(self) -> None:
        attempts = [answered(429), answered(503, number=2, whole=True)]
        assert best_answer(attempts, whole=True) is attempts[1]


class TestBestFailure:
    def test_is_none_among_none(self) -> None:
        assert best_failure([attempt(), answered(500)]) is None

    def test_is_the_one_nearest_to_an_answer(self) -> None:
        attempts = [failed(Failure.TIMEOUT), failed(Failure.RESET), failed(Failure.CONNECT)]
        assert best_failure(attempts) is Failure.RESET
