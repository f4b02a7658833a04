"""Frames of a run that nobody played, and the run's plan."""

from typing import Any

from hedgerow.load.book import Book, Frame, Health
from hedgerow.load.plan import LoadPlan, Open, RequestPlan

LABEL = "GET /"
#: Ten seconds at a rate; frames end at 1, 2, ... 10, and each second of the drain.
PLAN = LoadPlan(
    work=RequestPlan(url="http://a.example/", label=LABEL),
    model=Open(start_rate=30.0),
    duration=10.0,
)


def book(ok: int, *, failed: int = 0, times_us: int = 1000) -> Book:
    """So many good requests, all equally long, and so many that were reset."""
    made = Book(sent=ok + failed, ok=ok, failed=failed)
    if not ok + failed:
        return made
    track = made.track(LABEL)
    track.ok.record_many(times_us, ok)
    track.failed.record_many(times_us, failed)
    track.bytes_in, track.bytes_out = 100 * ok, 50 * (ok + failed)
    for number in range(ok + failed):
        milliseconds = times_us // 1000
        track.tally.add(milliseconds, start=1.0, end=2.0, failed=number >= ok)
    if ok:
        made.status_codes[200] = ok
    if failed:
        made.errors["reset"] = track.errors["reset"] = failed
        made.error_samples["reset"] = "it was reset"
    return made


def figures(book: Book) -> list[Any]:
    """All that a book says, so that two can be compared."""
    whole = book.whole()
    return [
        (book.ok, book.failed, book.sent, book.shed, book.unfinished, book.connections_opened),
        book.status_codes,
        (book.errors, whole.errors),
        (whole.response(), whole.service, whole.lateness),
        whole.tally,
        (whole.bytes_in, whole.bytes_out),
    ]


def frame(
    shard: int,
    number: int,
    *,
    ok: int = 10,
    at: float | None = None,
    seconds: float = 1.0,
    in_flight: int = 0,
    is_last: bool = False,
) -> Frame:
    """What a shard did in one second; the first frame has number 0 and ends at 1."""
    return Frame(
        shard,
        number,
        float(number + 1) if at is None else at,
        seconds,
        measured=book(ok),
        in_flight=in_flight,
        health=Health(cpu=[0.1 * (shard + 1)], idle=0.5 - 0.1 * shard, memory=100),
        is_last=is_last,
    )


def total(*frames: Frame) -> Frame:
    """What a shard says at its end: the sum of all its frames."""
    whole = Frame(frames[0].shard, frames[-1].number, frames[-1].at, 0.0, is_last=True)
    for one in frames:
        whole.warm_up.merge(one.warm_up)
        whole.measured.merge(one.measured)
    return whole
