import io
from collections.abc import Sequence

import pytest
from rich.console import Console

from hedgerow.cli.load_lines import Lines
from hedgerow.cli.load_live import Nothing, Picture, view
from hedgerow.load.moment import Moment
from hedgerow.load.order import Order
from hedgerow.report.document import ServerPoint
from tests.fakes.load_moments import URL, Moments, order

SLOS = ("p99<5ms", "errors<1%")


def console(*, is_terminal: bool = True, width: int = 80, height: int = 24) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=is_terminal,
        width=width,
        height=height,
        color_system=None,
        _environ={},
    )


def drawn(place: Console, moments: Sequence[Moment], shown_order: Order | None = None) -> list[str]:
    """The lines of the last picture, without what moves the cursor."""
    picture = Picture(place, shown_order or order(*SLOS))
    pictures = [picture.drawn(moment) for moment in moments]
    with place.capture() as captured:
        place.print(pictures[-1])
    return captured.get().splitlines()


def whole_run() -> list[Moment]:
    """A run with all that can be shown."""
    moments = Moments(server=[ServerPoint(t=1.0, cpu=1.5, rss=2**20)])
    errors = {"timeout": 3, "reset": 2, "dns": 1, "tls": 1, "protocol": 1}
    return [moments.next("warm-up"), *(moments.next(errors=errors) for _ in range(40))]


class TestView:
    @pytest.mark.parametrize(
        ("is_terminal", "quiet", "plain", "kind"),
        [
            (True, False, False, Picture),
            (False, False, False, Lines),
            (True, False, True, Lines),
            (True, True, False, Nothing),
            (False, True, True, Nothing),
        ],
    )
    def test_is_a_picture_only_on_a_terminal(
        self, is_terminal: bool, quiet: bool, plain: bool, kind: type
    ) -> None:
        place = console(is_terminal=is_terminal)
        assert isinstance(view(place, order(), print, quiet=quiet, plain=plain), kind)


class TestPicture:
    @pytest.mark.parametrize(
        "fact",
        [
            URL, "100/s", "evenly spaced", "2 of 30 s", "in flight 7", "backlog 3",
            "connections 9", "timeout 5", "4.8%", "25% of a core", "p99.9", "2ms", "100ms",
            "broken      errors<1%", "1.50 cores", "RSS 1MiB",
        ],
    )  # fmt: skip
    def test_tells(self, fact: str) -> None:
        moments = Moments(server=[ServerPoint(t=1.0, cpu=1.5, rss=2**20)])
        run = [moments.next("warm-up"), moments.next(errors={"timeout": 5})]
        assert fact in "\n".join(drawn(console(), run))

    @pytest.mark.parametrize("width", [60, 80, 200])
    def test_fits(self, width: int) -> None:
        lines = drawn(console(width=width), whole_run(), order(*SLOS * 10))
        assert len(lines) <= 24
        assert max(map(len, lines)) <= width

    def test_says_that_there_are_more_promises_than_room(self) -> None:
        lines = drawn(console(), whole_run(), order(*SLOS * 10))
        assert "more" in lines[-1]
        assert any(line.startswith("broken") for line in lines)

    def test_says_when_only_answers_are_waited_for(self) -> None:
        moments = Moments(duration=1.0)
        run = [moments.next(), moments.next("drain", ok=1)]
        assert any("waiting for the last answers" in line for line in drawn(console(), run))

    def test_has_no_percentiles_before_the_first_answer(self) -> None:
        lines = drawn(console(), [Moments().next(ok=0)])
        assert next(line for line in lines if line.startswith("response")).split()[1:] == ["-"] * 5

    def test_has_no_bar_where_nothing_says_when_it_ends(self) -> None:
        lines = drawn(console(), [Moments(duration=None).next()])
        assert lines[2].strip() == "1 s"

    def test_leaves_nothing_on_the_screen(self) -> None:
        place = console()
        with Picture(place, order()) as picture:
            picture.show(Moments().next())
        assert isinstance(place.file, io.StringIO)
        written = place.file.getvalue()
        drawn_lines = written.count("\n")
        assert written.count("\x1b[2K") >= drawn_lines  # each is erased
        assert written.rstrip("\n").endswith("\x1b[2K")
