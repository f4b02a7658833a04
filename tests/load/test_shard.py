import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from typing_extensions import override

from hedgerow.errors import StartError
from hedgerow.load.batch import Batch
from hedgerow.load.book import Frame
from hedgerow.load.channel import Assignment, Happened, Message, Ready, Refused, encode_message
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan, Share
from hedgerow.load.shard import AssignmentRefusedError, Shard, Worker
from tests.fakes.virtual_loop import START, run
from tests.load.counted import LABEL, a_batch, a_sample

T = TypeVar("T")
PLAN = LoadPlan(
    work=RequestPlan(url="http://a.example/", label=LABEL), model=Closed(users=4), processes=2
)


class FakeInput(asyncio.StreamWriter):
    """Keeps the orders; its end ends the process, unless that is deaf."""

    def __init__(self, process: "FakeProcess") -> None:
        self._process = process
        self.lines: list[str] = []
        self.closed = False

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.lines += bytes(data).decode().splitlines()

    @override
    def is_closing(self) -> bool:
        return self.closed

    @override
    def close(self) -> None:
        self.closed = True
        if not self._process.is_deaf:
            self._process.exits(1)

    @override
    def __del__(self) -> None:
        """There is nothing to close."""


class FakeProcess(asyncio.subprocess.Process):
    """A generator process that says what a test wants it to."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.orders = FakeInput(self)
        self.stdin = self.orders
        self.output = asyncio.StreamReader()
        self.stdout = self.output
        self.is_deaf = False
        self.killed = False
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    @override
    def returncode(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    def says(self, message: Message) -> None:
        self.output.feed_data(encode_message(message))

    def exits(self, code: int) -> None:
        if not self._ended.done():
            self.output.feed_eof()
            self._ended.set_result(code)

    @override
    def kill(self) -> None:
        self.killed = True
        self.exits(-9)

    @override
    async def wait(self) -> int:
        return await self._ended


class Machine:
    """A shard whose processes are fakes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.frames: list[Frame] = []
        self.processes: list[FakeProcess] = []
        self._folder = folder
        monkeypatch.setattr(Shard, "_started", self._started)
        self.shard = Shard(5, Assignment(plan=PLAN, share=Share()), self.frames.append)

    async def _started(self, index: int) -> Worker:
        log = self._folder / f"{index}.log"
        log.write_text("what it said\n")
        self.processes.append(FakeProcess())
        return Worker(index, self.processes[-1], log)

    async def ready(self) -> None:
        preparing = asyncio.create_task(self.shard.prepare())
        await asyncio.sleep(0.1)
        for process in self.processes:
            process.says(Ready(1))
        await preparing
        self.shard.go(123)

    async def tell(self, process: int, batch: Batch, *, is_last: bool = False) -> None:
        batch.is_last = is_last
        self.processes[process].says(Happened(batch))
        await asyncio.sleep(0.01)

    @property
    def counts(self) -> list[int]:
        return [frame.measured.ended for frame in self.frames]


def at_a_machine(
    monkeypatch: pytest.MonkeyPatch, folder: Path, use: Callable[[Machine], Awaitable[T]]
) -> Machine:
    async def main() -> Machine:
        machine = Machine(monkeypatch, folder)
        try:
            await use(machine)
        finally:
            await machine.shard.close()
            assert all(process.returncode is not None for process in machine.processes)
        return machine

    return run(main())


