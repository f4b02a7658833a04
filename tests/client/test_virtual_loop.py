"""The fake loop that the tests of this room stand on keeps what it promises."""

import asyncio
import gc

import pytest

from tests.fakes.virtual_loop import START, run


async def clock() -> float:
    return asyncio.get_running_loop().time()


async def fail() -> None:
    raise ValueError("nobody asks me")


class TestVirtualLoop:
    def test_starts_where_a_forgotten_subtraction_shows(self) -> None:
        assert run(clock()) == START == 1_000_000.0

    def test_passes_an_hour_at_once(self) -> None:
        async def main() -> float:
            await asyncio.sleep(3600)
            return await clock()

        assert run(main()) == pytest.approx(START + 3600, abs=1e-6)

    def test_lets_timers_fire_in_their_order(self) -> None:
        fired: list[str] = []

        async def main() -> None:
            loop = asyncio.get_running_loop()
            loop.call_later(0.2, fired.append, "second")
            loop.call_later(0.1, fired.append, "first")
            await asyncio.sleep(1)

        run(main())
        assert fired == ["first", "second"]

    def test_says_so_when_a_test_waits_for_what_never_comes(self) -> None:
        async def main() -> None:
            await asyncio.get_running_loop().create_future()

        with pytest.raises(RuntimeError, match="nothing will bring about"):
            run(main())

    def test_fails_a_test_that_leaves_a_task_running(self) -> None:
        tasks: list[asyncio.Task[None]] = []

        async def main() -> None:
            tasks.append(asyncio.create_task(asyncio.sleep(1)))

        with pytest.raises(AssertionError, match="left running"):
            run(main())
        tasks[0].get_coro().close()  # else Python complains of it much later

    def test_fails_a_test_that_leaves_an_exception_unseen(self) -> None:
        async def main() -> None:
            failing = asyncio.create_task(fail())
            await asyncio.wait({failing})
            del failing
            gc.collect()

        with pytest.raises(AssertionError, match="never retrieved"):
            run(main())
