import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVarTuple

import pytest
from typing_extensions import override

from hedgerow.client import AllAttemptsFailed, AttemptCancelled, Hedger, HedgeRule, hedge
from hedgerow.client.race import GRACE
from tests.client.attempts import (
    SILENT,
    Attempts,
    Does,
    answers,
    cancelled_after,
    elapsed,
    fails,
    is_good,
    timed,
)
from tests.fakes.virtual_loop import VirtualLoop, run

Ts = TypeVarTuple("Ts")

# `run` fails each of these tests if a task or an unseen exception is left over.


def burst(attempts: Attempts) -> Coroutine[Any, Any, str]:
    return hedge(attempts, delay=0.3, extra=2, deadline=1.0)


class TestLosers:
    def test_are_cancelled_when_another_attempt_has_won(self) -> None:
        attempts = Attempts(SILENT, answers(0.1), SILENT)
        run(burst(attempts))
        assert attempts.cancelled == [(0.4, 1), (0.4, 3)]

    def test_are_waited_for(self) -> None:
        attempts = Attempts(Does(5.0, clings=GRACE / 2), answers(0.1))
        assert run(timed(hedge(attempts, delay=0.3)))[1] == pytest.approx(0.4 + GRACE / 2)

    def test_may_fail_when_they_are_cancelled(self) -> None:
        stubborn = Does(5.0, error=RuntimeError("cannot be cancelled"), clings=0.01)
        assert run(hedge(Attempts(stubborn, answers(0.1)), delay=0.3)) == "answer"

    def test_that_finish_at_the_same_moment_lose_nevertheless(self) -> None:
        attempts = Attempts(SILENT, answers(0.1), fails(0.1))
        assert run(burst(attempts)) == "answer"

    def test_that_were_never_begun_are_no_trouble(self) -> None:
        attempts = Attempts(answers(0.3), answers(0.3), answers(0.3))
        assert run(burst(attempts)) == "answer"


class TestStubbornLoser:
    def test_cannot_hold_the_answer_back(self) -> None:
        async def main() -> tuple[str, float]:
            answer = await timed(hedge(Attempts(Does(5.0, clings=9.0), answers(0.1)), delay=0.3))
            await asyncio.sleep(10)  # until it has ended too
            return answer

        assert run(main())[1] == pytest.approx(0.4 + GRACE)

    def test_is_cleaned_up_after_in_the_end(self) -> None:
        attempts = Attempts(Does(5.0, "late", clings=9.0), answers(0.1))

        async def main() -> None:
            await Hedger(HedgeRule.of(0.3)).call(attempts, discard=attempts.discard)
            assert attempts.discarded == []
            await asyncio.sleep(10)

        run(main())
        assert attempts.discarded == ["late"]

    def test_cannot_hold_a_cancelled_caller_back(self) -> None:
        async def main() -> float:
            await cancelled_after(0.1, lambda: burst(Attempts(Does(5.0, clings=9.0))))
            ended = elapsed()
            await asyncio.sleep(10)
            return ended

        assert run(main()) == pytest.approx(0.1 + GRACE)


class TestCallerCancelled:
    def test_before_anything_has_started(self) -> None:
        attempts = Attempts()
        run(cancelled_after(0.0, lambda: burst(attempts)))
        assert attempts.sent == []

    def test_while_the_primary_is_out(self) -> None:
        attempts = Attempts(SILENT)
        run(cancelled_after(0.1, lambda: burst(attempts)))
        assert attempts.cancelled == [(0.1, 1)]

    def test_while_copies_are_out_too(self) -> None:
        attempts = Attempts(SILENT, fails(0.05), SILENT)
        run(cancelled_after(0.5, lambda: burst(attempts)))
        assert attempts.cancelled == [(0.5, 1), (0.5, 3)]

    @pytest.mark.parametrize("steps", range(8))
    def test_in_any_turn_of_the_loop(self, steps: int) -> None:
        """Turn by turn through the start, the race, the win, and the clearing away."""

        async def main() -> None:
            call = asyncio.ensure_future(burst(Attempts(answers(0), answers(0), answers(0))))
            for _ in range(steps):
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.wait({call})

        run(main())

    def test_while_losers_are_being_waited_for(self) -> None:
        attempts = Attempts(Does(5.0, "late", clings=0.04), answers(0.1, "won"))
        hedger = Hedger(HedgeRule.of(0.3))
        call = lambda: hedger.call(attempts, discard=attempts.discard)  # noqa: E731
        run(cancelled_after(0.42, call))
        assert sorted(attempts.discarded) == ["late", "won"]

    def test_with_a_rejected_result_at_hand(self) -> None:
        attempts = Attempts(answers(0.1, "bad"), SILENT)
        hedger = Hedger(HedgeRule.of(0.3))
        run(
            cancelled_after(
                0.2, lambda: hedger.call(attempts, accept=is_good, discard=attempts.discard)
            )
        )
        assert attempts.discarded == ["bad"]

    def test_counts_as_abandoned(self) -> None:
        hedger = Hedger(HedgeRule.of(0.3))
        run(cancelled_after(0.1, lambda: hedger.call(Attempts(SILENT))))
        assert (hedger.counters.abandoned, hedger.counters.failed) == (1, 0)

    def test_by_a_timeout_around_the_call(self) -> None:
        attempts = Attempts(SILENT, SILENT)

        async def main() -> None:
            async with asyncio.timeout(0.5):
                await hedge(attempts, delay=0.3)

        with pytest.raises(TimeoutError):
            run(main())
        assert attempts.cancelled == [(0.5, 1), (0.5, 2)]


