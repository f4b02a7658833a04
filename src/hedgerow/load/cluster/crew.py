"""Many shards, each on a worker of a cluster, as one crew.

Finds the workers, gives each its share, lets all begin at one moment, puts together what
they tell, and knows which of them are missing.  A shard that is lost is not replaced, and
the others do not send more in its place: the load is less than what was asked, and that is
told.  Must not know dask's own words, which are ``connection``'s.

Orders are sent to each shard every second as long as the run goes on, and at once when they
change; a shard that hears nothing ends (see ``messages``).
"""

import asyncio
import contextlib
import functools
import time
import uuid
from typing import Any, Final

import msgspec
from typing_extensions import override

from hedgerow.errors import StartError
from hedgerow.load.book import decode_frame
from hedgerow.load.channel import Assignment
from hedgerow.load.cluster.address import ClusterAddress
from hedgerow.load.cluster.clocks import spread_of
from hedgerow.load.cluster.connection import Connection
from hedgerow.load.cluster.merging import Merging
from hedgerow.load.cluster.messages import (
    LEASE,
    OPERATION,
    ORDERS_EVERY,
    TOPIC,
    Orders,
    ShardAlone,
    ShardBegan,
    ShardFrame,
    ShardReady,
    ShardRefused,
    Told,
    Word,
    decode_told,
    encode,
)
from hedgerow.load.cluster.placing import together
from hedgerow.load.cluster.survey import Place, survey
from hedgerow.load.cluster.task import run_shard
from hedgerow.load.cluster.teller import LOST_AFTER
from hedgerow.load.crew import Crew, Tell
from hedgerow.load.shard import AssignmentRefusedError
from hedgerow.report.document import Machine

#: Seconds in which every shard must have started its processes: those have 30 for it.
_READY_WITHIN: Final = 45.0
#: Seconds between two looks at what is due.
_LOOK_EVERY: Final = 0.1
#: Seconds for orders to reach a worker; more than one question and answer ever takes.
_ORDER_WITHIN: Final = 3.0
#: Nanoseconds that every order to begin has, besides three times the slowest way.
_LEAD_NS: Final = 300_000_000


class Member:
    """One shard, seen from here."""

    def __init__(self, number: int, place: Place) -> None:
        self.number = number
        self.place = place
        self.token = ""  # once it is ready
        self.refusal: ShardRefused | None = None
        self.late = 0.0  # it began by so many seconds too late
        self.future: Any = None
        self.orders_changed = asyncio.Event()
        self.is_gone = False  # its worker, or its task
        self.lost_because = ""


