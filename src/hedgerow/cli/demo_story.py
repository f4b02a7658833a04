"""Three requests of a demo, chosen from what really happened.

Reads the stories that ``hedgerow serve --trace`` tells, sorts them by how they went, and
picks the one in the middle of each sort: typical, not the most flattering.  Must not
know how they are shown.  A test compares what is read here with what ``serve.story``
writes.
"""

import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.units import parse_duration

_TITLE: Final = re.compile(r"GET \S*[?&]n=(\d+)\S* -> (\d+), (\d+)ms$")
_ATTEMPT: Final = re.compile(
    r"\s+(?P<start>[\d.]+[a-z]+)\s+(?P<kind>primary|hedge|retry)\s+\d+ to \S+: (?P<fate>.+?)"
    r"(?: after (?P<took>[\d.]+[a-z]+))?(?P<won>  <- answered)?$"
)
#: What the gateway calls a request whose user did not wait for its end.
_LEFT: Final = "499"


class Course(enum.Enum):
    """How a request went."""

    FIRST_TRY = "good at the first try"
    HEDGE_WON = "slow, and a hedge won"
    REPAIRED = "failed, and repaired at once"
    PRIMARY_WON = "slow, hedged, and the primary won"
    EXPIRED = "no good answer in time"
    FAILED = "every attempt failed"


#: What is worth telling, and what is told instead where it did not happen.
_WORTH_TELLING: Final = (
    (Course.HEDGE_WON,),
    (Course.REPAIRED,),
    (Course.PRIMARY_WON, Course.EXPIRED, Course.FAILED, Course.FIRST_TRY),
)


@dataclass(frozen=True, slots=True)
class ToldAttempt:
    """One attempt, as the trace tells it; seconds from the request's arrival."""

    kind: str
    started_at: float
    ended_at: float | None
    fate: str
    won: bool


@dataclass(frozen=True, slots=True)
class Story:
    """One request, as the trace tells it."""

    number: int
    status: int
    seconds: float
    attempts: tuple[ToldAttempt, ...]

    @property
    def course(self) -> Course:
        """How it went."""
        winner = next((attempt for attempt in self.attempts if attempt.won), None)
        if self.status == 504:
            return Course.EXPIRED
        if winner is None or self.status >= 400:
            return Course.FAILED
        if winner.kind == "hedge":
            return Course.HEDGE_WON
        if winner.kind == "retry":
            return Course.REPAIRED
        return Course.PRIMARY_WON if len(self.attempts) > 1 else Course.FIRST_TRY


@dataclass(frozen=True, slots=True)
class Chosen:
    """A story that stands for all of its course."""

    story: Story
    share: float  # how many of all requests went this way


def read_stories(lines: Iterable[str]) -> list[Story]:
    """Read every story of the demo's own requests; other lines are passed over."""
    stories: list[Story] = []
    title: re.Match[str] | None = None
    attempts: list[ToldAttempt] = []
    for line in [*lines, ""]:
        told = _ATTEMPT.fullmatch(line)
        if told is not None:
            attempts.append(_attempt(told))
            continue
        if title is not None and title[2] != _LEFT:
            number, status, milliseconds = map(int, title.groups())
            stories.append(Story(number, status, milliseconds / 1000, tuple(attempts)))
        title, attempts = _TITLE.search(line), []
    return stories


def choose(stories: Sequence[Story]) -> list[Chosen]:
    """Pick what is worth telling: of each course the request that took the median time."""
    chosen = []
    for courses in _WORTH_TELLING:
        for course in courses:
            alike = sorted((s for s in stories if s.course is course), key=lambda s: s.seconds)
            if alike:
                chosen.append(Chosen(alike[len(alike) // 2], len(alike) / len(stories)))
                break
    return chosen


def _attempt(told: re.Match[str]) -> ToldAttempt:
    started_at = parse_duration(told["start"])
    took = told["took"]
    return ToldAttempt(
        kind=told["kind"],
        started_at=started_at,
        ended_at=None if took is None else started_at + parse_duration(took),
        fate=told["fate"],
        won=told["won"] is not None,
    )
