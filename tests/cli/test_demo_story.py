import pytest

from hedgerow.cli.demo_story import Course, Story, choose, read_stories
from hedgerow.errors import Failure
from hedgerow.policy import Attempt, Exchange, Outcome, Replica
from hedgerow.policy.attempt import Kind
from hedgerow.serve.story import timeline
from tests.cli.demo_results import attempt
from tests.fakes.policy import START, route

TOLD = """\
hedgerow: serving on http://127.0.0.1:8080
GET /api/work?n=41 -> 200, 334ms
    312us  primary 1 to 127.0.0.1:9000: cancelled after 334ms
    300ms  hedge   2 to 127.0.0.1:9000: no capacity after 12us
    300ms  hedge   3 to 127.0.0.1:9000: 200 after 33.7ms  <- answered
GET /api/work?n=42 -> 504, 1000ms
      0us  primary 1 to 127.0.0.1:9000: in flight
GET /favicon.ico -> 200, 3ms
      0us  primary 1 to 127.0.0.1:9000: 200 after 3ms  <- answered
hedgerow: draining
"""


def told() -> list[Story]:
    return read_stories(TOLD.splitlines())


def story(
    status: int, *attempts: tuple[str, str, bool], number: int = 0, seconds: float = 0.5
) -> Story:
    made = (attempt(kind, 0.0, 0.5, fate, won=won) for kind, fate, won in attempts)
    return Story(number, status, seconds, tuple(made))


def first_try() -> Story:
    return story(200, ("primary", "200", True))


def hedge_won(number: int = 0, seconds: float = 0.5) -> Story:
    return story(
        200,
        ("primary", "cancelled", False),
        ("hedge", "200", True),
        number=number,
        seconds=seconds,
    )


def repaired() -> Story:
    return story(200, ("primary", "500", False), ("retry", "200", True))


def primary_won() -> Story:
    return story(200, ("primary", "200", True), ("hedge", "cancelled", False))


def expired() -> Story:
    return story(504, ("primary", "cancelled", False), ("hedge", "cancelled", False))


def failed() -> Story:
    return story(500, ("primary", "500", True), ("retry", "503", False))


class TestReading:
    def test_finds_the_demos_own_requests(self) -> None:
        assert [(s.number, s.status, s.seconds) for s in told()] == [
            (41, 200, 0.334),
            (42, 504, 1.0),
        ]

    def test_finds_their_attempts(self) -> None:
        primary, refused, winner = told()[0].attempts
        assert (primary.kind, primary.fate, primary.won) == ("primary", "cancelled", False)
        assert refused.fate == "no capacity"
        assert (winner.kind, winner.fate, winner.won) == ("hedge", "200", True)
        assert (winner.started_at, winner.ended_at) == pytest.approx((0.3, 0.3337))

    def test_knows_no_end_of_what_was_in_flight(self) -> None:
        assert told()[1].attempts[0].ended_at is None

    def test_passes_over_a_request_whose_user_left(self) -> None:
        assert read_stories(["GET /api/work?n=1 -> 499, 20ms"]) == []

    def test_understands_what_the_gateway_writes(self) -> None:
        exchange = Exchange(route(), deadline_at=START + 1, may_repeat=True)
        primary = Attempt(1, Kind.PRIMARY, Replica("h:1"), START + 0.0002, START + 1)
        primary.failure, primary.ended_at = Failure.RESET, START + 0.2502
        retry = Attempt(2, Kind.RETRY, Replica("h:1"), START + 0.2503, START + 1)
        retry.status, retry.answered_at, retry.outcome = 200, START + 0.4, Outcome.SUCCESS
        exchange.attempts, exchange.winner = [primary, retry], retry
        lines = ["GET /api/work?n=5 -> 200, 400ms", *timeline(exchange, START)]
        (read,) = read_stories(lines)
        assert [a.fate for a in read.attempts] == ["reset", "200"]
        assert read.course is Course.REPAIRED
        assert read.attempts[1].ended_at == pytest.approx(0.4, abs=0.001)


class TestCourse:
    @pytest.mark.parametrize(
        ("story", "course"),
        [
            (first_try(), Course.FIRST_TRY),
            (hedge_won(), Course.HEDGE_WON),
            (repaired(), Course.REPAIRED),
            (primary_won(), Course.PRIMARY_WON),
            (expired(), Course.EXPIRED),
            (failed(), Course.FAILED),
        ],
        ids=lambda value: value.name.lower() if isinstance(value, Course) else "",
    )
    def test_is_told_from_the_attempts(self, story: Story, course: Course) -> None:
        assert story.course is course


class TestChoice:
    def test_is_one_of_each_kind_worth_telling(self) -> None:
        stories = [first_try(), expired(), primary_won(), repaired(), hedge_won()]
        courses = [chosen.story.course for chosen in choose(stories)]
        assert courses == [Course.HEDGE_WON, Course.REPAIRED, Course.PRIMARY_WON]

    def test_tells_of_an_expired_request_where_no_slow_primary_won(self) -> None:
        courses = [chosen.story.course for chosen in choose([hedge_won(), expired()])]
        assert courses == [Course.HEDGE_WON, Course.EXPIRED]

    def test_is_the_typical_one_of_its_kind(self) -> None:
        stories = [hedge_won(number, seconds=number / 10) for number in (9, 4, 5)]
        assert choose(stories)[0].story.number == 5

    def test_knows_how_many_went_the_same_way(self) -> None:
        stories = [hedge_won(), first_try(), first_try(), first_try()]
        assert choose(stories)[0].share == 0.25

    def test_of_nothing_is_nothing(self) -> None:
        assert choose([]) == []