class TestOrders:
    def test_are_a_share_each_and_the_same_words_for_all(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        async def use(machine: Machine) -> None:
            await machine.ready()
            machine.shard.stop()
            machine.shard.cut_off()

        machine = at_a_machine(monkeypatch, tmp_path, use)
        lines = [process.orders.lines for process in machine.processes]
        shares = [msgspec.json.decode(mine[0], type=Assignment).share for mine in lines]
        assert shares == [Share(index=0, of=2), Share(index=1, of=2)]
        assert [mine[1:] for mine in lines] == [["go 123", "stop", "cut"]] * 2


class TestFrame:
    def test_is_closed_when_every_process_has_told_of_its_second(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        async def use(machine: Machine) -> None:
            await machine.ready()
            await machine.tell(0, a_batch(1.0, a_sample(), frame_ends=1))
            assert machine.frames == []
            await machine.tell(1, a_batch(1.0, a_sample(), frame_ends=1))
            await machine.tell(1, a_batch(1.1, a_sample(), frame_ends=1), is_last=True)
            await machine.tell(0, a_batch(1.2, frame_ends=1), is_last=True)
            await machine.shard.finished()

        machine = at_a_machine(monkeypatch, tmp_path, use)
        assert machine.counts == [2, 1]
        assert [(frame.shard, frame.is_last) for frame in machine.frames] == [(5, False), (5, True)]
        assert machine.frames[-1].lost_processes == 0


class TestProcessThatIsLost:
    def test_is_told_of_and_the_others_go_on(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        async def use(machine: Machine) -> None:
            await machine.ready()
            await machine.tell(0, a_batch(0.5, a_sample(), users=2))
            machine.processes[0].exits(-9)
            for second in (1.0, 2.0):
                batch = a_batch(second, a_sample(), users=2, frame_ends=int(second))
                await machine.tell(1, batch)
            await machine.tell(1, a_batch(2.5, frame_ends=2), is_last=True)
            await machine.shard.finished()

        machine = at_a_machine(monkeypatch, tmp_path, use)
        assert machine.counts == [2, 1, 0]
        assert [frame.lost_processes for frame in machine.frames] == [1, 1, 1]
        assert machine.frames[0].users == 2

    def test_is_also_one_that_says_nothing_any_more(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        async def use(machine: Machine) -> None:
            await machine.ready()
            await machine.tell(1, a_batch(0.5), is_last=True)
            machine.processes[0].is_deaf = True
            await machine.shard.finished()
            assert asyncio.get_running_loop().time() - START < 60
            assert machine.processes[0].killed

        machine = at_a_machine(monkeypatch, tmp_path, use)
        assert machine.frames[-1].lost_processes == 1


class TestPreparation:
    def test_raises_what_a_process_refuses(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        async def use(machine: Machine) -> None:
            preparing = asyncio.create_task(machine.shard.prepare())
            await asyncio.sleep(0.1)
            machine.processes[1].says(Refused("no such thing", is_usage=True))
            await preparing

        with pytest.raises(AssignmentRefusedError, match="no such thing"):
            at_a_machine(monkeypatch, tmp_path, use)

    @pytest.mark.parametrize("ends", [True, False])
    def test_says_what_a_process_said_that_does_not_get_ready(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, ends: bool
    ) -> None:
        async def use(machine: Machine) -> None:
            preparing = asyncio.create_task(machine.shard.prepare())
            await asyncio.sleep(0.1)
            if ends:
                machine.processes[0].exits(1)
            await preparing

        with pytest.raises(StartError, match="what it said"):
            at_a_machine(monkeypatch, tmp_path, use)


class TestClose:
    def test_ends_processes_that_do_not_hear(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        async def use(machine: Machine) -> None:
            await machine.ready()
            machine.processes[0].is_deaf = True

        machine = at_a_machine(monkeypatch, tmp_path, use)
        assert [process.killed for process in machine.processes] == [True, False]

    def test_ends_all_processes_though_who_was_told_failed(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        def fails(_: Frame) -> None:
            raise BrokenPipeError

        async def use(machine: Machine) -> None:
            machine.shard._tell = fails
            await machine.ready()
            for process in (0, 1):
                await machine.tell(process, a_batch(1.0, frame_ends=1))
            await machine.shard.finished()

        with pytest.raises(BrokenPipeError):
            at_a_machine(monkeypatch, tmp_path, use)
