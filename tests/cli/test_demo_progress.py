import io

import pytest
from rich.console import Console

from hedgerow.cli.demo_progress import Lines, Picture, progress
from hedgerow.cli.demo_run import Moment, Standing
from tests.cli.demo_results import PLAN, results


def console(*, is_terminal: bool) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=is_terminal, width=100, highlight=False, _environ={}
    )


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def moment(elapsed: float, *, is_sending: bool = True) -> Moment:
    direct = Standing(results(750, 100), overdue=150)
    return Moment(elapsed, is_sending, direct, Standing(results(990, 10), overdue=0))


class TestProgress:
    @pytest.mark.parametrize(("is_terminal", "kind"), [(True, Picture), (False, Lines)])
    def test_is_a_picture_only_on_a_terminal(self, is_terminal: bool, kind: type) -> None:
        assert isinstance(progress(console(is_terminal=is_terminal), PLAN), kind)


class TestShareInTime:
    def test_counts_those_who_wait_too_long_already(self) -> None:
        assert Standing(results(750, 100), overdue=150).share_in_time == 0.75

    def test_is_zero_before_anybody_was_answered(self) -> None:
        assert Standing(results(), overdue=0).share_in_time == 0.0


class TestLines:
    def test_come_every_five_seconds(self) -> None:
        place = console(is_terminal=False)
        with Lines(place, PLAN) as lines:
            for seconds in (0, 4, 5, 6, 9, 10, 12):
                lines.show(moment(seconds))
        assert len(written(place).splitlines()) == 2

    def test_tell_both_sides_without_colours(self) -> None:
        place = console(is_terminal=False)
        with Lines(place, PLAN) as lines:
            lines.show(moment(5.0))
        told = written(place)
        for fact in ("5 of 20 s", "directly 75.0% in time", "through Hedgerow 99.0% in time"):
            assert fact in told
        assert "\x1b" not in told

    def test_say_when_only_answers_are_waited_for(self) -> None:
        place = console(is_terminal=False)
        with Lines(place, PLAN) as lines:
            lines.show(moment(21.0, is_sending=False))
        assert "last answers" in written(place)


class TestPicture:
    def test_tells_the_time_left_and_both_sides(self) -> None:
        place = console(is_terminal=True)
        with Picture(place, PLAN) as picture:
            picture.show(moment(8.0))
        for fact in ("12 s left", "75.0%", "99.0%", "400 ms", "2,001 ms"):
            assert fact in written(place)

    def test_has_no_percentiles_before_the_first_answer(self) -> None:
        place = console(is_terminal=True)
        nobody = Standing(results(), overdue=0)
        with Picture(place, PLAN) as picture:
            picture.show(Moment(0.1, True, nobody, nobody))
        assert " ms" not in written(place)
