"""Which fault a request meets, by share: errors, broken connections, broken bodies.

Decides what goes wrong; must not know how (sockets, HTTP) nor how long an answer
takes: that is drawn apart, so the two are independent, and changing the shares
leaves a seeded run's latencies as they were.  The words on the command line:

============  ====================================================================
``500``       this status (400 to 599), after the drawn latency like an answer
``429+1s``    the same with ``Retry-After: 1`` (whole seconds, RFC 9110 10.2.3)
refuse        a connection is closed as soon as it is accepted
reset         no answer: after the latency the connection is reset
reset-body    a good head after the latency, then a reset inside the body
hang          the request is read and never answered
drip          a good answer whose body comes byte by byte, over 5 s (``drip+20s``)
truncate      a good head, fewer body bytes than its Content-Length, a clean close
wrong-type    200 and a whole body, but its Content-Type is not JSON's
bad-json      200 and ``application/json``, but the body is not JSON
============  ====================================================================

``refuse`` is a share of connections, everything else a share of requests: a server
can only refuse what it has not accepted, and a client that keeps a connection has
passed that door.  All shares together are at most 1, so that each can be read on
its own.
"""

import enum
import math
import random
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from typing_extensions import override

from hedgerow import units
from hedgerow.faults.numerals import write_duration, write_share


class MishapKind(enum.Enum):
    """What goes wrong; the table above says how each looks to the client."""

    STATUS = "status"
    REFUSE = "refuse"
    RESET = "reset"
    RESET_BODY = "reset-body"
    HANG = "hang"
    DRIP = "drip"
    TRUNCATE = "truncate"
    WRONG_TYPE = "wrong-type"
    BAD_JSON = "bad-json"


#: How long a dripped body takes unless its text says: longer than most clients wait.
DRIP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Mishap:
    """One way to go wrong."""

    kind: MishapKind
    status: int = 200
    retry_after: int | None = None  # whole seconds; only for STATUS
    over: float = 0.0  # seconds that the body takes; only for DRIP

    def __post_init__(self) -> None:
        if not 0 <= self.over < math.inf:
            raise ValueError("a finite time for a dripped body")

    @override
    def __str__(self) -> str:
        if self.kind is MishapKind.STATUS:
            wait = "" if self.retry_after is None else f"+{self.retry_after}s"
            return f"{self.status}{wait}"
        if self.kind is MishapKind.DRIP:
            return f"drip+{write_duration(self.over)}"
        word: str = self.kind.value
        return word


@dataclass(frozen=True, slots=True)
class Mishaps:
    """Mishaps by share; what is left of 1 goes well."""

    shares: tuple[tuple[Mishap, float], ...] = ()
    _bounds: tuple[tuple[float, Mishap], ...] = field(init=False, repr=False, compare=False)
    _refused: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [str(mishap) for mishap, _ in self.shares]
        if repeated := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise ValueError(f"each mishap once, not {repeated[0]} again")
        if any(share < 0 for _, share in self.shares):
            raise ValueError("shares of at least 0")
        # 1e-9: decimal shares that add up to 1 need not do so exactly in binary.
        if self.share > 1 + 1e-9:
            raise ValueError(f"shares that add up to at most 100%, not {self.share * 100:.6g}%")
        met = [pair for pair in self.shares if pair[0].kind is not MishapKind.REFUSE]
        bounds = accumulate(share for _, share in met)
        object.__setattr__(
            self, "_bounds", tuple(zip(bounds, (mishap for mishap, _ in met), strict=True))
        )
        refused = (share for mishap, share in self.shares if mishap.kind is MishapKind.REFUSE)
        object.__setattr__(self, "_refused", sum(refused))

    @property
    def share(self) -> float:
        """All shares together."""
        return math.fsum(share for _, share in self.shares)

    def draw(self, randomness: random.Random) -> Mishap | None:
        """What a request meets; None when it goes well."""
        where = randomness.random()
        for bound, mishap in self._bounds:
            if where < bound:
                return mishap
        return None

    def draw_refusal(self, randomness: random.Random) -> bool:
        """Say whether a new connection is refused."""
        return randomness.random() < self._refused

    @override
    def __str__(self) -> str:
        parts = (f"{mishap}:{write_share(share)}" for mishap, share in self.shares)
        return ",".join(parts) or "off"


_FORM: Final = "off or a list of WHAT:SHARE"
_WORDS: Final = {kind.value: kind for kind in MishapKind if kind is not MishapKind.STATUS}


def parse_mishaps(text: str) -> Mishaps:
    """Read ``500:5%,429+1s:2%,reset:1%``; ``off`` is nothing at all.

    Raises :class:`ValueError` with a text that continues "must be ...", as ``units`` does.
    """
    if text.strip() == "off":
        return Mishaps()
    shares = []
    for item in text.split(","):
        what, colon, share = item.strip().rpartition(":")
        if not colon:
            raise ValueError(f"{_FORM}, with a ':' in {item.strip()!r}")
        try:
            shares.append((_parse_mishap(what.strip()), units.parse_share(share)))
        except ValueError as error:
            raise ValueError(f"{_FORM}, where {item.strip()!r} has {error}") from error
    return Mishaps(tuple(shares))


def _parse_mishap(text: str) -> Mishap:
    word, plus, extra = text.partition("+")
    if word.isascii() and word.isdecimal():
        status = int(word) if len(word) == 3 else 0
        if not 400 <= status <= 599:
            raise ValueError("a status from 400 to 599")
        return Mishap(MishapKind.STATUS, status, _retry_after(extra) if plus else None)
    kind = _WORDS.get(word)
    if kind is None:
        raise ValueError(f"a status (400 to 599) or one of {', '.join(_WORDS)}")
    if kind is MishapKind.DRIP:
        return Mishap(kind, over=units.parse_duration(extra) if plus else DRIP_SECONDS)
    if plus:
        raise ValueError("no +TIME (only a status and drip take one)")
    return Mishap(kind)


def _retry_after(text: str) -> int:
    seconds = units.parse_duration(text)
    if not seconds.is_integer():
        raise ValueError("a Retry-After in whole seconds, such as 429+1s")
    return int(seconds)