class ClusterCrew(Crew):
    """The shards of one run on the workers of a scheduler."""

    def __init__(
        self,
        address: ClusterAddress,
        tls: tuple[str, str, str] | None,
        assignment: Assignment,
        tell: Tell,
    ) -> None:
        self._address = address
        self._tls = tls
        self._assignment = assignment
        self._tell = tell
        self._run = uuid.uuid4().hex
        self._connection: Connection | None = None
        self._members: list[Member] = []
        self._merging: Merging | None = None  # once they were told to begin
        self._tasks: list[asyncio.Task[None]] = []
        self._word: Word = "play"
        self._begin_at: int | None = None  # ns since 1970, by our clock
        self._news = asyncio.Event()
        self._complaint = ""

    @property
    @override
    def missing(self) -> frozenset[int]:
        merging = self._merging
        return frozenset() if merging is None else merging.missing(time.monotonic())

    @property
    @override
    def complaint(self) -> str:
        return self._complaint

    @property
    @override
    def shards(self) -> int:
        return len(self._members)

    @property
    @override
    def start_spread(self) -> float | None:
        if len(self._members) == 1:
            return None
        offsets = [member.place.offset for member in self._members]
        return spread_of(offsets) + max((member.late for member in self._members), default=0.0)

    @property
    @override
    def losses(self) -> list[str]:
        missing = self.missing
        return [
            f"shard {member.number} on {member.place.worker}: {member.lost_because or 'silent'}"
            for member in self._members
            if member.number in missing
        ]

    @override
    def machine(self) -> Machine:
        return together([member.place.facts.machine for member in self._members])

    # --- before it begins ---

    @override
    async def prepare(self) -> None:
        connection = await Connection.open(self._address, self._tls)
        self._connection = connection
        places = await survey(connection, self._address, self._assignment.plan)
        self._members = [Member(number, place) for number, place in enumerate(places)]
        connection.listen(TOPIC, self._heard)
        shares = self._assignment.share.split(len(self._members))
        for member, share in zip(self._members, shares, strict=True):
            worker = member.place.worker
            gone = functools.partial(self._gone, member, "its worker is gone")
            connection.listen_for_end(worker, gone)
            assignment = msgspec.structs.replace(self._assignment, share=share)
            member.future = connection.start(
                worker,
                f"hedgerow-load-{self._run}-{member.number}",
                run_shard,
                self._run,
                member.number,
                msgspec.json.encode(assignment),
            )
            self._tasks.append(asyncio.create_task(self._keep_ordering(connection, member)))
            self._tasks.append(asyncio.create_task(self._await_result(member)))
        await self._until_ready()

    async def _until_ready(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_READY_WITHIN):
                while not all(member.token for member in self._members):
                    for member in self._members:
                        _raise_refusal(member)
                    await self._wait_for_news()
        waiting = [member.place.worker for member in self._members if not member.token]
        if waiting:
            raise StartError(
                f"worker {', '.join(waiting)}",
                got="silent",
                must=f"ready within {_READY_WITHIN:g}s",
                fix="A shard takes one of its threads (dask worker --nthreads): see that other"
                " tasks do not hold all of them.",
            )

    # --- while it goes on ---

    @override
    def go(self, lead_ns: int) -> None:
        slowest = max(member.place.offset.took for member in self._members)
        lead = max(lead_ns, _LEAD_NS + 3 * slowest)
        self._begin_at = time.time_ns() + lead
        now = time.monotonic() + lead / 1e9
        self._merging = Merging(self._assignment.plan, len(self._members), now)
        for member in self._members:
            if member.is_gone:
                self._merging.lose(member.number)
        self._orders_changed()

    @override
    def stop(self) -> None:
        if self._word == "play":
            self._word = "stop"
            self._orders_changed()

    @override
    def cut_off(self) -> None:
        self._word = "cut"
        self._orders_changed()

    @override
    async def finished(self) -> None:
        merging = self._merging
        assert merging is not None  # they were told to begin
        while not all(teller.is_done for teller in merging.tellers):
            await self._wait_for_news()
            now = time.monotonic()
            for member, teller in zip(self._members, merging.tellers, strict=True):
                if not teller.is_done and teller.silence(now) > LOST_AFTER:
                    self._gone(member, f"nothing was heard of it for {LOST_AFTER:g}s")
            for frame in merging.due(now):
                self._tell(frame)
        if all(teller.is_lost for teller in merging.tellers) and not self._complaint:
            self._complaint = "every shard was lost"
        now = time.monotonic()
        for frame in merging.due(now):
            self._tell(frame)
        self._tell(merging.finish(now))

    @override
    async def close(self) -> None:
        self._word = "end"
        connection = self._connection
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if connection is None:
            return
        going_on = [member for member in self._members if not member.future.done()]
        await asyncio.gather(*(self._order(connection, member) for member in going_on))
        for member in going_on:
            connection.cancel(member.future)
        await connection.close()

    # --- orders ---

    def _orders_changed(self) -> None:
        for member in self._members:
            member.orders_changed.set()

    async def _keep_ordering(self, connection: Connection, member: Member) -> None:
        while not member.is_gone:
            member.orders_changed.clear()
            await self._order(connection, member)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ORDERS_EVERY):
                    await member.orders_changed.wait()

    async def _order(self, connection: Connection, member: Member) -> None:
        begin_at = self._begin_at
        if begin_at is not None:
            begin_at += member.place.offset.ahead
        orders = Orders(self._run, member.number, member.token, begin_at, self._word)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ORDER_WITHIN):
                await connection.order(member.place.worker, OPERATION, encode(orders))

    # --- what is heard ---

    def _heard(self, message: Any) -> None:
        told = decode_told(message)
        if told.run != self._run:
            return  # of another run on the same cluster
        member = self._members[told.shard]
        if isinstance(told, ShardReady) and not member.token:
            member.token = told.token
        elif isinstance(told, ShardRefused):
            member.refusal = told
        elif told.token == member.token:
            self._heard_from_ours(member, told)
        self._news.set()

    def _heard_from_ours(self, member: Member, told: Told) -> None:
        merging = self._merging
        if isinstance(told, ShardBegan):
            member.late = told.late
        elif isinstance(told, ShardAlone):
            self._gone(member, f"no orders reached it for {LEASE:g}s, and it stopped")
        elif isinstance(told, ShardFrame) and merging is not None:
            self._complaint = self._complaint or told.complaint
            merging.take(time.monotonic(), decode_frame(told.frame))

    async def _await_result(self, member: Member) -> None:
        try:
            data = await member.future
        except Exception as error:  # of the task, or of what carried it
            self._gone(member, f"{type(error).__name__}: {error}")
            return
        merging = self._merging
        if merging is None:
            member.is_gone = True  # it has refused
        elif not merging.tellers[member.number].is_done:
            try:
                merging.settle(member.number, decode_frame(data))
            except ValueError as error:
                member.lost_because = f"its figures do not add up ({error})"
                merging.lose(member.number)
        member.is_gone = True
        self._news.set()

    def _gone(self, member: Member, why: str) -> None:
        """Give a shard up, and see that it is not started once more."""
        if member.is_gone:
            return
        member.is_gone = True
        member.lost_because = why
        if self._merging is not None:
            self._merging.lose(member.number)
        if self._connection is not None:
            self._connection.cancel(member.future)
        self._news.set()

    async def _wait_for_news(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_EVERY):
                await self._news.wait()
        self._news.clear()


def _raise_refusal(member: Member) -> None:
    if member.refusal is not None:
        raise AssignmentRefusedError(member.refusal.text, is_usage=member.refusal.is_usage)
    if member.is_gone:
        raise StartError(
            f"worker {member.place.worker}",
            got=member.lost_because,
            must="there until the run is over",
            fix="See in its log why it ended, or why its task failed.",
        )
