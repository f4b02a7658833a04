"""What one gateway says of itself to another process: bytes, once a second.

Everything that operators' pages are made from, as plain data.  It has to fit into a room of
fixed size: stories are left out first, and it says how many.  Must not know where it is kept.
"""

import time
from itertools import zip_longest
from typing import Any, Final

import msgspec

from hedgerow.serve.admin.families import Family, together, totals
from hedgerow.serve.admin.metrics import families
from hedgerow.serve.admin.overview import left_behind, overview
from hedgerow.serve.admin.stories import newest_first, slowest_first
from hedgerow.serve.gateway import Gateway

#: Of the last requests and of the slowest, each: to tell one costs 20 us.
STORIES: Final = 20
#: For what stands around the stories.
_SLACK: Final = 64

_Story = dict[str, Any]


class Report(msgspec.Struct, array_like=True):
    """Of one gateway, or of all that are gone."""

    families: list[Family] = []
    overview: dict[str, Any] = {}
    last: list[_Story] = []
    slowest: list[_Story] = []
    left_out: int = 0  # stories for which there was no room
    is_cut: bool = False  # there was no room for the rest either: numbers are missing


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Report)


def encode(gateway: Gateway, room: int) -> bytes:
    """Return what a gateway says now, in so many bytes at most."""
    report = Report(families(gateway), overview(gateway))
    traces, wall = gateway.traces, gateway.surroundings.engine.wall
    if traces is not None:
        now = time.monotonic()
        report.last = traces.last(now, wall, STORIES)
        report.slowest = traces.slowest(now, wall, STORIES)
    return fitted(report, room)


def decode(data: bytes) -> Report:
    """Return what was encoded; nothing where there is nothing."""
    return _DECODER.decode(data) if data else Report()


def keep(gone: bytes, report: bytes, room: int) -> bytes:
    """Add what a gateway leaves behind to what others have: totals, and the latest stories."""
    reports = [decode(gone), decode(report)]
    kept = Report(
        totals(together(one.families for one in reports)),
        left_behind([one.overview for one in reports]),
        newest_first(one.last for one in reports)[:STORIES],
        slowest_first(one.slowest for one in reports)[:STORIES],
        is_cut=any(one.is_cut for one in reports),
    )
    return fitted(kept, room)


def fitted(report: Report, room: int) -> bytes:
    """Encode as much of a report as there is room for."""
    data = _ENCODER.encode(report)
    if len(data) > room:
        data = _ENCODER.encode(_with_fewer_stories(report, room))
    if len(data) > room:
        data = _ENCODER.encode(Report(report.families, is_cut=True))
    return data if len(data) <= room else _ENCODER.encode(Report(is_cut=True))


def _with_fewer_stories(report: Report, room: int) -> Report:
    """Return it with as many stories as there is room for, the slowest and the newest first."""
    fewer = Report(report.families, report.overview, is_cut=report.is_cut)
    left = room - len(_ENCODER.encode(fewer)) - _SLACK
    for slow, new in zip_longest(report.slowest, report.last):
        for story, kept in ((slow, fewer.slowest), (new, fewer.last)):
            if story is not None and (size := len(_ENCODER.encode(story))) <= left:
                kept.append(story)
                left -= size
    told = len(report.slowest) + len(report.last)
    fewer.left_out = report.left_out + told - len(fewer.slowest) - len(fewer.last)
    return fewer
