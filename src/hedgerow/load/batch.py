"""What a generator process tells its shard, ten times a second: raw, and counted there.

Counting costs more than sending, so a generator process only notes numbers and hands them
over; the shard, another process, sorts them into books.  Must not know either of them.

Times are nanoseconds, of the plan's own clock (0 is the plan's beginning) where they are
moments.  A *plain* request is a good one whose response time, service time and time to
first byte are one number; of it nothing but that number is told.
"""

from array import array

import msgspec


class Sample(msgspec.Struct, array_like=True, gc=False):
    """One request in full."""

    label: str
    is_warm_up: bool
    began: int  # when it was due, or (closed model) when its user wanted to send it
    response: int  # from then to its end
    service: int  # from when it was sent to its end; -1: it was never sent
    ttfb: int  # from when it was sent to the first byte; -1: none came
    connect: int  # what its new connection took; -1: it had one
    lateness: int  # from due to when the generator woke up; -1: nothing was due
    backlog: int  # from then until it was sent; -1: nothing was due
    outcome: str
    status: int
    bytes_in: int
    bytes_out: int
    user: int
    detail: str = ""


class Batch(msgspec.Struct, array_like=True):
    """What happened in a generator process since its last batch."""

    at: int
    frame_ends: int  # how many of the plan's have passed, see plan.frame_ends()
    is_warm_up: bool  # the plain ones' phase; samples have their own
    plain: bytes  # an array of unsigned 64-bit numbers, see plain_times()
    plain_counts: list[tuple[int, int, int]]  # status, how many, bytes received
    plain_bytes_out: int
    plain_until: int  # when the last of them ended
    samples: list[Sample]
    iterations: list[tuple[int, int]]  # measured ones: when each began, and what it took
    opened: int  # connections
    users: int  # now, like the next three
    in_flight: int
    backlog: int
    connections: int
    loop_lag: list[int]  # microseconds, a number for each tick of the loop
    gc_pause: int  # the longest
    descriptors_short: bool = False
    ports_short: bool = False
    is_last: bool = False
    complaint: str = ""  # why the run cannot go on


def plain_times(batch: Batch) -> "array[int]":
    """The times of the plain requests."""
    times = array("Q")
    times.frombytes(batch.plain)
    return times
