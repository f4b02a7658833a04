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

A full bucket is the same as no bucket, so it can be forgotten: each request looks at the
two clients that were not heard of for longest, and forgets them if they are full.  With
more than ``clients`` at once, those go all the same, and get a full bucket when they come
back: whoever can use so many addresses is not stopped by a limit for each of them.
"""

import functools
import ipaddress
import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
#: Forget faster than clients come: then there are never more than are not full, and a few.
_FORGOTTEN_A_REQUEST: Final = 2
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
    clients: int = 100_000  # how many are remembered at most: about 150 bytes each

    def __post_init__(self) -> None:
        if not 0.0 < self.rate < math.inf:
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


class RateLimiter:
    """One bucket for each client."""

    __slots__ = (
        "_ahead",
        "_allowed",
        "_forgotten",
        "_interval",
        "_lines",
        "_policy_line",
        "_refused",
        "_rule",
        "_tats",
        "policy_field",
    )  # fmt: skip

    def __init__(self, rule: RateRule) -> None:
        self._rule = rule
        self._interval = 1.0 / rule.rate
        self._ahead = (rule.burst - 1) * self._interval
        self._tats: OrderedDict[str, float] = OrderedDict()  # least recently heard of first
        self._allowed = self._refused = self._forgotten = 0
        #: The value of RateLimit-Policy: the burst, and the seconds that refill it.
        window = max(1, round(rule.burst / rule.rate))
        self.policy_field = f'"{rule.name}";q={rule.burst};w={window}'.encode()
        self._lines: dict[tuple[int, int], bytes] = {}  # those that were sent before
        self._policy_line = b"RateLimit-Policy: %b\r\n" % self.policy_field

    def take(self, now: float, client: str) -> float:
        """0 when the client may ask now, which takes a token; else seconds until it may."""
        tats = self._tats
        tat = tats.get(client, now)
        if tat < now:
            tat = now
        early = tat - self._ahead - now
        if early > _ROUNDING:
            self._refused += 1
            tats.move_to_end(client)
            return early
        self._forget_idle(now)
        tats[client] = tat + self._interval
        tats.move_to_end(client)
        if len(tats) > self._rule.clients:
            tats.popitem(last=False)
            self._forgotten += 1
        self._allowed += 1
        return 0.0

    def field(self, now: float, client: str) -> bytes:
        """Return the value of RateLimit: what is left, and when the bucket is full again."""
        remaining, reset = self._left(now, client)
        return f'"{self._rule.name}";r={remaining};t={reset}'.encode()

    def fields(self, now: float, client: str) -> bytes:
        """Return both fields as whole lines, for every answer that this client gets."""
        left = self._left(now, client)
        lines = self._lines.get(left)
        if lines is None:
            if len(self._lines) >= _MOST_LINES:
                self._lines.clear()
            lines = b"RateLimit: %b\r\n%b" % (self.field(now, client), self._policy_line)
            self._lines[left] = lines
        return lines

    def statistics(self) -> RateStatistics:
        return RateStatistics(len(self._tats), self._allowed, self._refused, self._forgotten)

    def _left(self, now: float, client: str) -> tuple[int, int]:
        """Whole requests that may still come, and whole seconds until the bucket is full."""
        missing = self._tats.get(client, now) - now
        if missing <= _ROUNDING:
            return self._rule.burst, 0
        remaining = int(self._rule.burst - missing / self._interval + _ROUNDING)
        return max(0, remaining), math.ceil(missing - _ROUNDING)

    def _forget_idle(self, now: float) -> None:
        tats = self._tats
        for _ in range(_FORGOTTEN_A_REQUEST):
            if not tats:
                return
            client = next(iter(tats))
            if tats[client] > now:
                return
            del tats[client]


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
