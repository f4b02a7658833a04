"""One machine's part of a run: its generator processes, and what they tell, put together.

Starts the processes, gives each its share, counts what they report and hands over a frame
a second.  Must not know how many shards there are, nor who adds them up.

A process that ends too early is counted as lost: its share is missing from then on, which
is told in every frame, and never made up for by the others.  So is one that says nothing
any more: it is ended.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from hedgerow.errors import ConfigError, StartError
from hedgerow.load.accounts import Accounts
from hedgerow.load.batch import Batch, Sample
from hedgerow.load.book import Frame, Health
from hedgerow.load.channel import (
    CUT,
    GO,
    STOP,
    Assignment,
    Happened,
    Message,
    Messages,
    Ready,
    Refused,
)
from hedgerow.load.machine.health import HealthProbe
from hedgerow.load.plan import RequestPlan

#: An interpreter, its imports and a scenario's imports on a busy machine take some of it.
_START_SECONDS: Final = 30.0
_READ: Final = 1 << 18
_KILL_AFTER: Final = 5.0
#: A process reports many times a second, unless a scenario keeps its loop from it.
_SILENT_SECONDS: Final = 30.0


class Worker:
    """One generator process, seen from outside."""

    def __init__(self, index: int, process: asyncio.subprocess.Process, log: Path) -> None:
        self.index = index
        self.pid = process.pid
        self.frame_ends = 0
        self.is_done = False  # its last batch is here, or it is lost
        self.is_lost = False
        self._process = process
        self._messages = Messages()
        self._log = log

    def order(self, line: str) -> None:
        """Send a line, unless nobody reads it any more."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            with contextlib.suppress(OSError):
                self._process.stdin.write(line.encode() + b"\n")

    async def until_ready(self) -> None:
        """Wait until it has understood its assignment."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                async for message in self._heard():
                    match message:
                        case Ready():
                            return
                        case Refused(text=text, is_usage=is_usage):
                            raise AssignmentRefusedError(text, is_usage=is_usage)
                        case Happened():
                            pass  # not before it was told to go
        except TimeoutError:
            pass
        raise StartError(
            "generator process",
            got="ended" if self._process.returncode is not None else "silent",
            must=f"ready within {_START_SECONDS:g}s",
            fix=f"It said: {self.said()}",
        )

    async def batches(self, take: Callable[["Worker", Batch], None]) -> None:
        """Hand over every batch, until the last one or its end."""
        try:
            async for message in self._heard(within=_SILENT_SECONDS):
                if isinstance(message, Happened):
                    self.frame_ends = message.batch.frame_ends
                    self.is_done = message.batch.is_last
                    take(self, message.batch)
                    if self.is_done:
                        return
        except TimeoutError:
            self._kill()
        self.is_done = self.is_lost = True

    async def end(self) -> None:
        """See that it is gone."""
        if self._process.stdin is not None:
            self._process.stdin.close()  # the end of its input ends it
        try:
            async with asyncio.timeout(_KILL_AFTER):
                await self._gone()
        except TimeoutError:
            self._kill()
            await self._gone()

    async def _gone(self) -> None:
        """Wait for its end; what it still says would keep it, and is thrown away."""
        stdout = self._process.stdout
        while stdout is not None and await stdout.read(_READ):
            pass
        await self._process.wait()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _heard(self, within: float | None = None) -> AsyncIterator[Message]:
        assert self._process.stdout is not None  # it was asked for
        while True:
            async with asyncio.timeout(within):
                data = await self._process.stdout.read(_READ)
            if not data:
                return
            for message in self._messages.feed(data):
                yield message

    def said(self) -> str:
        """Return the last lines that it wrote besides messages."""
        lines = self._log.read_text(errors="replace").splitlines()
        return " / ".join(lines[-3:]) or "nothing"


class Shard:
    """All generator processes of one machine."""

    def __init__(
        self,
        number: int,
        assignment: Assignment,
        tell: Callable[[Frame], None],
        heard: Callable[[Sample], None] | None = None,
    ) -> None:
        """``tell`` is given a frame a second; ``heard`` every sample, where the plan keeps them."""
        plan = assignment.plan
        self._assignment = assignment
        self._tell = tell
        label = plan.work.label if isinstance(plan.work, RequestPlan) else ""
        self._accounts = Accounts(number, label, heard)
        self._workers: list[Worker] = []
        self._folder = tempfile.TemporaryDirectory(prefix="hedgerow-load-")
        self._frames = 0
        self._reading: asyncio.Task[None] | None = None
        self._probe: HealthProbe | None = None

    @property
    def complaint(self) -> str:
        """Why the run cannot go on; empty where it can."""
        if self._workers and all(worker.is_lost for worker in self._workers):
            return f"the generator ended early. It said: {self._workers[-1].said()}"
        return self._accounts.complaint

    async def prepare(self) -> None:
        """Start the processes; raises what they refuse, or StartError."""
        shares = self._assignment.share.split(self._assignment.plan.processes)
        for index, share in enumerate(shares):
            worker = await self._started(index)
            self._workers.append(worker)
            assignment = msgspec.structs.replace(self._assignment, share=share)
            worker.order(msgspec.json.encode(assignment).decode())
        await _all_of(worker.until_ready() for worker in self._workers)
        self._probe = HealthProbe([worker.pid for worker in self._workers], time.monotonic())

    def go(self, began_ns: int) -> None:
        """Let them begin; the plan's 0 is ``began_ns`` (perf_counter_ns of this machine)."""
        for worker in self._workers:
            worker.order(f"{GO} {began_ns}")
        self._reading = asyncio.create_task(self._read())

    def stop(self) -> None:
        """Let them begin nothing new."""
        for worker in self._workers:
            worker.order(STOP)

    def cut_off(self) -> None:
        """Let them wait for nothing any more."""
        for worker in self._workers:
            worker.order(CUT)

    async def finished(self) -> None:
        """Wait for the last frame."""
        if self._reading is not None:
            await self._reading

    async def close(self) -> None:
        """See that nothing is left of it."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])  # its error, if any, was raised by finished()
        await asyncio.gather(*(worker.end() for worker in self._workers))
        self._folder.cleanup()

    async def _started(self, index: int) -> Worker:
        log = Path(self._folder.name) / f"{index}.log"
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "hedgerow.load.generator.process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=dict(os.environ),
                limit=_READ,
            )
        return Worker(index, process, log)

    async def _read(self) -> None:
        await _all_of(self._read_from(worker) for worker in self._workers)
        self._close(is_last=True)

    async def _read_from(self, worker: Worker) -> None:
        await worker.batches(self._take)
        if worker.is_lost:
            self._accounts.forget(worker.index)

    def _take(self, worker: Worker, batch: Batch) -> None:
        self._accounts.take(worker.index, batch)
        running = [other.frame_ends for other in self._workers if not other.is_done]
        if running and min(running) > self._frames:
            self._frames = min(running)
            self._close()

    def _close(self, *, is_last: bool = False) -> None:
        health = Health() if self._probe is None else self._probe.sample(time.monotonic())
        frame = self._accounts.close(health, is_last=is_last)
        frame.lost_processes = sum(worker.is_lost for worker in self._workers)
        self._tell(frame)


async def _all_of(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all; where one fails none goes on behind our back."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class AssignmentRefusedError(ConfigError):
    """A generator process found something wrong with the plan, in its own words."""

    def __init__(self, text: str, *, is_usage: bool) -> None:
        Exception.__init__(self, text)
        self.is_usage = is_usage
