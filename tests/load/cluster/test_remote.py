import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from hedgerow.errors import ConfigError, HedgerowError, StartError
from hedgerow.load.book import Frame, decode_frame
from hedgerow.load.channel import Assignment
from hedgerow.load.cluster import remote
from hedgerow.load.cluster.messages import (
    Orders,
    ShardAlone,
    ShardBegan,
    ShardFrame,
    ShardReady,
    ShardRefused,
    Told,
    Word,
)
from hedgerow.load.cluster.remote import RemoteShard
from hedgerow.load.plan import Share
from hedgerow.load.shard import AssignmentRefusedError
from tests.load.cluster.frames import PLAN, frame

SECOND = 1_000_000_000


class FakeShard:
    """Does what it is told, and keeps a list of it; sends nothing."""

    refuses: HedgerowError | None = None

    def __init__(self, number: int, assignment: Assignment, tell: Callable[[Frame], None]) -> None:
        self.did: list[str] = []
        self.began_ns = 0
        self.complaint = ""
        self.tell = tell
        self._over = asyncio.Event()

    async def prepare(self) -> None:
        if self.refuses is not None:
            raise self.refuses

    def go(self, began_ns: int) -> None:
        self.did.append("go")
        self.began_ns = began_ns

    def stop(self) -> None:
        self.did.append("stop")

    def cut_off(self) -> None:
        self.did.append("cut off")
        self._over.set()

    def end(self) -> None:
        self._over.set()

    async def finished(self) -> None:
        await self._over.wait()

    async def close(self) -> None:
        self.did.append("close")


@dataclass
class Stage:
    """A shard far away, and what is heard of it."""

    remote: RemoteShard
    shard: FakeShard
    told: list[Told] = field(default_factory=list)

    async def orders(
        self, word: Word = "play", *, begin_at: int | None = None, token: str = "me"
    ) -> None:
        self.remote.receive(Orders("run", 1, token, begin_at, word))
        await settled()

    async def begins(self, seconds: float = 0.0) -> None:
        await self.orders(begin_at=time.time_ns() + round(seconds * SECOND))


async def settled() -> None:
    """Let everything run that can run now."""
    for _ in range(10):
        await asyncio.sleep(0)


def played(script: Callable[[Stage], Awaitable[None]]) -> tuple[Stage, Frame]:
    """Play a shard while the script goes on; returns the stage and the shard's sum."""

    async def main() -> tuple[Stage, Frame]:
        told: list[Told] = []
        one = RemoteShard(("run", 1, "me"), Assignment(plan=PLAN, share=Share()), told.append)
        shard = one._shard
        assert isinstance(shard, FakeShard)
        stage = Stage(one, shard, told)
        playing = asyncio.create_task(one.play())
        await settled()
        await script(stage)
        return stage, await playing

    return asyncio.run(main())


@pytest.fixture(autouse=True)
def fake_shard(monkeypatch: pytest.MonkeyPatch) -> type[FakeShard]:
    class Fresh(FakeShard):
        pass

    monkeypatch.setattr(remote, "Shard", Fresh)
    return Fresh


class TestBeginning:
    def test_is_at_the_moment_that_was_ordered(self) -> None:
        async def script(stage: Stage) -> None:
            await stage.begins(seconds=5.0)
            wait = (stage.shard.began_ns - time.perf_counter_ns()) / SECOND
            assert 4.5 < wait <= 5.0
            stage.shard.end()

        stage, _ = played(script)
        assert stage.told == [ShardReady("run", 1, "me"), ShardBegan("run", 1, "me", late=0.0)]

    def test_that_was_ordered_too_late_is_told(self) -> None:
        async def script(stage: Stage) -> None:
            await stage.begins(seconds=-2.0)
            stage.shard.end()

        stage, _ = played(script)
        assert isinstance(stage.told[-1], ShardBegan)
        assert stage.told[-1].late == pytest.approx(2.0, abs=0.5)

    def test_happens_once_however_often_it_is_ordered(self) -> None:
        async def script(stage: Stage) -> None:
            await stage.begins()
            await stage.begins()
            stage.shard.end()

        assert played(script)[0].shard.did == ["go", "close"]

    def test_does_not_happen_to_a_shard_that_was_started_once_more(self) -> None:
        async def script(stage: Stage) -> None:
            await stage.orders(begin_at=time.time_ns(), token="the first one's")

        assert played(script)[0].shard.did == ["close"]


class TestOrders:
    def test_to_stop_and_to_cut_off_are_passed_on_once(self) -> None:
        async def script(stage: Stage) -> None:
            await stage.begins()
            await stage.orders("stop")
            await stage.orders("stop")
            await stage.orders("cut")

        assert played(script)[0].shard.did == ["go", "stop", "cut off", "close"]

    def test_to_end_close_it_at_once(self) -> None:
        async def script(stage: Stage) -> None:
            await stage.begins()
            await stage.orders("end")

        assert played(script)[0].shard.did == ["go", "close"]

    def test_to_end_before_it_began_send_nothing(self) -> None:
        async def script(stage: Stage) -> None:
            await stage.orders("end", token="")

        assert played(script)[0].shard.did == ["close"]


class TestLease:
    def test_that_has_run_out_ends_the_shard(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def script(stage: Stage) -> None:
            await stage.begins()
            monkeypatch.setattr(remote, "LEASE", -1.0)
            stage.remote._have_changed.set()

        stage, _ = played(script)
        assert stage.shard.did == ["go", "cut off", "close"]
        assert stage.told[-1] == ShardAlone("run", 1, "me")

    def test_that_has_run_out_before_it_began_sends_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def script(stage: Stage) -> None:
            monkeypatch.setattr(remote, "LEASE", -1.0)
            stage.remote._have_changed.set()

        assert played(script)[0].shard.did == ["close"]


class TestFrames:
    def test_are_told_and_summed_up(self) -> None:
        async def script(stage: Stage) -> None:
            await stage.begins()
            stage.shard.tell(frame(1, 0, ok=3))
            stage.shard.complaint = "no more e-mail addresses"
            stage.shard.tell(frame(1, 1, ok=4, is_last=True))
            stage.shard.end()

        stage, whole = played(script)
        frames = [told for told in stage.told if isinstance(told, ShardFrame)]
        assert [decode_frame(told.frame).measured.ok for told in frames] == [3, 4]
        assert [told.complaint for told in frames] == ["", "no more e-mail addresses"]
        assert (whole.shard, whole.number, whole.measured.ok) == (1, 1, 7)


class TestRefusal:
    @pytest.mark.parametrize(
        ("error", "is_usage"),
        [
            (ConfigError("x", got=1, must="2", fix="."), True),
            (StartError("x", got="1", must="2", fix="."), False),
            (AssignmentRefusedError("x", is_usage=False), False),
            (AssignmentRefusedError("x", is_usage=True), True),
        ],
    )
    def test_is_told_in_its_own_words(
        self, fake_shard: type[FakeShard], error: HedgerowError, is_usage: bool
    ) -> None:
        async def script(stage: Stage) -> None:
            await settled()

        fake_shard.refuses = error
        stage, _ = played(script)
        assert stage.told == [ShardRefused("run", 1, "me", text=str(error), is_usage=is_usage)]
        assert stage.shard.did == ["close"]
