"""Requests that nobody sent, told in batches as a generator process tells them."""

import random
from array import array

from hedgerow.load.accounts import Accounts
from hedgerow.load.batch import Batch, Sample
from hedgerow.load.book import Frame, Health

MICRO = 1000  # nanoseconds
SECOND = 1_000_000_000
LABEL = "GET /"


def a_sample(
    began: float = 0.0,
    response_us: int = 2000,
    *,
    outcome: str = "ok",
    status: int = 200,
    is_warm_up: bool = False,
    label: str = LABEL,
) -> Sample:
    """A request that was sent a tenth of a millisecond after it was due."""
    return Sample(
        label=label,
        is_warm_up=is_warm_up,
        began=round(began * SECOND),
        response=response_us * MICRO,
        service=response_us * MICRO - 100 * MICRO,
        ttfb=response_us * MICRO // 2,
        connect=-1,
        lateness=70 * MICRO,
        backlog=30 * MICRO,
        outcome=outcome,
        status=status,
        bytes_in=40,
        bytes_out=50,
        user=3,
        detail="" if outcome == "ok" else f"because of {outcome}",
    )


def a_batch(
    at: float,
    *samples: Sample,
    plain_us: tuple[int, ...] = (),
    is_warm_up: bool = False,
    **standing: int,
) -> Batch:
    """What a process tells at a moment; plain answers are 40 bytes, their requests 50."""
    return Batch(
        at=round(at * SECOND),
        frame_ends=standing.get("frame_ends", 0),
        is_warm_up=is_warm_up,
        plain=array("Q", [time * MICRO for time in plain_us]).tobytes(),
        plain_counts=[(200, len(plain_us), 40 * len(plain_us))] if plain_us else [],
        plain_bytes_out=50 * len(plain_us),
        plain_until=round(at * SECOND),
        samples=list(samples),
        iterations=[],
        opened=standing.get("opened", 0),
        users=standing.get("users", 0),
        in_flight=standing.get("in_flight", 0),
        backlog=standing.get("backlog", 0),
        connections=standing.get("connections", 0),
        loop_lag=[],
        gc_pause=0,
    )


def random_samples(randomness: random.Random, count: int) -> list[Sample]:
    """Requests of several labels and ends, over ten seconds."""
    return [
        a_sample(
            randomness.randrange(10_000) / 1000,
            randomness.randrange(200, 3_000_000),
            outcome=randomness.choice(("ok", "ok", "ok", "timeout", "status_5xx", "unfinished")),
            status=randomness.choice((200, 503, 0)),
            is_warm_up=randomness.random() < 0.2,
            label=randomness.choice((LABEL, "POST /b")),
        )
        for _ in range(count)
    ]


def frames_of(batches: list[tuple[int, Batch]], closings: set[int], shard: int = 0) -> list[Frame]:
    """Count batches (process, batch); a frame is closed after those of these places."""
    accounts, frames = Accounts(shard, LABEL), []
    for place, (process, batch) in enumerate(batches):
        accounts.take(process, batch)
        if place in closings:
            frames.append(accounts.close(Health()))
    frames.append(accounts.close(Health(), is_last=True))
    return frames
