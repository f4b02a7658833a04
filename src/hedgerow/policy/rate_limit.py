"""How often one client may ask: a token bucket for each, in bounded memory.

Decides yes, or how many seconds too early; must not know HTTP requests: the caller says who
the client is (an address, the value of a header).  It knows how the fields of the answer
are written: draft-ietf-httpapi-ratelimit-headers, in the form that version 08 brought and
version 10 (September 2025) has: ``RateLimit-Policy: "name";q=quota;w=window`` and
``RateLimit: "name";r=remaining;t=reset``, with 429 (RFC 6585) and Retry-After.

The bucket is a GCRA (generic cell rate algorithm, ITU-T I.371): of each client one number
is kept, the *theoretical arrival time* at which its bucket would be full again.  A request
may come up to ``burst`` intervals before it::

    T = 1 / rate        a request is in time if  now >= tat - (burst - 1) T
    tat = max(now, tat) + T

Why not a counter for each minute: it lets twice the rate through around the full minute.

A full bucket is the same as no bucket, so it can be forgotten: the clients take turns, and
for each request two of them are looked at, and forgotten if they are full.  With more than
``clients`` at once one goes all the same that has not asked since its last turn (the *clock*
of virtual memory, which knows that without moving anything for each request), and gets a full
bucket when it comes back: whoever can use so many addresses is not stopped by a limit for
each of them.
"""

import functools
import ipaddress
import re
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil, inf  # as names: one is called once a request
from typing import Final

from hedgerow.errors import ConfigError

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
#: How many buckets are looked at for each request.  Forget faster than clients come: then there
#: are never more than are not full, and a few.
_LOOKED_AT: Final = 2
#: For clients that are known already that is done for so many requests together.
_TOGETHER: Final = 64
#: How many that have asked of late are passed over for one that has not.
_SECOND_CHANCES: Final = 16
#: Answers say the same few things: looked up in 0.1 us, formatted in 1.
_MOST_LINES: Final = 1024
#: 10 intervals of 0.1 s must be a second, although 10 * 0.1 < 1 in binary.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class RateRule:
    """``rate`` requests a second in the long run, ``burst`` at once."""

    rate: float
    burst: int
    name: str = "default"
    clients: int = 100_000  # how many are remembered at most: about 250 bytes each

    def __post_init__(self) -> None:
        if not 0.0 < self.rate < inf:
            fix = "Write for example 100/m."
            raise ConfigError("rate", got=self.rate, must="above 0", fix=fix)
        if self.burst < 1:
            fix = "It is how many requests may come at once; try 10."
            raise ConfigError("burst", got=self.burst, must="1 or more", fix=fix)
        if self.clients < 1:
            fix = "It is how many clients are remembered; try 100000."
            raise ConfigError("clients", got=self.clients, must="1 or more", fix=fix)
        if _NAME.fullmatch(self.name) is None:
            must = "1 to 40 letters, digits, _ or -"
            raise ConfigError("name", got=self.name, must=must, fix='Write for example "api".')


@dataclass(frozen=True, slots=True)
class RateStatistics:
    """What an operator would ask."""

    clients: int  # remembered now
    allowed: int
    refused: int
    forgotten: int  # whose bucket was not full yet, for want of room


class _Bucket:
    __slots__ = ("full_at", "was_used")

    def __init__(self, full_at: float) -> None:
        self.full_at = full_at  # the theoretical arrival time
        self.was_used = False  # since its last turn, and after its first request


