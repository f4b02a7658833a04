"""What a request is called in every log it leaves a line in, from here on.

A name of ours, or the one that a trusted proxy in front has given it; told to the upstream, to
the client and to the log.  Beside it the trace context of W3C: a ``traceparent`` that comes is
passed on untouched, because this proxy reports no spans of its own; where none comes one can be
started, so that everything behind belongs to one trace.  Must not know routes.

Costs half a microsecond, where it is asked for.
"""

import itertools
import os
import re
from collections.abc import Callable
from typing import Final, Literal

from hedgerow.wire.request import Request

#: What is kept of a name that somebody else gave: short, and safe in any log.
_SOUND: Final = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
#: https://www.w3.org/TR/trace-context/ section 3.2.2; all zeros are no ids.
_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)


class RequestIds:
    """Names requests as they come."""

    def __init__(
        self,
        name: str | None,
        *,
        starts_traces: bool,
        believes: Literal["all", "trusted", "nobody"],
        randomness: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """``name`` is the field of the id; ``believes``: whose names are kept."""
        self.name = None if name is None else name.encode()
        self.lower = b"" if name is None else name.lower().encode()
        self._starts_traces = starts_traces
        self._believes = believes
        self._randomness = randomness
        # Unique in the process by the count, and among processes by what stands before it.
        self._prefix = randomness(8).hex()
        self._numbers = itertools.count(1)

    def assign(self, request: Request) -> None:
        """Name a request, and say so to both sides."""
        head = request.head
        if self.name is not None:
            given = None
            believes = self._believes
            if believes == "all" or (believes == "trusted" and request.is_trusted):
                given = head.field(self.lower)
            if given is None or _SOUND.fullmatch(given) is None:
                given = f"{self._prefix}-{next(self._numbers):x}".encode()
            request.id = given.decode("ascii")
            line = b"%b: %b\r\n" % (self.name, given)
            request.own_fields += line
            request.upstream_fields += line
        if self._starts_traces:
            come = [value for name, value in head.fields if name.lower() == b"traceparent"]
            if len(come) != 1 or _TRACEPARENT.fullmatch(come[0]) is None:
                ids = self._randomness(24).hex()
                traceparent = f"00-{ids[:32]}-{ids[32:]}-01"
                request.upstream_fields += f"traceparent: {traceparent}\r\n".encode()

    def replaces(self, head_fields: list[tuple[bytes, bytes]]) -> frozenset[bytes]:
        """Return the names of fields of a client that do not go upstream as they came."""
        gone = {self.lower} if self.name is not None else set()
        if self._starts_traces:
            come = [value for name, value in head_fields if name.lower() == b"traceparent"]
            if len(come) != 1 or _TRACEPARENT.fullmatch(come[0]) is None:
                gone |= {b"traceparent", b"tracestate"}
        return frozenset(gone)
