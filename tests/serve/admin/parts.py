"""Traffic, dealt out to gateways: what each counts, and what one gateway counts of all of it."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as some

from hedgerow.serve.admin.families import Family, counter, gauge, histogram
from hedgerow.serve.durations import Durations

#: A response: its route, how long it took in eighths of a second (so that sums of floats are
#: exact), its status.
Response = tuple[str, int, int]

responses = some.lists(
    some.tuples(
        some.sampled_from(["/a", "/b", "/c"]),
        some.integers(0, 800),
        some.sampled_from([0, 101, 200, 204, 304, 404, 503, 700, 999]),
    ),
    max_size=40,
)
#: Traffic, piece by piece, and which gateway each piece went to.
dealt = some.lists(some.tuples(some.integers(0, 3), responses), max_size=8)


def counted(traffic: Sequence[Response]) -> list[Family]:
    """What a gateway says of this traffic."""
    codes = counter("responses", "", "route", "code")
    took = histogram("took_seconds", "", "route")
    busy = gauge("in_flight", "", rule="sum")
    for route, durations in by_route(traffic).items():
        for number, count in enumerate(durations.classes):
            if count:
                codes.add((route, str(number)), count)
        took.add((route,), durations.sum, durations.counts)
    busy.add((), len(traffic))
    return [codes, took, busy]


def by_route(traffic: Sequence[Response]) -> dict[str, Durations]:
    found: dict[str, Durations] = {}
    for route, eighths, status in traffic:
        found.setdefault(route, Durations()).record(eighths / 8, status)
    return found


def as_dict(families: Sequence[Family]) -> dict[tuple[Any, ...], tuple[float, tuple[int, ...]]]:
    return {
        (family.name, *series.labels): (series.value, series.counts)
        for family in families
        for series in family.series
    }
