"""What came of many requests, in constant memory and mergeable: one book a phase.

A *track* holds one label's distributions and sums; a *book* all labels of a phase with its
counts; a *frame* is what one shard did in one interval: two books (warm-up and measured)
and the state at its end.  Adding frames gives exactly what one generator would have
counted; nothing is averaged.  Must not know how requests are sent, nor clocks.

Times are in microseconds in histograms, seconds from the plan's beginning elsewhere.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from hedgerow.measure import Histogram, Tally, decode_hdr, encode_hdr

_Key = TypeVar("_Key")

#: Every distribution of a track, in the order in which a frame carries them.
DISTRIBUTIONS: Final = (
    "ok", "failed", "service", "ttfb", "connect", "lateness", "backlog", "send_lag",
)  # fmt: skip


class Track:
    """One label: how its requests went.

    ``ok`` and ``failed`` are response times.  ``plain`` counts good requests whose response
    time, service time and time to first byte were one and the same number (a kept connection,
    nothing waited for, one piece): by far the most in a closed model, and counted once.
    """

    __slots__ = (*DISTRIBUTIONS, "bytes_in", "bytes_out", "errors", "plain", "tally")

    def __init__(self) -> None:
        self.plain = Histogram()
        self.ok = Histogram()
        self.failed = Histogram()
        self.service = Histogram()
        self.ttfb = Histogram()
        self.connect = Histogram()
        self.lateness = Histogram()
        self.backlog = Histogram()
        self.send_lag = Histogram()
        self.tally = Tally()  # exact sums in whole milliseconds, for JMeter's row
        self.errors: dict[str, int] = {}  # by class
        self.bytes_in = 0
        self.bytes_out = 0

    def merge(self, other: "Track") -> None:
        """Add what another shard, or another interval, counted."""
        for name in ("plain", *DISTRIBUTIONS):
            theirs: Histogram = getattr(other, name)
            if theirs.is_used:
                getattr(self, name).merge(theirs)
        self.tally.merge(other.tally)
        _add_counts(self.errors, other.errors)
        self.bytes_in += other.bytes_in
        self.bytes_out += other.bytes_out

    def distribution(self, name: str) -> Histogram:
        """Return one distribution with the plain ones in it; a copy."""
        whole: Histogram = getattr(self, name).copy()
        if name in ("ok", "service", "ttfb"):
            whole.merge(self.plain)
        return whole

    def response(self) -> Histogram:
        """Return the response times of all requests, good and failed; a copy."""
        whole = self.distribution("ok")
        whole.merge(self.failed)
        return whole


@dataclass(slots=True)
class Book:
    """All labels of one phase, or of one interval."""

    tracks: dict[str, Track] = field(default_factory=dict)
    status_codes: dict[int, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)  # by class
    error_samples: dict[str, str] = field(default_factory=dict)
    sent: int = 0  # among those that have ended
    shed: int = 0  # had no connection in time, and were not sent
    ok: int = 0
    failed: int = 0
    unfinished: int = 0  # among failed
    connections_opened: int = 0
    iterations: Histogram = field(default_factory=Histogram)

    def track(self, label: str) -> Track:
        """Return the label's track, a new one where there is none."""
        found = self.tracks.get(label)
        if found is None:
            found = self.tracks[label] = Track()
        return found

    @property
    def ended(self) -> int:
        """How many requests have ended, well or not."""
        return self.ok + self.failed

    def errors_of(self, kinds: Container[str]) -> int:
        """How many requests failed in one of these ways."""
        return sum(count for kind, count in self.errors.items() if kind in kinds)

    def merge(self, other: "Book") -> None:
        """Add another book."""
        for label, track in other.tracks.items():
            self.track(label).merge(track)
        _add_counts(self.status_codes, other.status_codes)
        _add_counts(self.errors, other.errors)
        self.error_samples = {**other.error_samples, **self.error_samples}
        self.sent += other.sent
        self.shed += other.shed
        self.ok += other.ok
        self.failed += other.failed
        self.unfinished += other.unfinished
        self.connections_opened += other.connections_opened
        if other.iterations.is_used:
            self.iterations.merge(other.iterations)

    def whole(self) -> Track:
        """Return all labels as one track; a copy."""
        total = Track()
        for track in self.tracks.values():
            total.merge(track)
        return total


def _add_counts(counts: dict[_Key, int], others: Mapping[_Key, int]) -> None:
    for key, count in others.items():
        counts[key] = counts.get(key, 0) + count


@dataclass(slots=True, kw_only=True)
class Health:
    """What a shard's generator processes and its machine went through in one interval."""

    cpu: list[float] = field(default_factory=list)  # of each process, 1 = a whole core
    loop_lag: Histogram = field(default_factory=Histogram)  # microseconds
    gc_pause: float = 0.0  # seconds, the longest
    steal: float = 0.0  # share of the machine
    throttled: float = 0.0  # seconds
    idle: float | None = None  # share of the machine
    memory: int = 0  # bytes, RSS of the generator processes
    descriptors_short: bool = False  # a process ran out of descriptors
    ports_short: bool = False  # ... or of local ports


@dataclass(slots=True)
class Frame:
    """One shard's interval."""

    shard: int
    number: int  # from 0, without gaps: a gap is a lost frame
    at: float  # the interval's end
    seconds: float
    warm_up: Book = field(default_factory=Book)
    measured: Book = field(default_factory=Book)
    users: int = 0
    in_flight: int = 0
    backlog: int = 0
    connections: int = 0
    lost_processes: int = 0  # that ended before they should have, so far
    health: Health = field(default_factory=Health)
    is_last: bool = False


# --- frames as bytes, for other machines ---


def encode_frame(frame: Frame) -> bytes:
    """Write a frame: histograms as HDR V2, the rest as MessagePack."""
    return msgspec.msgpack.encode(frame, enc_hook=_as_plain)


def decode_frame(data: bytes) -> Frame:
    """Read a frame that :func:`encode_frame` wrote."""
    return msgspec.msgpack.decode(data, type=Frame, dec_hook=_from_plain)


def _as_plain(value: Any) -> Any:
    if isinstance(value, Histogram):
        return encode_hdr(value) if value.is_used else ""
    if isinstance(value, Track):
        return {name: getattr(value, name) for name in Track.__slots__}
    if isinstance(value, Tally):
        return value.as_list()
    raise NotImplementedError(type(value).__name__)


def _from_plain(kind: type, value: Any) -> Any:
    if kind is Histogram:
        return decode_hdr(value) if value else Histogram()
    if kind is Tally:
        return Tally.from_list(value)
    track = Track()
    for name in ("plain", *DISTRIBUTIONS):
        if value[name]:
            setattr(track, name, decode_hdr(value[name]))
    track.tally = Tally.from_list(value["tally"])
    track.errors = value["errors"]
    track.bytes_in, track.bytes_out = value["bytes_in"], value["bytes_out"]
    return track
