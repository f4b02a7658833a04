"""A request told attempt by attempt."""

from hedgerow.errors import Failure
from hedgerow.serve.story import attempt_fate, server_timing, timeline
from tests.fakes.policy import START, Ends, Fails, Head, Race, burst, route


def told() -> Race:
    """The primary is slow, the first copy fails, the second answers."""
    race = Race(route(burst()))
    return race.play((0.45, 2, Fails(Failure.RESET)), (0.5, 3, Head()), (0.6, 3, Ends()))


class TestFate:
    def test_of_an_answer_is_its_status(self) -> None:
        assert attempt_fate(told().attempt(3)) == "200"

    def test_of_a_failure_is_what_failed(self) -> None:
        assert attempt_fate(told().attempt(2)) == "reset"

    def test_of_a_loser_is_that_it_was_cancelled(self) -> None:
        assert attempt_fate(told().attempt(1)) == "cancelled"

    def test_is_open_while_nothing_has_come(self) -> None:
        assert attempt_fate(Race(route()).attempt(1)) == "in flight"

    def test_of_an_answer_that_broke_is_that(self) -> None:
        race = Race(route()).play((0.1, 1, Head()), (0.2, 1, Fails(Failure.RESET)))
        assert attempt_fate(race.attempt(1)) == "reset"


class TestTimeline:
    def test_has_a_line_for_each_attempt(self) -> None:
        assert timeline(told().exchange, START) == [
            "      0us  primary 1 to r1: cancelled after 500ms",
            "    300ms  hedge   2 to r2: reset after 150ms",
            "    300ms  hedge   3 to r3: 200 after 200ms  <- answered",
        ]

    def test_counts_from_the_arrival(self) -> None:
        assert timeline(told().exchange, START - 1.0)[0].startswith("       1s  primary")


class TestServerTiming:
    def test_tells_the_whole_and_each_attempt(self) -> None:
        assert server_timing(told().exchange, START, START + 0.5) == (
            b"Server-Timing: total;dur=500.0, "
            b'attempt-1;dur=500.0;desc="primary cancelled", '
            b'attempt-2;dur=150.0;desc="hedge reset", '
            b'attempt-3;dur=200.0;desc="hedge 200"\r\n'
        )
