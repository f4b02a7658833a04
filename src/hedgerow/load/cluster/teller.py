"""What one shard has told so far, and whether anything of it is missing.

Must not know the other shards, nor clocks: whoever calls says what time it is (seconds of
any steady clock).
"""

from typing import Final

from hedgerow.load.book import Book, Frame
from hedgerow.load.cluster.difference import difference

#: Seconds without a word after which a shard counts as missing, until it speaks again.
SILENT_AFTER: Final = 5.0
#: Seconds after which it is given up: it has ended by itself by then.
LOST_AFTER: Final = 15.0


class Teller:
    """One shard, as it is heard."""

    def __init__(self, now: float) -> None:
        self.latest: Frame | None = None
        self.interval = 0  # the latest that it has told of
        self.has_ended = False  # its last frame is here
        self.is_lost = False
        self.is_settled = False  # the whole is here
        self._heard_at = now
        self._numbers: set[int] = set()
        self._told = (Book(), Book())  # warm-up, measured

    def take(self, now: float, frame: Frame) -> bool:
        """Take a frame; False: it has been here before, or is in the whole."""
        self._heard_at = now
        if self.is_settled or frame.number in self._numbers:
            return False
        self._numbers.add(frame.number)
        self._told[0].merge(frame.warm_up)
        self._told[1].merge(frame.measured)
        if self.latest is None or self.latest.number < frame.number:
            self.latest = frame
        self.has_ended |= frame.is_last
        return True

    def settle(self, whole: Frame) -> tuple[Book, Book]:
        """Take the sum of all that the shard did; returns what its frames did not tell.

        ValueError: the frames tell more than the sum.
        """
        self.is_settled = self.has_ended = True
        return (
            difference(whole.warm_up, self._told[0]),
            difference(whole.measured, self._told[1]),
        )

    def lose(self) -> None:
        """Give it up.  What it may still tell counts, and does not make it whole again."""
        if self.is_complete:
            self.is_settled = True
        else:
            self.is_lost = True

    @property
    def is_done(self) -> bool:
        """Nothing more can be expected of it."""
        return self.is_settled or self.is_lost

    @property
    def is_complete(self) -> bool:
        """All that it did is known: from its sum, or from frames without a gap."""
        if self.is_settled:
            return True
        last = self.latest
        return self.has_ended and last is not None and len(self._numbers) == last.number + 1

    def silence(self, now: float) -> float:
        """For how long (seconds) it has said nothing."""
        return now - self._heard_at

    def is_missing(self, now: float) -> bool:
        """Lost, or silent for too long; a shard that did all of its part is not missing."""
        if self.is_lost:
            return True
        return not self.is_complete and self.silence(now) > SILENT_AFTER

    def is_awaited(self, now: float) -> bool:
        """An interval is to wait for its frame."""
        return not (self.has_ended or self.is_lost or self.is_missing(now))
