"""The whole description of a run: what is sent, when, by how many, until when.

A tree of frozen records that goes to every generator process and to other machines as
JSON, so nothing in it is an object of this process.  Must not know how it is carried out.
The command line and scenario files fill it in and have checked it; nothing deeper checks
again.

Times are seconds, counts are of the whole run: :class:`Share` says which part of it one
generator process does.
"""

import itertools
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

_SHORTEST_FRAME: Final = 0.05  # seconds: what is shorter goes with its neighbour


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the plan."""


class Share(_Record, frozen=True):
    """Which part of a plan one generator does: numbers ``index``, ``index + of``, ... of ``of``.

    Every numbered thing (users, arrivals, requests of a count, ``{seq}``) is dealt out like
    cards, so that all shares together are exactly the plan, whatever their number.
    """

    index: int = 0
    of: int = 1

    def count(self, total: int) -> int:
        """How many of ``total`` numbered things are in this share."""
        return (total - self.index + self.of - 1) // self.of

    def split(self, parts: int) -> "list[Share]":
        """Deal this share out once more."""
        return [
            Share(index=self.index + part * self.of, of=self.of * parts) for part in range(parts)
        ]


class RequestPlan(_Record, frozen=True, tag="request"):
    """One request, as it goes out; URL, field values and body may hold ``{...}`` templates."""

    url: str
    label: str
    method: str = "GET"
    fields: tuple[tuple[str, str], ...] = ()  # in their order, without Host and framing
    body: bytes = b""
    is_template: bool = False  # {seq} and the like are filled in for each request
    follow: int = 0  # redirects that are followed


class Expectation(_Record, frozen=True):
    """What makes an answer good, beyond having come whole."""

    status: tuple[str, ...] = ()  # "200", "2xx", "200-299"; empty: below 400
    body: str | None = None  # a regular expression that must be found in it
    json: tuple[str, ...] = ()  # "path.to.value" must be there, "path == value" must equal


class Connecting(_Record, frozen=True):
    """How connections are made."""

    connect_to: tuple[tuple[str, str], ...] = ()  # ("host:port", "other:port"); "" is any
    unix: str | None = None  # a socket path instead of every host
    verify: bool = True  # TLS certificates
    ca_file: str | None = None
    keep_alive: bool = True
    connect_timeout: float = 5.0  # name, TCP and TLS together


class ThinkTime(_Record, frozen=True):
    """How long a user waits after an iteration: ``low`` to ``high`` seconds, evenly drawn."""

    low: float = 0.0
    high: float = 0.0


class Stage(_Record, frozen=True):
    """Within ``seconds`` go in a straight line to ``target`` users, or arrivals a second."""

    seconds: float
    target: float


class Closed(_Record, frozen=True, tag="closed"):
    """Users who wait for their answer before they ask again.

    Without stages user i of N starts at ``i * ramp_up / N`` (JMeter's thread group); with
    stages their number follows the stages, from 0.
    """

    users: int
    ramp_up: float = 0.0
    stages: tuple[Stage, ...] = ()
    iterations: int | None = None  # of each user
    shared_iterations: int | None = None  # of all users together; of scenarios only
    think_time: ThinkTime = ThinkTime()
    new_user_each_iteration: bool = False  # a new connection and no cookies
    keeps_cookies: bool = True


class Open(_Record, frozen=True, tag="open"):
    """Arrivals that come whether or not the earlier ones were answered.

    The rate goes from ``start_rate`` through the stages; after the last one it stays.
    """

    start_rate: float
    stages: tuple[Stage, ...] = ()
    spacing: Literal["even", "poisson"] = "even"
    max_connections: int | None = None  # None: as many as are needed at once
    shed_after: float | None = None  # an arrival that waited longer is given up: "deadline"


class Scenario(_Record, frozen=True, tag="scenario"):
    """A Python file with ``async def run(user)`` or weighted tasks; its text travels along."""

    source: str
    name: str  # the file's, for messages


class LoadPlan(_Record, frozen=True):
    """A run."""

    work: RequestPlan | Scenario
    model: Closed | Open
    expect: Expectation = Expectation()
    connecting: Connecting = Connecting()
    duration: float | None = None  # measured part; None: until requests or iterations are done
    requests: int | None = None  # to send in all, after the warm-up
    warm_up: float = 0.0
    timeout: float = 10.0  # for one request, from when it was sent
    seed: int = 1
    processes: int = 1  # generator processes on each machine
    keeps_samples: bool = False  # tell of every request, not only in sums (--jtl)
    base_url: str = ""  # what a scenario's relative URLs refer to


def frame_ends(plan: LoadPlan) -> Iterator[float]:
    """When results are put together: every second, the warm-up's end and the plan's among them."""
    ends = itertools.count(plan.warm_up % 1.0 or 1.0)
    if plan.duration is None:
        return ends
    last = plan.warm_up + plan.duration
    before = itertools.takewhile(lambda end: end < last - _SHORTEST_FRAME, ends)
    return itertools.chain(before, itertools.count(last))  # every second of the drain, too
