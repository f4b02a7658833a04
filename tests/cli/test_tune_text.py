"""What tuning found, in words."""

import random

import pytest

from hedgerow.cli import tune_text
from hedgerow.lab.logs.entry import Entry, LeftOut
from hedgerow.lab.logs.gather import Gathered, Malformed
from hedgerow.measure.empirical import Empirical
from hedgerow.policy.tuning import NO_COPY, HedgePoint
from hedgerow.policy.tuning_advice import Goal, Interval, advise, what_if
from hedgerow.policy.tuning_laws import Independent, Latencies, Paired


def latencies(*, slow: int = 5) -> Independent:
    """Return a hundred requests, most of 10 ms, some of a second."""
    return Independent(Empirical([(0.010, 100.0 - slow), (1.0, float(slow))]))


ADVICE = advise(latencies(), Goal(0.99, 0.10))


def gathered(*entries: Entry) -> Gathered:
    found = Gathered(by_route=False, methods=None, randomness=random.Random(1))
    for entry in entries:
        found.add(entry)
    return found


class TestOpening:
    def test_tells_what_was_read_and_what_was_not(self) -> None:
        found = gathered(
            Entry(1.0), Entry(1.0, is_longer=True), Entry(1.0, left_out=LeftOut.STATUS)
        )
        found.malformed, found.example = 1, Malformed("x.log line 3", "torn \x1b[2J")
        text = "\n".join(tune_text.opening(["x.log"], ["numbers"], found))
        assert "x.log (numbers): 2 requests" in text
        assert "1 answers other than a success" in text
        assert "faster): 1" in text
        assert "x.log line 3:\n    torn \\x1b[2J" in text


class TestTables:
    def test_show_the_tail_before_and_after(self) -> None:
        lines = list(tune_text.before_and_after(ADVICE))
        assert lines[0].split() == ["p50", "p90", "p95", "p99", "p99.9", "extra", "load"]
        assert lines[1].split()[2:] == ["10ms", "10ms", "10ms", "1s", "1s", "0.0%"]
        assert lines[2].startswith("a copy after 10ms ")
        assert lines[2].split()[4:] == ["10ms", "10ms", "10ms", "20ms", "1s", "5.0%"]

    def test_show_what_each_budget_buys(self) -> None:
        lines = list(tune_text.ladder(advise(latencies(), Goal(0.99)), "p99"))
        assert [line.split()[0] for line in lines[:-1]] == [
            "budget", "none", "1%", "2%", "5%", "10%", "20%",
        ]  # fmt: skip
        assert lines[-1].startswith("Taken: 5%")

    def test_show_other_worlds(self) -> None:
        rows = what_if(latencies(), HedgePoint(0.010), 0.05, 0.99)
        lines = list(tune_text.cases(rows, "p99"))
        assert lines[1].split()[2:] == ["1s", "20ms", "5.0%", "5.0%"]
        assert lines[3].split()[:5] == ["everything", "takes", "twice", "as", "long"]

    def test_show_routes_and_which_are_too_small_to_tell(self) -> None:
        routes = {"GET /" + "a" * 90: (5000, ADVICE), "GET /b": (100, ADVICE)}
        lines = list(tune_text.by_route(routes, "p99"))
        assert "..." in lines[1]
        assert lines[1].endswith('budget = "10%"}')
        assert "100*" in lines[2]
        assert lines[2].endswith(" -")
        assert lines[3] == "* few for p99: 2,000 wanted"


class TestAnswer:
    def test_is_a_sentence_with_its_certainty(self) -> None:
        text = tune_text.answer(ADVICE, "p99", [Interval(0.9, 1.1), Interval(0.019, 0.021)])
        assert "Copy every request not answered after 10ms" in text
        assert "p99 falls from 1s to 20ms (-98%) for 5.0% more requests." in text
        assert "900ms to 1.1s, and 19ms to 21ms" in text

    def test_tells_the_share_that_is_copied(self) -> None:
        advice = advise(latencies(slow=20), Goal(0.9, 0.13))
        text = tune_text.answer(advice, "p90", [])
        assert "Copy 65.0% of the requests not answered after 10ms" in text
        assert "for 13.0% more requests." in text

    def test_says_that_nothing_helps(self) -> None:
        advice = advise(latencies(slow=100), Goal(0.99, 0.05))
        assert "leave hedging by time out" in tune_text.answer(advice, "p99", [])


class TestWarning:
    def told(self, found: Gathered, law: Latencies | None = None) -> str:
        law = law or Independent(found.total.empirical())
        return "\n".join(tune_text.warnings(ADVICE, found, law, "p99"))

    def test_of_a_short_log_says_how_long_it_must_be(self) -> None:
        told = self.told(gathered(*[Entry(1.0)] * 300))
        assert "p99 rests on 3 of 300 requests" in told
        assert "2,000" in told

    def test_of_a_long_log_is_none(self) -> None:
        assert self.told(gathered(*[Entry(1.0)] * 2000)) == ""

    def test_of_a_tail_that_nobody_waited_for(self) -> None:
        entries = [*[Entry(1.0)] * 1900, *[Entry(2.0, is_longer=True)] * 100]
        assert "5.0% of the requests took longer than any" in self.told(gathered(*entries))

    def test_of_many_that_were_given_up(self) -> None:
        entries = [*[Entry(1.0, is_longer=True)] * 1000, *[Entry(2.0)] * 1500]
        assert "the tail is an estimate" in self.told(gathered(*entries))

    def test_of_few_copies_that_are_known(self) -> None:
        pairs = Paired([(0.02, 0.01)] * 3)
        assert "only 3 of the copies" in self.told(gathered(*[Entry(1.0)] * 2000), pairs)


@pytest.mark.parametrize(
    ("point", "text"),
    [
        (NO_COPY, "without copies"),
        (HedgePoint(0.02), "a copy after 20ms"),
        (HedgePoint(0.02, 0.5), "a copy after 20ms, 50.0% of them"),
        (HedgePoint(0.02, 1.0, 2), "up to 2 copies, 20ms apart"),
    ],
)
def test_points_are_described(point: HedgePoint, text: str) -> None:
    assert tune_text.described(point) == text
