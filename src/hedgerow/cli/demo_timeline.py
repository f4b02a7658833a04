"""A request's attempts, drawn on a common axis of time.

Draws what ``demo_story`` has read; must not know how it was chosen.
"""

from dataclasses import dataclass
from typing import Final

from rich.text import Text

from hedgerow.cli.demo_story import Chosen, Story, ToldAttempt
from hedgerow.units import format_duration, format_share

_LABEL: Final = 10
_NOTE: Final = 24


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What lines are drawn with."""

    solid: str
    faint: str
    cross: str
    tick: str
    plus_minus: str


UNICODE: Final = Glyphs(solid="━", faint="─", cross="✗", tick="┊", plus_minus="±")
ASCII: Final = Glyphs(solid="=", faint="-", cross="x", tick="|", plus_minus="+-")


class Timelines:
    """Draws stories; all of them on the same axis, so that they can be compared."""

    def __init__(self, deadline: float, width: int, glyphs: Glyphs) -> None:
        self._deadline = deadline
        self._columns = max(20, width - _LABEL - _NOTE)
        self._glyphs = glyphs

    def drawn(self, chosen: Chosen) -> list[Text]:
        """Return a story's title and a line an attempt."""
        story = chosen.story
        title = Text(story.course.value, style="bold")
        title.append(f" ({format_share(chosen.share)} of all)", style="dim")
        title.append(f"  request {story.number}: {story.status}")
        title.append(f" after {story.seconds * 1000:,.0f} ms")
        return [title, *(self._line(story, attempt) for attempt in story.attempts)]

    def axis(self) -> list[Text]:
        """Return the axis that belongs under them, to the deadline."""
        ticks, told = self._glyphs.tick, "0"
        for quarter in range(1, 5):
            column = quarter * self._columns // 4
            ticks = ticks.ljust(column) + self._glyphs.tick
            told = told.ljust(column) + format_duration(self._deadline * quarter / 4)
        left = " " * _LABEL
        return [Text(left + ticks, style="dim"), Text(f"{left}{told} deadline", style="dim")]

    def _line(self, story: Story, attempt: ToldAttempt) -> Text:
        ended_at = story.seconds if attempt.ended_at is None else attempt.ended_at
        begin, end = self._column(attempt.started_at), self._column(ended_at)
        length = max(1, end - begin)
        glyphs = self._glyphs
        line = Text(f"  {attempt.kind:<{_LABEL - 2}}" + " " * begin)
        if attempt.won:
            line.append(glyphs.solid * length, style="green")
        elif attempt.fate == "cancelled":
            line.append(glyphs.faint * length, style="dim")
        else:
            line.append(glyphs.solid * (length - 1) + glyphs.cross, style="red")
        line.append(" " * (self._columns - begin - length + 2))
        line.append(f"{attempt.fate} at {ended_at * 1000:,.0f} ms", style=_style(attempt))
        return line

    def _column(self, seconds: float) -> int:
        return min(self._columns, round(seconds / self._deadline * self._columns))


def _style(attempt: ToldAttempt) -> str:
    if attempt.won:
        return "green"
    return "dim" if attempt.fate == "cancelled" else "red"
