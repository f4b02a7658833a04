"""One machine's generator processes, real ones, and what becomes of them."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hedgerow.load.book import Book, Frame
from hedgerow.load.channel import Assignment, Messages, Ready
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan, Scenario, Share, ThinkTime
from hedgerow.load.shard import Shard
from tests.fakes.misbehaving import OK, MisbehavingServer, answers_after, never_answers, says
from tests.fakes.processes import environment

LEAD_NS = 200_000_000


def a_plan(url: str, **settings: Any) -> LoadPlan:
    work = RequestPlan(url=url, label="x")
    return LoadPlan(**{"work": work, "model": Closed(users=4), "timeout": 2.0, **settings})


def played(plan: LoadPlan, meanwhile: Callable[[Shard, Frame], None] | None = None) -> list[Frame]:
    """Play a plan on this machine; ``meanwhile`` is called with each frame."""
    frames: list[Frame] = []

    def told(frame: Frame) -> None:
        frames.append(frame)
        if meanwhile is not None:
            meanwhile(shard, frame)

    shard = Shard(0, Assignment(plan=plan, share=Share()), told)

    async def main() -> None:
        try:
            await shard.prepare()
            shard.go(time.perf_counter_ns() + LEAD_NS)
            async with asyncio.timeout(60):
                await shard.finished()
        finally:
            await shard.close()

    asyncio.run(main())
    return frames


def total(frames: list[Frame]) -> Book:
    book = Book()
    for frame in frames:
        book.merge(frame.measured)
    return book


class TestProcesses:
    def test_do_a_plan_together_exactly(self) -> None:
        with MisbehavingServer(says(OK)) as server:
            frames = played(a_plan(server.url, requests=101, processes=2))
            assert server.asked == 101
        assert (total(frames).ok, total(frames).failed) == (101, 0)

    def test_of_which_one_is_killed_go_on_without_it(self) -> None:
        def kills_one(shard: Shard, frame: Frame) -> None:
            if frame.number == 0:
                os.kill(shard._workers[0].pid, signal.SIGKILL)

        with MisbehavingServer(answers_after(0.02)) as server:
            frames = played(a_plan(server.url, duration=3.0, processes=2), kills_one)
        assert frames[0].lost_processes == 0
        assert (frames[-1].lost_processes, frames[-1].is_last) == (1, True)
        assert frames[-1].at >= 3.0
        # Half of the users are left, and nobody else does the others' work.
        later = [frame for frame in frames if 1.9 < frame.at < 3.0]
        assert all(frame.users == 2 and frame.measured.ok > 10 for frame in later)

    def test_wait_for_answers_no_longer_than_they_may_take(self) -> None:
        with MisbehavingServer(never_answers) as server:
            frames = played(a_plan(server.url, duration=0.5, timeout=0.5))
        assert total(frames).errors == {"timeout": 4}
        assert frames[-1].at < 2.0


class TestIdleConnections:
    def test_that_the_server_closes_are_nobodys_error(self) -> None:
        def closes_soon(client: socket.socket) -> None:
            client.sendall(OK)
            client.settimeout(0.05)

        thinking = Closed(users=4, think_time=ThinkTime(low=0.2, high=0.25))
        with MisbehavingServer(closes_soon) as server:
            book = total(played(a_plan(server.url, model=thinking, duration=1.5)))
        assert (book.failed, book.connections_opened) == (0, book.ok)
        assert book.ok > 10


class TestScenario:
    def test_may_print(self) -> None:
        source = "async def run(user):\n    print('x' * 5000)\n    await user.get('/')\n"
        with MisbehavingServer(says(OK)) as server:
            work = Scenario(source=source, name="loud.py")
            plan = a_plan(server.url, work=work, base_url=server.url, requests=20)
            assert total(played(plan)).ok == 20

    def test_that_will_not_end_is_ended(self) -> None:
        source = (
            "import asyncio\n"
            "async def run(user):\n"
            "    while True:\n"
            "        try:\n"
            "            await asyncio.sleep(60)\n"
            "        except BaseException:\n"
            "            pass\n"
        )
        work = Scenario(source=source, name="stubborn.py")
        began = time.monotonic()
        frames = played(a_plan("http://127.0.0.1:9/", work=work, duration=0.5, timeout=0.5))
        assert frames[-1].is_last
        assert time.monotonic() - began < 20


class TestOrphan:
    @pytest.mark.parametrize("is_under_way", [False, True])
    def test_ends_at_once(self, *, is_under_way: bool) -> None:
        with (
            MisbehavingServer(answers_after(0.01)) as server,
            subprocess.Popen(
                [sys.executable, "-m", "hedgerow.load.generator.process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(),
            ) as process,
        ):
            assert process.stdin is not None
            assert process.stdout is not None
            plan = a_plan(server.url, duration=600.0)
            process.stdin.write(msgspec.json.encode(Assignment(plan=plan, share=Share())) + b"\n")
            process.stdin.flush()
            messages = Messages()
            (ready,) = messages.feed(os.read(process.stdout.fileno(), 65536))
            assert ready == Ready(process.pid)
            if is_under_way:
                process.stdin.write(b"go %d\n" % time.perf_counter_ns())
                process.stdin.flush()
                os.read(process.stdout.fileno(), 1)
            process.stdin.close()
            assert process.wait(5) != 0
