"""What is settled about a request before it goes anywhere: records, no behaviour.

The terms are a route's; a plan is what follows from one request's head, made once and kept
with the head, because clients repeat themselves.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from hedgerow.policy import Policy, Situation
from hedgerow.policy.deadline_fields import Tell
from hedgerow.policy.priorities import DEFAULT_URGENCY
from hedgerow.serve.door import Door
from hedgerow.serve.durations import Durations
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.request import Request


@dataclass(slots=True)
class ProxyTerms:
    """What all proxied requests of one route share."""

    policy: Policy
    replies: Mapping[Situation, ReplyTemplate] = field(default_factory=dict)
    max_replay: int = 64 * 1024  # a longer request body is streamed, and sent only once
    max_held: int = 1024 * 1024  # of an answer that is not committed to
    max_body: float = math.inf  # of a request; longer: 413
    server_timing: bool = False
    door: Door | None = None  # to the upstream; None: everybody may in
    durations: Durations | None = None  # None: nobody may ask for them


class Taker(Protocol):
    """Who made a plan, and takes the requests that it is for: mostly a route."""

    def carry_out(self, plan: Any, request: Request) -> None:
        """Take one request; ``plan`` is one that this taker made."""


@dataclass(slots=True)  # not frozen: 140 ns against 480, and one is made for every new head
class HeadPlan:
    """What to do with requests that have this very head; each kind of route has its own."""

    taker: Taker


class AnyRoute(Taker, Protocol):
    """One ``[[route]]``, of whatever kind."""

    @property
    def name(self) -> str:
        """What metrics and logs call it."""

    @property
    def durations(self) -> Durations | None:
        """How long its requests took; None where nobody may ask."""

    def plan(
        self, head: RequestHead, parameters: Mapping[str, str], path: bytes, query: bytes
    ) -> HeadPlan:
        """Work out all that follows from a head whose path (without query) is normal."""


@dataclass(slots=True)
class Plan(HeadPlan):
    """How to proxy requests that have this very head."""

    terms: ProxyTerms
    lines: bytes  # of the upstream's head, as far as they do not depend on the client
    seconds: float | Situation  # how long it may take; or why its own deadline is refused
    may_repeat: bool
    priority: int = DEFAULT_URGENCY  # 0 is the most urgent
    tells: tuple[Tell, ...] = ()  # add to the upstream's head how much time is left
    client: str | None = None  # who asks, for a rate limit; None: whoever has the address
    #: The lines with what was told last of a client: of whom, and whether over TLS.
    told: bytes = b""
    told_of: str | None = None
    told_tls: bool = False
    upgrade: bytes = b""  # the protocol to change to; empty: HTTP it stays
