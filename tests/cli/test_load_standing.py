import pytest

from hedgerow.cli.load_standing import (
    Standing,
    model_in_words,
    most_frequent,
    sparkline,
    times,
)
from hedgerow.measure import Histogram
from hedgerow.report.document import Config
from tests.fakes.load_moments import Moments, order


class TestStanding:
    def test_leaves_the_warm_up_out_of_the_run(self) -> None:
        standing, moments = Standing(order()), Moments()
        standing.take(moments.next("warm-up", times_us=9000))
        assert standing.second.count == 100
        standing.take(moments.next(ok=50))
        assert standing.run("response").count == 50
        assert standing.asked == 100.0

    def test_judges_promises_by_the_measured_part(self) -> None:
        standing, moments = Standing(order("p99<5ms", "errors<1%", "rps>80")), Moments()
        standing.take(moments.next("warm-up", times_us=9000))
        assert standing.promises() == []
        for _ in range(2):
            standing.take(moments.next(errors={"timeout": 10}))
        assert [result.ok for result in standing.promises()] == [False, False, True]


class TestProgress:
    @pytest.mark.parametrize(
        ("duration", "requests", "progress"),
        [
            (30.0, None, (2.0, 30.0)),
            (None, 400, (200.0, 400.0)),
            (4.0, 1000, (2.0, 4.0)),  # whichever ends first
            (30.0, 400, (200.0, 400.0)),
            (None, None, None),
        ],
    )
    def test_is_of_what_ends_the_run(
        self, duration: float | None, requests: int | None, progress: tuple[float, float] | None
    ) -> None:
        standing, moments = Standing(order()), Moments(duration, requests)
        for _ in range(2):
            standing.take(moments.next())
        assert standing.progress() == progress

    def test_is_never_more_than_all_of_it(self) -> None:
        standing, moments = Standing(order()), Moments(1.0)
        moments.next()
        standing.take(moments.next("drain"))
        assert standing.progress() == (1.0, 1.0)


class TestTimes:
    def test_are_percentiles_and_the_highest(self) -> None:
        histogram = Histogram()
        histogram.record_all(range(1, 1001))
        assert times(histogram) == ["500us", "900us", "990us", "999us", "1ms"]

    def test_are_none_without_requests(self) -> None:
        assert times(Histogram()) == ["-"] * 5


class TestSparkline:
    def test_goes_from_none_to_the_highest(self) -> None:
        assert sparkline([0, 50, 100], 10) == "▁▅█"

    def test_shows_the_last_values(self) -> None:
        assert sparkline([100, 0, 1, 1], 2) == "██"

    @pytest.mark.parametrize("width", [0, -3])
    def test_is_empty_where_there_is_no_room(self, width: int) -> None:
        assert sparkline([1, 2], width) == ""

    def test_lies_flat_where_nothing_happened(self) -> None:
        assert sparkline([0, 0], 5, ascii_only=True) == "__"


class TestModel:
    @pytest.mark.parametrize(
        ("config", "facts"),
        [
            (Config(model="open", rate="200", arrivals="poisson"), ["200/s", "Poisson"]),
            (Config(model="open", rate="1:9", stages="5s:9/s", arrivals="even"), ["1:9/s", "even"]),
            (
                Config(model="open", rate="0", stages="5s:9/s 1s:0/s", arrivals="even"),
                ["stages 5s:9/s 1s:0/s"],
            ),
            (Config(users=50, connections=50), ["50 users"]),
            (Config(users=9, connections=9, ramp_up_s=30), ["9 users", "ramp-up 30s"]),
            (Config(users=9, iterations=3, think_time="1s"), ["3 iterations", "think 1s"]),
            (Config(users=9, stages="5s:9"), ["stages 5s:9"]),
        ],
    )
    def test_is_told_in_words(self, config: Config, facts: list[str]) -> None:
        told = model_in_words(config)
        assert all(fact in told for fact in facts), told


class TestErrors:
    def test_come_with_the_most_frequent_first(self) -> None:
        errors = {"a": 1, "b": 5, "c": 1}
        assert most_frequent(errors.items(), 2) == [("b", 5), ("a", 1)]
