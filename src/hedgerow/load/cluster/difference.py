"""What one book holds that another, which is a part of it, does not.

So that totals can be made whole when a part of what was told has been lost on the way.
Must not know how that happened.  What cannot be taken apart (the least, the most, the first
and the last of a tally) is the whole's, which is right again once both are put together.
"""

from collections.abc import Mapping
from typing import TypeVar

from hedgerow.load.book import DISTRIBUTIONS, Book, Track
from hedgerow.measure import Tally

_Key = TypeVar("_Key")

_COUNTS = ("sent", "shed", "ok", "failed", "unfinished", "connections_opened")


def difference(whole: Book, part: Book) -> Book:
    """Return the rest; ValueError: the second is no part of the first."""
    rest = Book(
        status_codes=_less(whole.status_codes, part.status_codes),
        errors=_less(whole.errors, part.errors),
        error_samples=dict(whole.error_samples),
    )
    for name in _COUNTS:
        setattr(rest, name, _at_least_0(name, getattr(whole, name) - getattr(part, name)))
    if unknown := part.tracks.keys() - whole.tracks.keys():
        raise ValueError(f"labels = {sorted(unknown)}: must be in the whole book, too")
    for label, track in whole.tracks.items():
        rest.tracks[label] = _track(track, part.tracks.get(label, Track()))
    rest.iterations = whole.iterations.copy()
    rest.iterations.subtract(part.iterations)
    return rest


def _track(whole: Track, part: Track) -> Track:
    rest = Track()
    for name in ("plain", *DISTRIBUTIONS):
        remaining = getattr(whole, name).copy()
        remaining.subtract(getattr(part, name))
        setattr(rest, name, remaining)
    rest.tally = _tally(whole.tally, part.tally)
    rest.errors = _less(whole.errors, part.errors)
    rest.bytes_in = _at_least_0("bytes_in", whole.bytes_in - part.bytes_in)
    rest.bytes_out = _at_least_0("bytes_out", whole.bytes_out - part.bytes_out)
    return rest


def _tally(whole: Tally, part: Tally) -> Tally:
    rest = Tally.from_list(whole.as_list())
    for name in ("count", "errors", "total", "squares"):
        setattr(rest, name, _at_least_0(name, getattr(whole, name) - getattr(part, name)))
    return rest if rest.count else Tally()


def _less(whole: Mapping[_Key, int], part: Mapping[_Key, int]) -> dict[_Key, int]:
    counts = {key: whole.get(key, 0) - part.get(key, 0) for key in {**whole, **part}}
    return {key: _at_least_0(str(key), count) for key, count in counts.items() if count}


def _at_least_0(name: str, count: int) -> int:
    if count < 0:
        raise ValueError(f"{name} = {count}: must be 0 or more. More was told than there is.")
    return count
