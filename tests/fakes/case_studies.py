"""The smart endpoint's twenty case studies, as data.

They come from the report of the first server with this rule (primary, 300 ms, two more
at once on delay or failure, the first 200 with a JSON body wins); ``example`` is the
number that each has there.  The latencies are ours: whatever happens next to each
other in a case lies at least 40 ms apart, so that the same cases can be played over
real sockets as well as under a virtual clock.

Attempts 2 and 3 go out together.  Over sockets their order of arrival is chance, so an
upstream must tell them apart by what the gateway says of them, not by who came first.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Upstream:
    """How one attempt is treated: a head after ``latency``, its body ``body_time`` later."""

    latency: float  # seconds from the attempt's start; infinite: never answers
    status: int = 200
    body_time: float = 0.0


@dataclass(frozen=True, slots=True)
class CaseStudy:
    """What the upstream does to each attempt, and what must come of it."""

    example: int
    name: str
    upstreams: tuple[Upstream, ...]  # for attempt 1, 2, 3
    message: Literal["SUCCESS", "ERROR"]
    attempts: int  # sent in all
    ends_at: float  # seconds from the start to the client's answer
    winner: int | None = None  # the attempt whose answer it is
    deadline_ms: int = 1000


SILENT: Final = Upstream(math.inf)


def fails(latency: float, status: int = 500) -> Upstream:
    return Upstream(latency, status)


def answers(latency: float, body_time: float = 0.0) -> Upstream:
    return Upstream(latency, 200, body_time)


def _error(
    example: int, name: str, *upstreams: Upstream, ends_at: float = 1.0, deadline_ms: int = 1000
) -> CaseStudy:
    return CaseStudy(example, name, upstreams, "ERROR", 3, ends_at=ends_at, deadline_ms=deadline_ms)


def _success(
    example: int, name: str, *upstreams: Upstream, winner: int, ends_at: float
) -> CaseStudy:
    return CaseStudy(example, name, upstreams, "SUCCESS", len(upstreams), ends_at, winner)


#: In a case with a slow primary the two copies leave at 0.3 s.
CASE_STUDIES: Final = (
    _error(1, "all three are silent", SILENT, SILENT, SILENT),
    _error(2, "the primary fails late and both copies are silent", fails(0.45), SILENT, SILENT),
    _error(
        3,
        "the primary and the second fail late and the third is silent",
        *(fails(0.45), fails(0.30, 429), SILENT),
    ),
    _error(
        4,
        "the second fails and the primary and the third are silent",
        *(SILENT, fails(0.15), SILENT),
    ),
    _error(
        5,
        "the primary fails early then the second fails and the third is silent",
        *(fails(0.15), fails(0.25), SILENT),
    ),
    _error(
        6,
        "all three fail well before the deadline",
        *(fails(0.60), fails(0.70), fails(0.50, 429)),
        ends_at=1.0,
        deadline_ms=2000,
    ),
    _success(7, "the primary answers early", answers(0.12), winner=1, ends_at=0.12),
    _success(
        8,
        "the primary fails early and the second answers first",
        *(fails(0.10), answers(0.25), answers(0.50)),
        winner=2,
        ends_at=0.35,
    ),
    _success(
        9,
        "the primary fails early and the third answers first",
        *(fails(0.10, 429), answers(0.50), answers(0.25, body_time=0.06)),
        winner=3,
        ends_at=0.41,
    ),
    _success(
        10,
        "the primary is late but answers before its copies",
        *(answers(0.45), answers(0.40), answers(0.55)),
        winner=1,
        ends_at=0.45,
    ),
    _success(
        11,
        "the primary is late and the second answers first",
        *(answers(0.70), answers(0.15), answers(0.25)),
        winner=2,
        ends_at=0.45,
    ),
    _success(
        12,
        "the primary is late and the third answers first",
        *(answers(0.70), answers(0.30), answers(0.15, body_time=0.06)),
        winner=3,
        ends_at=0.51,
    ),
    _success(
        13,
        "the second fails and the late primary answers next",
        *(answers(0.50), fails(0.10), answers(0.35)),
        winner=1,
        ends_at=0.50,
    ),
    _success(
        14,
        "the primary fails late and the second answers next",
        *(fails(0.40), answers(0.25), answers(0.40)),
        winner=2,
        ends_at=0.55,
    ),
    _success(
        15,
        "the third fails and the second answers next",
        *(answers(0.80), answers(0.20), fails(0.10)),
        winner=2,
        ends_at=0.50,
    ),
    _success(
        16,
        "the second fails and the third answers next",
        *(answers(0.80), fails(0.10), answers(0.20)),
        winner=3,
        ends_at=0.50,
    ),
    _success(
        17,
        "the primary fails late and the third answers next",
        *(fails(0.40), answers(0.50), answers(0.20)),
        winner=3,
        ends_at=0.50,
    ),
    _success(
        18,
        "the third fails and the late primary answers next",
        *(answers(0.50), answers(0.40), fails(0.10)),
        winner=1,
        ends_at=0.50,
    ),
    _success(
        19,
        "the second and the primary fail and the third answers last",
        *(fails(0.50), fails(0.10, 429), answers(0.30)),
        winner=3,
        ends_at=0.60,
    ),
    _success(
        20,
        "both copies fail and the late primary answers last",
        *(answers(0.70), fails(0.10), fails(0.20, 429)),
        winner=1,
        ends_at=0.70,
    ),
)
