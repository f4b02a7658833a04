"""The body that is streamed, and the comparison of what arrived with it.

A block of seeded noise, repeated.  Its length is a prime, so that a piece which is
lost, doubled or swapped cannot come to lie on an equal one.  Comparing costs less
than a checksum, and says where the difference is.
"""

import random
from typing import Final

_BLOCK_SIZE: Final = 1_048_573  # the largest prime below 1 MiB
LONGEST_PIECE: Final = 256 * 1024
_BLOCK: Final = random.Random(0).randbytes(_BLOCK_SIZE)
# The beginning once more, so that every piece is one slice.
_NOISE: Final = memoryview(_BLOCK + _BLOCK[:LONGEST_PIECE])


def piece(at: int, length: int) -> memoryview:
    """Give the bytes ``at`` this offset of the body, at most LONGEST_PIECE."""
    start = at % _BLOCK_SIZE
    return _NOISE[start : start + min(length, LONGEST_PIECE)]


class Comparison:
    """Takes a body as it arrives; ``differs_at`` is the first byte that is not as it was sent."""

    def __init__(self) -> None:
        self.size = 0
        self.differs_at: int | None = None

    def feed(self, data: bytes) -> None:
        """Compare the next piece."""
        for start in range(0, len(data), LONGEST_PIECE):
            part = data[start : start + LONGEST_PIECE]
            if self.differs_at is None and part != bytes(piece(self.size, len(part))):
                self.differs_at = self.size + _first_difference(part, self.size)
            self.size += len(part)


def _first_difference(part: bytes, at: int) -> int:
    expected = piece(at, len(part))
    return next(offset for offset, byte in enumerate(part) if byte != expected[offset])