class TestAttemptCancelledFromOutside:
    def test_is_one_that_failed(self) -> None:
        attempts = Attempts(fails(0.1, asyncio.CancelledError()), answers(0.1, "copy"))
        assert run(timed(hedge(attempts, delay=0.3))) == ("copy", 0.2)

    def test_is_told_as_such(self) -> None:
        with pytest.raises(AllAttemptsFailed) as failed:
            run(hedge(Attempts(fails(0.1, asyncio.CancelledError())), delay=0.3, extra=0))
        assert isinstance(failed.value.exceptions[0], AttemptCancelled)

    def test_may_not_even_have_begun(self) -> None:
        async def main() -> str:
            call = asyncio.ensure_future(hedge(Attempts(SILENT, answers(0.1, "copy")), delay=0.3))
            await asyncio.sleep(0)
            (primary,) = asyncio.all_tasks() - {call, asyncio.current_task()}
            primary.cancel()
            return await call

        assert run(main()) == "copy"


class TestExit:
    def test_from_inside_an_attempt_goes_to_the_caller(self) -> None:
        attempts = Attempts(SILENT, fails(0.1, SystemExit(3)))

        async def main() -> None:
            with pytest.raises(SystemExit):
                await hedge(attempts, delay=0.3)

        run(main())
        assert attempts.cancelled == [(0.4, 1)]


class CountingLoop(VirtualLoop):
    """Counts what each call costs the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks = 0
        self.timers = 0

    @override
    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        self.tasks += 1
        return super().create_task(coro, **options)

    @override
    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self.timers += 1
        return super().call_at(when, callback, *args, context=context)


class TestCost:
    def test_of_a_call_that_its_primary_answers_is_one_task_and_one_timer(self) -> None:
        loop = CountingLoop()

        async def answer() -> str:
            return "answer"

        async def main() -> None:
            await hedge(answer, delay=0.3, extra=2, deadline=1.0)

        try:
            loop.run_until_complete(main())
        finally:
            loop.close()
        assert (loop.tasks - 1, loop.timers) == (1, 1)  # run_until_complete made a task as well


class TestEagerTasks:
    """Attempts that run inside ``create_task()``, as a task factory of Python 3.12 has it."""

    pytestmark = pytest.mark.skipif(
        not hasattr(asyncio, "eager_task_factory"), reason="needs Python 3.12"
    )

    def run(self, *results: str | Exception) -> tuple[str, int]:
        made: list[int] = []

        async def attempt() -> str:
            made.append(1)
            result = results[len(made) - 1]
            if isinstance(result, Exception):
                raise result
            return result

        async def main() -> str:
            factory = getattr(asyncio, "eager_task_factory")  # noqa: B009  # mypy sees Python 3.11
            asyncio.get_running_loop().set_task_factory(factory)
            return await hedge(attempt, delay=0.3, extra=2, accept=is_good)

        return run(main()), len(made)

    def test_may_win_before_the_others_are_made(self) -> None:
        assert self.run(OSError("1"), "won") == ("won", 2)

    def test_may_win_at_once(self) -> None:
        assert self.run("won") == ("won", 1)

    def test_may_all_fail_at_once(self) -> None:
        with pytest.raises(AllAttemptsFailed):
            self.run("bad", "bad", OSError("3"))


class TestEventLoops:
    @pytest.mark.unhurried(reason="uvloop keeps real time")
    def test_may_be_uvloop(self) -> None:
        uvloop = pytest.importorskip("uvloop")
        attempts = Attempts(SILENT, answers(0.0, "copy"))

        async def main() -> str:
            answer = await hedge(attempts, delay=0.01, deadline=5.0)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            return answer

        assert uvloop.run(main()) == "copy"
