"""Active checks on sockets: a replica is asked whether it is well, and what it said is told.

Carries out what ``policy.active_checks`` decides; must not know when a check is due, nor
how many must fail.  A check is ``GET`` path, and passes when its answer is whole in time and
has a status that will do.  Of a body longer than ``_MOST_READ`` the rest is not waited for.

Each check has a connection of its own, opened for it and closed after it:

- it does not wait behind traffic: a pool that is full says that there is much to do, and
  not that the replica is ill;
- it meets what a new client meets: a process that accepts no more, or has been replaced,
  answers well on connections that it has kept;
- one that was kept may be closed by the replica just as it is used, and that is no illness.

Where there is no descriptor left for it, the check is not made: that says nothing of the replica.
A check costs no task but the one that opens its connection.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.wire.call import Call
from hedgerow.wire.engine import Engine
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.pool import Origin, Pool, PoolLimits
from hedgerow.wire.timers import Timer

#: Bytes of an answer's body; what is healthy says so in fewer.
_MOST_READ: Final = 64 * 1024

Finding = Literal["passed", "failed", "refused", "not made"]


@dataclass(frozen=True, slots=True)
class CheckTerms:
    """How the replicas of an upstream are asked; ``timeout`` is in seconds."""

    path: str
    timeout: float
    host: str | None = None  # None: the replica's own
    statuses: frozenset[int] | None = None  # None: 200 to 399

    def head(self, authority: str) -> bytes:
        """Return the request to a replica that is known by this host and port."""
        lines = (
            f"GET {self.path} HTTP/1.1",
            f"Host: {self.host or authority}",
            "User-Agent: hedgerow-check",
            "Accept: */*",
            "Connection: close",
        )
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def accepts(self, status: int) -> bool:
        """Say whether an answer with this status means well."""
        return 200 <= status < 400 if self.statuses is None else status in self.statuses


class ReplicaCheck:
    """The checks of one replica, one at a time.

    ``told`` hears what came of each, with the time; ``last`` keeps it in words.
    """

    def __init__(
        self,
        terms: CheckTerms,
        origin: Origin,
        authority: str,
        engine: Engine,
        told: Callable[[float, Finding], None],
    ) -> None:
        # Two, because one that was broken off may not be gone yet.
        limits = PoolLimits(
            max_connections=2, max_waiting=2, connect_timeout=terms.timeout, idle_timeout=0.0
        )
        self._pool = Pool(origin, limits, engine.sweeper, engine.descriptors, engine.outbox)
        self._terms = terms
        self._head = terms.head(authority)
        self._engine = engine
        self._told = told
        self._call: _CheckCall | None = None
        self._bucket: set[Timer] | None = None
        self.last = "not asked yet"

    def ask(self, now: float) -> None:
        """Send a check; one that is still out is dropped, and not told of."""
        self._drop()
        self._call = call = _CheckCall(self._head, self)
        self._bucket = self._engine.wheel.arm(now, now + self._terms.timeout, self)
        self._pool.start(call)

    def stop(self) -> None:
        """Ask no more."""
        self._drop()
        self._pool.close()

    def timer_fired(self, now: float) -> None:
        """The time for an answer is over."""
        self._bucket = None
        self._drop()
        self._tell(now, "failed", f"no whole answer within {self._terms.timeout:g}s")

    def answered(self, status: int) -> None:
        """An answer has come, as far as it is read."""
        self._drop()
        finding: Finding = "passed" if self._terms.accepts(status) else "failed"
        self._tell(time.monotonic(), finding, f"status {status}")

    def broke(self, failure: Failure, detail: str) -> None:
        """No answer will come."""
        self._drop()
        finding: Finding = "failed"
        if failure is Failure.NO_CAPACITY:
            finding = "not made"
        elif failure is Failure.CONNECT and self._pool.was_refused:
            finding = "refused"
        self._tell(time.monotonic(), finding, detail)

    def _tell(self, now: float, finding: Finding, words: str) -> None:
        self.last = f"{'failed' if finding == 'refused' else finding}: {words}"
        self._told(now, finding)

    def _drop(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
        if self._bucket is not None:
            self._bucket.discard(self)
            self._bucket = None


class _CheckCall(Call):
    """One check on its way."""

    _status = 0
    _read = 0

    def __init__(self, head: bytes, check: ReplicaCheck) -> None:
        super().__init__(head)
        self._check = check

    @override
    def answer_began(self, head: ResponseHead, data: bytes, *, ended: bool) -> None:
        self._status = head.status
        self.body_received(data, ended=ended)

    @override
    def body_received(self, data: bytes, *, ended: bool) -> None:
        self._read += len(data)
        if ended or self._read > _MOST_READ:
            self._check.answered(self._status)

    @override
    def failed(self, failure: Failure, detail: str) -> None:
        self._check.broke(failure, detail)
