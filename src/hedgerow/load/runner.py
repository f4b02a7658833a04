"""One run from its order to its result: shards, a watched server, promises, a document.

Puts the shards' frames together, second by second, shows them to whoever watches, and
stops the run when it is told to or a promise is broken.  Must not know how shards send,
nor what a result looks like on a screen.

A run has an end however it goes: by its plan, by ``stop`` (what is under way is waited
for), or by ``cut_off`` (it is not).
"""

import datetime
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import msgspec

from hedgerow.load.book import Frame
from hedgerow.load.crew import Crew
from hedgerow.load.figures import Promises
from hedgerow.load.jtl_log import JtlLog
from hedgerow.load.moment import Moment
from hedgerow.load.muster import crew_for
from hedgerow.load.order import Order
from hedgerow.load.preparation import assignment_for
from hedgerow.load.result import document
from hedgerow.load.server.watch import ServerWatch
from hedgerow.load.totals import Totals
from hedgerow.report.document import Document

#: The processes must have read their order before the plan begins.
_LEAD_NS: Final = 100_000_000


class Run:
    """One run; to be played once."""

    def __init__(self, order: Order, on_second: Callable[[Moment], None]) -> None:
        self._order = order
        self._on_second = on_second
        self._totals = Totals(order.plan)
        self._promises = Promises(order.slos)
        self._crew: Crew | None = None
        self._log: JtlLog | None = None
        self._watch: ServerWatch | None = None
        self._stopped_because = ""
        self._interrupted = False

    async def play(self) -> Document:
        """Carry it out; raises ConfigError and StartError before anything is sent."""
        order = self._order
        if order.watch:
            self._watch = ServerWatch(order.watch, order.watch_name)
        assignment = await assignment_for(order.plan)
        with JtlLog(order.jtl, order.plan) as log:
            self._log = log
            heard = log.heard if order.jtl is not None else None
            crew = self._crew = crew_for(order, assignment, self._frame, heard)
            try:
                await crew.prepare()
                started = datetime.datetime.now(datetime.UTC)
                log.begins_at(started.timestamp() + _LEAD_NS / 1e9)
                crew.go(_LEAD_NS)
                if self._watch is not None:
                    self._watch.sample(0.0)
                if self._stopped_because:
                    crew.stop()  # told so while it was being prepared
                await crew.finished()
            finally:
                await crew.close()
        return self._document(started.isoformat(timespec="milliseconds"))

    def stop(self, why: str, *, interrupted: bool = True) -> None:
        """Send no more, and wait for what is under way."""
        if not self._stopped_because:
            self._stopped_because = why
            self._interrupted = interrupted
            self._totals.stopped()
        if self._crew is not None:
            self._crew.stop()

    def cut_off(self) -> None:
        """Wait no more."""
        if self._crew is not None:
            self._crew.cut_off()

    def _frame(self, frame: Frame) -> None:
        """One interval of all shards together."""
        order, totals, crew = self._order, self._totals, self._crew
        assert crew is not None  # it is calling
        totals.trouble.missing = set(crew.missing)
        point = totals.add(frame)
        if self._log is not None:
            self._log.users = frame.users
        if self._watch is not None:
            self._watch.sample(round(frame.at, 3))
        plan = order.plan
        moment = Moment(
            elapsed=frame.at,
            phase=point.phase,
            second=frame,
            total=totals.book,
            pace=totals.pace,
            points=totals.series.points,
            server=() if self._watch is None else self._watch.points,
            duration=None if plan.duration is None else plan.warm_up + plan.duration,
            requests=plan.requests,
        )
        self._promises.second(moment)
        if order.abort_on_fail and (broken := self._promises.broken_now()) is not None:
            self.stop(f"the promise {broken.expr} was broken", interrupted=False)
        if crew.complaint:
            self.stop(crew.complaint, interrupted=False)
        self._on_second(moment)

    def _document(self, started: str) -> Document:
        totals, crew = self._totals, self._crew
        assert crew is not None  # it was played
        totals.trouble.start_spread = crew.start_spread
        totals.trouble.lost_because = crew.losses
        config = msgspec.structs.replace(self._order.config, shards=crew.shards)
        server = None
        if self._watch is not None:
            server = self._watch.server(*totals.measured_span)
        return document(
            replace(self._order, config=config),
            totals,
            self._promises,
            started=started,
            server=server,
            machine=crew.machine(),
            stopped_because=self._stopped_because,
            interrupted=self._interrupted,
        )
