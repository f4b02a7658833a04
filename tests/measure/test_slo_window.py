from hedgerow.measure.slo import parse_slo
from hedgerow.measure.slo_window import WindowJudge
from tests.measure.slo_figures import GivenFigures

GOOD = GivenFigures(times=[0.1] * 100)
BAD = GivenFigures(times=[2.0] * 100)
EMPTY = GivenFigures(ended=0)


def after(*windows: GivenFigures, expr: str = "p99<1s for 10s") -> WindowJudge:
    judge = WindowJudge(parse_slo(expr))
    for number, figures in enumerate(windows):
        judge.look(10.0 + number, figures)
    return judge


class TestPromise:
    def test_is_kept_while_every_window_keeps_it(self) -> None:
        judge = after(GOOD, GOOD)
        assert not judge.is_broken
        assert judge.verdict(GOOD).ok

    def test_once_broken_stays_broken(self) -> None:
        judge = after(GOOD, BAD, GOOD)
        assert judge.is_broken
        assert not judge.verdict(GOOD).ok

    def test_tells_the_worst_window_and_when_it_was(self) -> None:
        verdict = after(GOOD, BAD, GOOD).verdict(GOOD)
        assert verdict.value == 2.0
        assert verdict.detail == "worst 10 s: p99 was 2s at 11 s; broken in 1 of 3 windows"

    def test_of_a_floor_has_the_lowest_as_its_worst(self) -> None:
        few, many = GivenFigures(ended=50), GivenFigures(ended=500)
        assert after(many, few, many, expr="rps>1 for 10s").verdict(many).value == 5.0


class TestEmptyWindow:
    def test_says_nothing(self) -> None:
        assert after(GOOD, EMPTY).verdict(GOOD).ok

    def test_breaks_a_pace(self) -> None:
        assert after(EMPTY, expr="rps>1 for 10s").is_broken

    def test_everywhere_breaks_the_promise(self) -> None:
        verdict = after(EMPTY, EMPTY).verdict(EMPTY)
        assert verdict.value is None
        assert not verdict.ok


class TestRunShorterThanTheWindow:
    def test_is_judged_as_a_whole(self) -> None:
        assert after().verdict(GOOD).ok
        assert not after().verdict(BAD).ok

    def test_says_so(self) -> None:
        assert "shorter than 10 s" in after().verdict(GOOD).detail
