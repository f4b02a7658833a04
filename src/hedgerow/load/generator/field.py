"""What the drivers of one generator process work with, and the phase that a request is in.

Must not know which model is played.
"""

import asyncio
from typing import Final

from typing_extensions import override

from hedgerow.load.generator.checks import Checks
from hedgerow.load.generator.dialling import Dialler
from hedgerow.load.generator.recorder import Recorder
from hedgerow.load.outcome import Outcome, outcome_of_status
from hedgerow.load.plan import LoadPlan, Share
from hedgerow.wire.heads import ResponseHead, ResponseHeadParser
from hedgerow.wire.lean import AnswerReader, LeanConnection
from hedgerow.wire.memo import HeadMemo

#: A timeout is noticed when this share of it has passed since the last look, ...
_SWEEPS_A_TIMEOUT: Final = 50
#: ... but not more often than this many seconds, nor less.
_SHORTEST_SWEEP: Final = 0.005
_LONGEST_SWEEP: Final = 0.25


class Field:
    """The loop, the plan, one share of it, and where results go."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, plan: LoadPlan, share: Share, recorder: Recorder
    ) -> None:
        self.loop = loop
        self.plan = plan
        self.share = share
        self.recorder = recorder
        self.checks = Checks.of(plan.expect)
        self.dialler = Dialler(loop, plan.connecting)
        self.timeout_ns = round(plan.timeout * 1e9)
        self.open_connections = 0
        self.is_cut_off = False  # nothing is waited for any more
        #: Whether a good request may be told by its time alone.
        self.may_be_plain = not plan.keeps_samples and not self.checks.needs_body
        self._parser = ResponseHeadParser()
        self._memo: HeadMemo[ResponseHead] = HeadMemo()
        self._measured_from_ns: int | None = None if plan.warm_up else 0

    @property
    def sweep_interval(self) -> float:
        """Seconds between two looks for timeouts."""
        wanted = self.plan.timeout / _SWEEPS_A_TIMEOUT
        return min(max(wanted, _SHORTEST_SWEEP), _LONGEST_SWEEP)

    def measure_from(self, now_ns: int) -> None:
        """What begins from now on counts."""
        self._measured_from_ns = now_ns

    def is_warm_up(self, began_ns: int) -> bool:
        """Say whether a request that began then belongs to the warm-up."""
        return self._measured_from_ns is None or began_ns < self._measured_from_ns

    def connection(self, reader: AnswerReader, *, keeps_body: bool = False) -> LeanConnection:
        """Make a connection that is not open yet."""
        keeps_body = keeps_body or self.checks.needs_body
        return _Counted(self, reader, self._parser, self._memo, keeps_body=keeps_body)

    def judge(self, connection: LeanConnection, head: ResponseHead) -> tuple[Outcome, str]:
        """Say whether a whole answer is what was expected, and if not in what way."""
        if not self.checks.good_status(head.status):
            return outcome_of_status(head.status), f"status {head.status}"
        if self.checks.needs_body:
            failure = self.checks.failure(head.status, b"".join(connection.body))
            if failure is not None:
                return Outcome.CHECK_FAILED, failure
        return Outcome.OK, ""


class _Counted(LeanConnection):
    """A connection that is counted while it is open: ten thousand are too many to look through."""

    __slots__ = ("_field",)

    def __init__(
        self,
        field: Field,
        reader: AnswerReader,
        parser: ResponseHeadParser,
        memo: HeadMemo[ResponseHead],
        *,
        keeps_body: bool,
    ) -> None:
        super().__init__(reader, parser, memo, keeps_body=keeps_body)
        self._field = field

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._field.open_connections += 1
        super().connection_made(transport)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._field.open_connections -= 1
        super().connection_lost(exc)