class RateLimiter:
    """One bucket for each client."""

    __slots__ = (
        "_ahead",
        "_allowed",
        "_buckets",
        "_burst",
        "_first_lines",
        "_forgotten",
        "_interval",
        "_lines",
        "_policy_line",
        "_refused",
        "_rule",
        "policy_field",
    )  # fmt: skip

    def __init__(self, rule: RateRule) -> None:
        self._rule = rule
        self._burst = rule.burst
        self._interval = 1.0 / rule.rate
        self._ahead = (rule.burst - 1) * self._interval
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()  # whose turn it is first
        self._allowed = self._refused = self._forgotten = 0
        #: The value of RateLimit-Policy: the burst, and the seconds that refill it.
        window = max(1, round(rule.burst / rule.rate))
        self.policy_field = f'"{rule.name}";q={rule.burst};w={window}'.encode()
        self._lines: dict[tuple[int, int], bytes] = {}  # those that were sent before
        self._policy_line = b"RateLimit-Policy: %b\r\n" % self.policy_field
        self._first_lines = self._lines_for(self._interval)  # after one token of a full bucket

    def ask(self, now: float, client: str) -> tuple[float, bytes]:
        """Take a token; returns what ``take`` does, and what ``fields`` then does.

        Most find their bucket full, and that is in line: 0.3 us.
        """
        bucket = self._buckets.get(client)
        if bucket is None:
            self._welcome(now, client)
            lines = self._first_lines
        else:
            bucket.was_used = True
            missing = bucket.full_at - now
            if missing <= 0.0:
                bucket.full_at = now + self._interval
                lines = self._first_lines
            else:
                early = missing - self._ahead
                if early > _ROUNDING:
                    self._refused += 1
                    return early, self._lines_for(missing)
                bucket.full_at += self._interval
                lines = self._lines_for(bucket.full_at - now)
        self._allowed = allowed = self._allowed + 1
        if not allowed % _TOGETHER:
            self._forget_idle(now, _TOGETHER * _LOOKED_AT)
        return 0.0, lines

    def take(self, now: float, client: str) -> float:
        """0 when the client may ask now, which takes a token; else seconds until it may."""
        return self.ask(now, client)[0]

    def field(self, now: float, client: str) -> bytes:
        """Return the value of RateLimit: what is left, and when the bucket is full again."""
        line, _, _ = self.fields(now, client).partition(b"\r\n")
        return line.removeprefix(b"RateLimit: ")

    def fields(self, now: float, client: str) -> bytes:
        """Return both fields as whole lines, for every answer that this client gets."""
        return self._lines_for(self._missing(now, client))

    def statistics(self) -> RateStatistics:
        return RateStatistics(len(self._buckets), self._allowed, self._refused, self._forgotten)

    def _lines_for(self, missing: float) -> bytes:
        """Return both fields; ``missing``: the seconds that it still takes to fill the bucket."""
        remaining, reset = self._burst, 0
        if missing > _ROUNDING:
            remaining = int(remaining - missing / self._interval + _ROUNDING)
            reset = ceil(missing - _ROUNDING)
        lines = self._lines.get((remaining, reset))
        return self._written(remaining, reset) if lines is None else lines

    def _written(self, remaining: int, reset: int) -> bytes:
        if len(self._lines) >= _MOST_LINES:
            self._lines.clear()
        left = f'RateLimit: "{self._rule.name}";r={max(0, remaining)};t={reset}\r\n'.encode()
        lines = self._lines[remaining, reset] = left + self._policy_line
        return lines

    def _missing(self, now: float, client: str) -> float:
        bucket = self._buckets.get(client)
        return 0.0 if bucket is None else bucket.full_at - now

    def _welcome(self, now: float, client: str) -> None:
        """Begin to remember a client with its first token taken; somebody may have to go."""
        buckets = self._buckets
        self._forget_idle(now, _LOOKED_AT)
        if len(buckets) >= self._rule.clients:
            self._forget_one()  # before the newcomer is there: it would be the first to go
            self._forgotten += 1
        buckets[client] = _Bucket(now + self._interval)

    def _forget_idle(self, now: float, looks: int) -> None:
        """Forget clients whose buckets are full, of so many whose turn it is."""
        buckets = self._buckets
        for _ in range(min(looks, len(buckets))):
            client, bucket = next(iter(buckets.items()))
            if bucket.full_at <= now:
                del buckets[client]
            else:
                buckets.move_to_end(client)

    def _forget_one(self) -> None:
        """Forget a client that has not asked since its last turn, if one is near."""
        buckets = self._buckets
        for _ in range(_SECOND_CHANCES):
            client, bucket = next(iter(buckets.items()))
            if not bucket.was_used:
                break
            bucket.was_used = False
            buckets.move_to_end(client)
        buckets.popitem(last=False)


def address_key(address: str) -> str:
    """Who an address belongs to: of IPv6 the first 64 bits, which are one customer's."""
    return address if ":" not in address else _network(address)


@functools.lru_cache(maxsize=4096)  # 0.1 us against 9
def _network(address: str) -> str:
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
