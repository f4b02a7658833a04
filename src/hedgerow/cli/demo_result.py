"""What a demo found: both sides, what arithmetic had expected, and three stories.

Records, and their form as JSON.  Must not know how they came about nor how they are
shown.
"""

from dataclasses import dataclass

import hedgerow
from hedgerow.cli.demo_counts import Results
from hedgerow.cli.demo_plan import DemoPlan
from hedgerow.cli.demo_story import Chosen
from hedgerow.faults import Expectation
from hedgerow.measure import Histogram

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Side:
    """What the users of one side met."""

    results: Results
    attempts: int  # that reached the upstream, by the upstream's own count
    expected: Expectation

    @property
    def attempts_per_request(self) -> float:
        """How often a request was sent upstream, on average; 0 when there was none."""
        return self.attempts / self.results.ended if self.results.ended else 0.0


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a demo found."""

    plan: DemoPlan
    direct: Side
    hedged: Side
    cancelled: int  # attempts that the upstream could stop working on
    stories: tuple[Chosen, ...]
    interrupted: bool

    def as_dict(self) -> dict[str, object]:
        """Everything, as JSON can hold it; times are microseconds or seconds, by their name."""
        plan = self.plan
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": f"hedgerow {hedgerow.__version__} demo",
            "interrupted": self.interrupted,
            "config": {
                "rate": plan.rate,
                "duration_s": plan.seconds,
                "seed": plan.seed,
                "deadline_s": plan.deadline,
                "upstream": plan.behaviour.as_dict(),
            },
            "direct": _side(self.direct),
            "hedged": _side(self.hedged),
            "cancelled_attempts": self.cancelled,
            "stories": [_story(chosen) for chosen in self.stories],
        }


def _side(side: Side) -> dict[str, object]:
    results = side.results
    return {
        "requests": results.ended,
        "in_time": results.in_time,
        "late": results.late,
        "failed": results.failed,
        "failures": dict(results.failures),
        "share_in_time": results.share_in_time,
        "attempts": side.attempts,
        "attempts_per_request": side.attempts_per_request,
        "bytes_in": results.size,
        "latency_us": _distribution(results.latencies),
        "send_lag_us": _distribution(results.send_lags),
        "expected": side.expected._asdict(),
    }


def _distribution(histogram: Histogram) -> dict[str, float]:
    summary = histogram.summary()
    return {
        "min": summary.min,
        "mean": round(summary.mean, 1),
        "p50": summary.p50,
        "p90": summary.p90,
        "p99": summary.p99,
        "p99_9": summary.p999,
        "max": summary.max,
    }


def _story(chosen: Chosen) -> dict[str, object]:
    story = chosen.story
    return {
        "number": story.number,
        "course": story.course.name.lower(),
        "share": chosen.share,
        "status": story.status,
        "seconds": story.seconds,
        "attempts": [
            {
                "kind": attempt.kind,
                "started_s": attempt.started_at,
                "ended_s": attempt.ended_at,
                "fate": attempt.fate,
                "won": attempt.won,
            }
            for attempt in story.attempts
        ],
    }
