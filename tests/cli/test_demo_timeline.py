from hedgerow.cli.demo_story import Chosen, Story
from hedgerow.cli.demo_timeline import ASCII, UNICODE, Timelines
from tests.cli.demo_results import attempt, hedge_won

WIDTH = 10 + 40 + 24  # label, time, note


def drawn(story: Story, share: float = 0.25, deadline: float = 1.0) -> list[str]:
    lines = Timelines(deadline, WIDTH, ASCII).drawn(Chosen(story, share))
    return [line.plain for line in lines]


class TestTitle:
    def test_says_what_happened_to_whom_and_how_often(self) -> None:
        title = drawn(hedge_won(7))[0]
        for fact in ("a hedge won", "25.0%", "request 7", "200", "500 ms"):
            assert fact in title


class TestLine:
    def test_begins_and_ends_where_its_attempt_does(self) -> None:
        _, primary, winner, _ = drawn(hedge_won())
        assert primary == "  primary " + "-" * 20 + " " * 22 + "cancelled at 500 ms"
        assert winner == "  hedge   " + " " * 12 + "=" * 8 + " " * 22 + "200 at 500 ms"

    def test_of_a_failure_ends_in_a_cross(self) -> None:
        failure = drawn(hedge_won())[3]
        assert failure == "  hedge   " + " " * 12 + "===x" + " " * 26 + "503 at 400 ms"

    def test_of_an_attempt_without_an_end_goes_to_the_end_of_the_request(self) -> None:
        story = Story(1, 504, 1.0, (attempt("primary", 0.0, None, "in flight"),))
        assert drawn(story)[1].startswith("  primary " + "=" * 39 + "x")

    def test_beyond_the_deadline_stays_on_the_axis(self) -> None:
        story = Story(1, 200, 3.0, (attempt("primary", 0.0, 3.0, "200", won=True),))
        assert drawn(story)[1] == "  primary " + "=" * 40 + "  200 at 3,000 ms"

    def test_of_a_moment_is_still_seen(self) -> None:
        story = Story(1, 502, 0.0, (attempt("primary", 0.0, 0.0, "connect"),))
        assert drawn(story)[1].startswith("  primary x ")


class TestAxis:
    def test_has_its_quarters_where_the_lines_have_them(self) -> None:
        ticks, told = (line.plain for line in Timelines(0.8, WIDTH, ASCII).axis())
        assert [at for at, glyph in enumerate(ticks) if glyph == "|"] == [10, 20, 30, 40, 50]
        assert told[10:].split() == ["0", "200ms", "400ms", "600ms", "800ms", "deadline"]
        assert told.index("400ms") == 30


class TestGlyphs:
    def test_fit_a_terminal_without_unicode(self) -> None:
        lines = [*drawn(hedge_won()), *(line.plain for line in Timelines(1, WIDTH, ASCII).axis())]
        assert all(line.isascii() for line in lines)

    def test_are_one_column_wide(self) -> None:
        for glyphs in (UNICODE, ASCII):
            assert [len(g) for g in (glyphs.solid, glyphs.faint, glyphs.cross, glyphs.tick)] == [
                1, 1, 1, 1,
            ]  # fmt: skip
