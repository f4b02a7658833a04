import pytest

from hedgerow.load.book import Book, Frame
from hedgerow.load.figures import BookFigures, Promises
from hedgerow.load.moment import Moment
from hedgerow.load.totals import Pace
from hedgerow.measure.slo import parse_slo
from hedgerow.report.document import Phase, ServerPoint

MS = 1000


def book_of(good_ms: float = 10, *, good: int = 100, failed: int = 0, label: str = "a") -> Book:
    """Good requests that all took the same, half of them plain, and failed ones of 1 s."""
    book = Book(ok=good, failed=failed)
    track = book.track(label)
    track.plain.record_many(round(good_ms * MS), good // 2)
    track.ok.record_many(round(good_ms * MS), good - good // 2)
    track.service.record_many(round(good_ms * MS / 2), good - good // 2)
    track.failed.record_many(1000 * MS, failed)
    track.tally.count, track.tally.errors = good + failed, failed
    if failed:
        book.errors["timeout"] = failed
    return book


def server_point(t: float, cpu: float, rss: int, pss: int | None = None) -> ServerPoint:
    return ServerPoint(t=t, cpu=cpu, rss=rss, pss=pss)


class Running:
    """Promises that are told of one second after another."""

    def __init__(self, *exprs: str) -> None:
        self.promises = Promises([parse_slo(expr) for expr in exprs])
        self.total = Book()
        self.pace = Pace()
        self.elapsed = 0.0
        self.points: list[ServerPoint] = []

    def second(self, book: Book, phase: Phase = "measured", seconds: float = 1.0) -> None:
        self.elapsed += seconds
        frame = Frame(shard=0, number=0, at=self.elapsed, seconds=seconds)
        if phase == "warm-up":
            frame.warm_up = book
        else:
            frame.measured = book
            self.total.merge(book)
        if phase == "measured":
            self.pace.add(frame)
        self.promises.second(
            Moment(self.elapsed, phase, frame, self.total, self.pace, [], self.points, None, None)
        )

    def seconds(self, *books: Book) -> "Running":
        for book in books:
            self.second(book)
        return self

    @property
    def broken(self) -> str | None:
        slo = self.promises.broken_now()
        return slo.expr if slo else None

    def ok(self) -> list[bool]:
        figures = BookFigures(self.total, self.elapsed, pace=self.pace)
        results = self.promises.results(figures)
        return [result.ok for result in results]


class TestFiguresOfABook:
    def test_response_times_are_of_good_and_failed_requests(self) -> None:
        figures = BookFigures(book_of(10, good=98, failed=2), 1.0)
        assert figures.quantile("response", None, 0.5) == pytest.approx(0.01, rel=1e-3)
        assert figures.quantile("response", None, 0.99) == pytest.approx(1.0, rel=1e-3)

    def test_plain_requests_are_in_the_service_time(self) -> None:
        assert BookFigures(book_of(good=100), 1.0).samples("service", None) == 100

    def test_all_labels_are_one_distribution(self) -> None:
        book = book_of(10, label="a")
        book.merge(book_of(30, label="b"))
        assert BookFigures(book, 1.0).mean("response", None) == pytest.approx(0.02, rel=1e-3)

    def test_a_label_is_its_own(self) -> None:
        book = book_of(10, label="a")
        book.merge(book_of(30, good=50, failed=4, label="b"))
        figures = BookFigures(book, 1.0)
        assert figures.quantile("ok", "b", 1.0) == pytest.approx(0.03, rel=1e-3)
        assert (figures.count("b"), figures.failed("b", None)) == (54, 4)

    def test_an_unknown_label_has_nothing(self) -> None:
        figures = BookFigures(book_of(), 1.0)
        assert figures.quantile("response", "x", 0.5) is None
        assert figures.count("x") == 0
        assert figures.failed("x", None) == 0

    def test_a_class_of_errors_is_counted_alone(self) -> None:
        book = book_of(failed=4)
        book.errors["reset"] = 3
        assert BookFigures(book, 1.0).failed(None, "reset") == 3
        assert BookFigures(book, 1.0).failed(None, "tls") == 0

    def test_an_empty_book_has_no_times(self) -> None:
        assert BookFigures(Book(), 1.0).mean("response", None) is None

    def test_iterations_are_the_books(self) -> None:
        book = book_of()
        book.iterations.record(2_000_000)
        assert BookFigures(book, 1.0).quantile("iterations", None, 1.0) == pytest.approx(
            2, rel=1e-3
        )


class TestFiguresOfAServer:
    def test_cpu_is_the_mean(self) -> None:
        points = [server_point(1, 1.0, 5), server_point(2, 2.0, 5)]
        assert BookFigures(Book(), 1.0, points).server("cpu") == 1.5

    def test_memory_is_the_highest(self) -> None:
        points = [server_point(1, 1.0, 7), server_point(2, 2.0, 5)]
        assert BookFigures(Book(), 1.0, points).server("rss") == 7

    def test_what_the_kernel_does_not_tell_is_not_known(self) -> None:
        assert BookFigures(Book(), 1.0, [server_point(1, 1.0, 5)]).server("pss") is None


class TestPromiseOfTheWholeRun:
    def test_is_judged_by_its_end(self) -> None:
        slos = [parse_slo("p99<20ms"), parse_slo("errors<1%")]
        figures = BookFigures(book_of(10, good=95, failed=5), 1.0)
        results = Promises(slos).results(figures)
        assert [result.ok for result in results] == [False, False]
        assert results[1].value == 0.05
        assert (results[1].expr, results[1].limit, results[1].unit) == ("errors<1%", 0.01, "share")

    def test_is_broken_now_when_it_would_be_at_this_end(self) -> None:
        assert Running("p50<50ms", "p50<5ms").seconds(book_of(10)).broken == "p50<5ms"

    def test_is_not_broken_before_there_are_enough_samples(self) -> None:
        running = Running("p50<5ms").seconds(book_of(10, good=99))
        assert running.broken is None
        assert running.ok() == [False]

    def test_of_a_rate_does_not_count_what_ended_in_the_drain(self) -> None:
        running = Running("rps>90", "ok_rps>90", "rps{label=a}>90", "count>=200")
        running.second(book_of(good=100, failed=0), seconds=2.0)
        running.second(book_of(good=100), phase="drain")
        assert running.ok() == [False, False, False, True]
        assert running.broken == "rps>90"

    def test_is_judged_by_all_that_was_measured(self) -> None:
        running = Running("p50<50ms").seconds(book_of(10, good=300), book_of(90, good=200))
        assert running.broken is None

    def test_of_a_count_is_not_broken_before_the_end(self) -> None:
        running = Running("count>=500").seconds(book_of())
        assert running.broken is None
        assert running.ok() == [False]

    def test_of_failures_is_broken_at_once(self) -> None:
        assert Running("failures<=5").seconds(book_of(failed=6)).broken == "failures<=5"

    def test_leaves_the_warm_up_out(self) -> None:
        running = Running("p50<50ms", "rps>90")
        running.second(book_of(90, good=500), phase="warm-up")
        running.second(book_of(10))
        assert running.broken is None

    def test_of_a_server_leaves_the_warm_up_out(self) -> None:
        running = Running("rss(server)<50B")
        running.points.append(server_point(1.0, 1.0, 99))
        running.second(book_of(), phase="warm-up")
        running.points.append(server_point(2.0, 1.0, 40))
        running.second(book_of())
        assert running.broken is None

    def test_before_the_first_second_nothing_is_broken(self) -> None:
        assert Running("p50<5ms").broken is None


class TestPromiseWithAWindow:
    def test_is_broken_by_one_window_that_the_whole_run_hides(self) -> None:
        slow = [book_of(90, good=10)] * 2
        running = Running("p50<50ms for 2s").seconds(*[book_of(10)] * 5, *slow, *[book_of(10)] * 5)
        assert running.broken == "p50<50ms for 2s"
        assert running.ok() == [False]

    def test_is_kept_when_the_bad_part_is_shorter(self) -> None:
        slow = book_of(90, good=100)
        running = Running("p50<50ms for 3s").seconds(*[book_of(10)] * 5, slow, *[book_of(10)] * 5)
        assert running.ok() == [True]

    def test_is_not_judged_before_a_window_is_whole(self) -> None:
        assert Running("p50<50ms for 3s").seconds(book_of(90), book_of(90)).broken is None

    def test_is_whole_although_intervals_are_not_exact(self) -> None:
        running = Running("p50<50ms for 3s")
        for _ in range(3):
            running.second(book_of(90), seconds=0.98)
        assert running.broken is not None

    def test_forgets_what_is_older(self) -> None:
        running = Running("rps<250 for 2s").seconds(
            book_of(good=200), book_of(good=200), book_of(good=280)
        )
        assert running.broken is None
        assert running.seconds(book_of(good=280)).broken is not None

    def test_of_a_pace_leaves_the_drain_out(self) -> None:
        running = Running("rps>50 for 2s").seconds(book_of(), book_of())
        running.second(Book(), phase="drain")
        running.second(Book(), phase="drain")
        assert running.ok() == [True]

    def test_of_times_counts_the_drain(self) -> None:
        running = Running("p50<50ms for 2s").seconds(book_of(), book_of())
        running.second(book_of(900, good=500), phase="drain")
        assert running.ok() == [False]

    def test_of_errors_counts_them_by_class(self) -> None:
        running = Running("errors{class=timeout}<5% for 1s", "errors{class=tls}<5% for 1s")
        assert running.seconds(book_of(failed=20)).ok() == [False, True]

    def test_of_a_server_looks_at_the_window_only(self) -> None:
        running = Running("cpu(server)<1.5 for 2s")
        for t, cpu in enumerate((0.5, 0.5, 2.0, 2.0), start=1):
            running.points.append(server_point(t, cpu, 5))
            running.second(book_of())
        assert running.ok() == [False]


class TestInterruptedRun:
    def test_is_judged_by_what_there_is_and_says_so(self) -> None:
        running = Running("p50<50ms").seconds(book_of())
        figures = BookFigures(running.total, 1.0)
        [result] = running.promises.results(figures, interrupted=True)
        assert result.ok
        assert "interrupted after 1.0 s" in result.detail
