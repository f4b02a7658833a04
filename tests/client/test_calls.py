import asyncio
import contextvars
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from hedgerow.client import (
    AllAttemptsFailed,
    AttemptInfo,
    AttemptTimeout,
    DeadlineExceeded,
    Hedger,
    HedgeRule,
    LoadBudget,
    ResultRejected,
    current_attempt,
    hedge,
)
from hedgerow.errors import ConfigError
from hedgerow.policy import Kind
from tests.client.attempts import SILENT, Attempts, Does, answers, fails, is_good, timed
from tests.fakes.virtual_loop import run

CALLER: contextvars.ContextVar[str] = contextvars.ContextVar("caller")


def burst(delay: float = 0.3, extra: int = 2) -> HedgeRule:
    return HedgeRule.of(delay, extra)


async def returns_none(make_attempt: Callable[[], Awaitable[None]]) -> bool:
    result: object = await hedge(make_attempt, delay=0.3)
    return result is None


class TestHedge:
    def test_sends_no_copy_when_the_primary_answers_in_time(self) -> None:
        attempts = Attempts(answers(0.1))
        assert run(timed(hedge(attempts, delay=0.3))) == ("answer", 0.1)
        assert attempts.sent == [(0.0, 1)]

    def test_sends_one_copy_when_the_delay_has_passed(self) -> None:
        attempts = Attempts(SILENT, answers(0.1, "copy"))
        assert run(timed(hedge(attempts, delay=0.3))) == ("copy", 0.4)
        assert attempts.sent == [(0.0, 1), (0.3, 2)]

    def test_sends_all_its_copies_together_in_a_burst(self) -> None:
        attempts = Attempts(SILENT, SILENT, answers(0.1))
        run(hedge(attempts, delay=0.3, extra=2))
        assert attempts.sent == [(0.0, 1), (0.3, 2), (0.3, 3)]

    def test_sends_them_one_by_one_when_staggered(self) -> None:
        attempts = Attempts(SILENT, SILENT, answers(0.1))
        run(hedge(attempts, delay=0.3, extra=2, mode="staggered"))
        assert attempts.sent == [(0.0, 1), (0.3, 2), (0.6, 3)]

    def test_sends_a_copy_at_once_when_an_attempt_fails(self) -> None:
        attempts = Attempts(fails(0.1), answers(0.05, "copy"))
        assert run(timed(hedge(attempts, delay=0.3))) == ("copy", 0.15)

    def test_sends_copies_on_failure_only_when_the_delay_is_infinite(self) -> None:
        attempts = Attempts(fails(5.0), answers(5.0))
        run(hedge(attempts, delay=math.inf))
        assert attempts.sent == [(0.0, 1), (5.0, 2)]

    def test_sends_a_pair_at_once_when_the_delay_is_nothing(self) -> None:
        attempts = Attempts(SILENT, answers(0.1))
        run(hedge(attempts, delay=0.0))
        assert attempts.sent == [(0.0, 1), (0.0, 2)]

    def test_may_return_none(self) -> None:
        async def nothing() -> None:
            await asyncio.sleep(0.1)

        assert run(returns_none(nothing))

    def test_takes_any_awaitable(self) -> None:
        async def main() -> str:
            future = asyncio.get_running_loop().create_future()
            future.set_result("from a future")
            return await hedge(lambda: future, delay=0.3)

        assert run(main()) == "from a future"


class TestAccept:
    def test_chooses_the_first_result_that_is_good(self) -> None:
        attempts = Attempts(answers(0.1, "bad"), answers(0.2, "bad"), answers(0.3, "good"))
        call = hedge(attempts, delay=0.3, extra=2, accept=is_good)
        assert run(timed(call)) == ("good", 0.4)

    def test_sends_copies_at_once_when_it_says_no(self) -> None:
        attempts = Attempts(answers(0.1, "bad"), answers(0.2))
        run(hedge(attempts, delay=0.3, accept=is_good))
        assert attempts.sent == [(0.0, 1), (0.1, 2)]

    def test_fails_the_attempt_with_its_own_error(self) -> None:
        def broken(result: str) -> bool:
            raise KeyError(result)

        with pytest.raises(AllAttemptsFailed) as failed:
            run(hedge(Attempts(answers(0.1, "odd")), delay=0.3, extra=0, accept=broken))
        assert isinstance(failed.value.exceptions[0], KeyError)


class TestAllAttemptsFailed:
    def failed(self) -> AllAttemptsFailed:
        attempts = Attempts(fails(0.4, OSError("a")), fails(0.2, ValueError("b")), answers(0.3))
        with pytest.raises(AllAttemptsFailed) as failed:
            run(hedge(attempts, delay=0.3, extra=2, accept=lambda result: False))
        return failed.value

    def test_has_the_error_of_each_attempt_in_the_order_they_were_sent(self) -> None:
        kinds = [type(error) for error in self.failed().exceptions]
        assert kinds == [OSError, ValueError, ResultRejected]

    def test_has_the_result_that_was_rejected(self) -> None:
        rejected = self.failed().exceptions[2]
        assert isinstance(rejected, ResultRejected)
        assert (rejected.number, rejected.result) == (3, "answer")

    def test_says_how_many_attempts_there_were(self) -> None:
        assert "no attempt of 3 succeeded" in str(self.failed())

    def test_can_be_caught_by_what_went_wrong(self) -> None:
        caught: list[str] = []
        try:
            raise self.failed()
        except* OSError as group:
            caught += [str(error) for error in group.exceptions]
        except* (ValueError, ResultRejected):
            pass
        assert caught == ["a"]

    def test_comes_when_the_last_attempt_has_failed(self) -> None:
        async def main() -> float:
            with pytest.raises(AllAttemptsFailed):
                await hedge(Attempts(fails(0.1), fails(0.7)), delay=0.3)
            return asyncio.get_running_loop().time() - 1_000_000.0

        assert run(main()) == pytest.approx(0.8)


class TestDeadline:
    def test_ends_a_call_that_has_no_result(self) -> None:
        with pytest.raises(DeadlineExceeded, match=r"within 1s: 3 attempts sent, 0 failed"):
            run(hedge(Attempts(SILENT, SILENT, SILENT), delay=0.3, extra=2, deadline=1.0))

    def test_is_a_timeout_error(self) -> None:
        with pytest.raises(TimeoutError):
            run(hedge(Attempts(SILENT), delay=0.3, extra=0, deadline=1.0))

    def test_tells_what_had_failed_until_then(self) -> None:
        with pytest.raises(DeadlineExceeded) as exceeded:
            run(hedge(Attempts(fails(0.1), SILENT), delay=0.3, deadline=1.0))
        assert [str(error) for error in exceeded.value.errors] == ["after 0.1s"]
        assert (exceeded.value.seconds, exceeded.value.attempts) == (1.0, 2)

    def test_is_kept_to_the_moment(self) -> None:
        attempts = Attempts(SILENT, SILENT)
        with pytest.raises(DeadlineExceeded):
            run(hedge(attempts, delay=0.3, deadline=1.0))
        assert attempts.cancelled == [(1.0, 1), (1.0, 2)]

    def test_that_has_passed_already_sends_nothing(self) -> None:
        attempts = Attempts()
        with pytest.raises(DeadlineExceeded):
            run(hedge(attempts, delay=0.3, deadline=-0.2))
        assert attempts.sent == []

    def test_lets_no_copy_out_that_would_start_with_it(self) -> None:
        attempts = Attempts(SILENT)
        with pytest.raises(DeadlineExceeded):
            run(hedge(attempts, delay=0.3, deadline=0.3))
        assert attempts.sent == [(0.0, 1)]


class TestHedger:
    def test_shares_one_load_budget_over_its_calls(self) -> None:
        hedger = Hedger(burst(extra=1), budget=LoadBudget(share=0.5))

        async def main() -> list[int]:
            calls = [Attempts(answers(0.4), answers(0.3)) for _ in range(4)]
            await asyncio.gather(*(hedger.call(attempts) for attempts in calls))
            return [len(attempts.sent) for attempts in calls]

        assert sorted(run(main())) == [1, 1, 2, 2]
        assert (hedger.counters.hedges, hedger.counters.denied) == (2, 2)

    def test_counts_what_became_of_its_calls(self) -> None:
        hedger = Hedger(burst(extra=1), deadline=1.0)

        async def main() -> None:
            await hedger.call(Attempts(SILENT, answers(0.1)))
            await asyncio.gather(hedger.call(Attempts(SILENT, SILENT)), return_exceptions=True)

        run(main())
        counted = hedger.counters
        assert (counted.requests, counted.answered, counted.failed, counted.expired) == (2, 1, 1, 1)
        assert (counted.attempts, counted.hedges, counted.hedges_won) == (4, 2, 1)

    def test_lets_a_call_bring_its_own_deadline(self) -> None:
        hedger = Hedger(burst(extra=0), deadline=1.0)
        assert run(timed(hedger.call(Attempts(answers(5.0)), deadline=6.0))) == ("answer", 5.0)

    def test_returns_the_earliest_rejected_result_where_it_is_told_to(self) -> None:
        hedger = Hedger(burst(extra=1), otherwise="return")
        attempts = Attempts(answers(0.4, "first sent"), answers(0.05, "first here"))
        call = hedger.call(attempts, accept=lambda result: False)
        assert run(timed(call)) == ("first sent", 0.4)

    def test_returns_a_rejected_result_rather_than_miss_the_deadline(self) -> None:
        hedger = Hedger(burst(extra=1), otherwise="return", deadline=1.0)
        call = hedger.call(Attempts(answers(0.1, "bad"), SILENT), accept=is_good)
        assert run(timed(call)) == ("bad", 1.0)

    def test_raises_a_final_error_at_once_and_as_it_is(self) -> None:
        hedger = Hedger(burst(), final=(LookupError,))
        attempts = Attempts(fails(0.1, KeyError("no such thing")))
        with pytest.raises(KeyError, match="no such thing"):
            run(hedger.call(attempts))
        assert attempts.sent == [(0.0, 1)]

    def test_takes_a_rule_that_was_made_for_bytes(self) -> None:
        rule = replace(burst(), at="first-byte")
        assert run(Hedger(rule).call(Attempts(answers(0.1)))) == "answer"

    def test_gives_each_attempt_its_own_time(self) -> None:
        hedger = Hedger(HedgeRule.of(math.inf, 1), per_try=0.2)
        attempts = Attempts(SILENT, answers(0.1, "copy"))
        assert run(timed(hedger.call(attempts))) == ("copy", 0.3)
        assert attempts.cancelled == [(0.2, 1)]

    def test_says_which_attempts_took_longer_than_their_own_time(self) -> None:
        hedger = Hedger(HedgeRule.of(math.inf, 1), per_try=0.2)
        with pytest.raises(AllAttemptsFailed) as failed:
            run(hedger.call(Attempts(SILENT, fails(0.1))))
        late, broken = failed.value.exceptions
        assert isinstance(late, AttemptTimeout)
        assert "attempt 1 took longer than its own 200ms" in str(late)
        assert isinstance(broken, ConnectionResetError)


class TestDiscard:
    def test_frees_a_result_that_was_not_accepted(self) -> None:
        attempts = Attempts(answers(0.1, "bad"), answers(0.1, "good"))
        hedger = Hedger(burst(extra=1))
        run(hedger.call(attempts, accept=is_good, discard=attempts.discard))
        assert attempts.discarded == ["bad"]

    def test_frees_a_result_that_came_in_spite_of_a_cancellation(self) -> None:
        attempts = Attempts(Does(5.0, "late", clings=0.01), answers(0.1, "good"))
        run(Hedger(burst(extra=1)).call(attempts, discard=attempts.discard))
        assert attempts.discarded == ["late"]

    def test_leaves_the_result_that_is_returned_alone(self) -> None:
        attempts = Attempts(answers(0.1))
        run(Hedger(burst()).call(attempts, discard=attempts.discard))
        assert attempts.discarded == []

    def test_leaves_a_rejected_result_that_is_returned_alone(self) -> None:
        attempts = Attempts(answers(0.1, "bad one"), answers(0.1, "bad two"))
        hedger = Hedger(burst(extra=1), otherwise="return")
        rejected = hedger.call(attempts, accept=lambda _: False, discard=attempts.discard)
        assert run(rejected) == "bad one"
        assert attempts.discarded == ["bad two"]

    def test_is_not_broken_off_when_the_race_is_won_meanwhile(self) -> None:
        discarded: list[str] = []

        async def slowly(result: str) -> None:
            await asyncio.sleep(0.02)
            discarded.append(result)

        def choosy(result: str) -> bool:
            if result == "odd":
                raise ValueError(result)
            return True

        attempts = Attempts(answers(0.1, "odd"), answers(0.01))
        run(Hedger(burst(extra=1)).call(attempts, accept=choosy, discard=slowly))
        assert discarded == ["odd"]

    def test_reports_its_own_trouble_and_goes_on(self) -> None:
        async def broken(result: str) -> None:
            raise RuntimeError("cannot close")

        attempts = Attempts(answers(0.1, "bad"), answers(0.1))
        with pytest.raises(AssertionError, match="discarding the answer of attempt 1"):
            run(Hedger(burst(extra=1)).call(attempts, accept=is_good, discard=broken))


class TestCurrentAttempt:
    def test_is_none_outside_of_any(self) -> None:
        assert current_attempt() is None

    def test_tells_number_kind_and_time_left(self) -> None:
        seen: list[AttemptInfo | None] = []

        async def attempt() -> None:
            seen.append(current_attempt())
            await asyncio.sleep(0.6)

        run(hedge(attempt, delay=0.25, deadline=1.0))
        assert seen == [AttemptInfo(1, Kind.PRIMARY, 1.0), AttemptInfo(2, Kind.HEDGE, 0.75)]

    def test_is_none_again_for_the_caller(self) -> None:
        async def main() -> AttemptInfo | None:
            await hedge(Attempts(answers(0.1)), delay=0.3)
            return current_attempt()

        assert run(main()) is None

    def test_is_the_innermost_one_in_a_call_within_a_call(self) -> None:
        inner = Attempts(fails(0.1), answers(0.1, "inner copy"))

        async def outer() -> str:
            return await hedge(inner, delay=0.3)

        assert run(hedge(outer, delay=1.0)) == "inner copy"


class TestContext:
    def test_of_the_caller_is_seen_in_every_attempt(self) -> None:
        seen: list[str] = []

        async def attempt() -> None:
            seen.append(CALLER.get())
            await asyncio.sleep(0.5)

        async def main() -> None:
            CALLER.set("me")
            await hedge(attempt, delay=0.1, extra=2, mode="staggered")

        run(main())
        assert seen == ["me", "me", "me"]

    def test_of_an_attempt_is_its_own(self) -> None:
        seen: list[str] = []

        async def attempt() -> None:
            seen.append(CALLER.get("nobody"))
            CALLER.set("an attempt")
            await asyncio.sleep(0.5)

        run(hedge(attempt, delay=0.1, extra=2))
        assert seen == ["nobody", "nobody", "nobody"]


class TestSettings:
    @pytest.mark.parametrize("delay", [-0.1, math.nan])
    def test_must_have_a_delay_that_can_pass(self, delay: float) -> None:
        with pytest.raises(ConfigError, match=r"delay = .*: must be at least 0 seconds"):
            Hedger(HedgeRule.of(delay))

    def test_must_not_count_copies_below_nothing(self) -> None:
        with pytest.raises(ConfigError, match=r"extra = -1: must be at least 0"):
            run(hedge(Attempts(), delay=0.1, extra=-1))

    @pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan])
    def test_must_leave_a_call_some_time(self, seconds: float) -> None:
        with pytest.raises(ConfigError, match=r"deadline = .*: must be more than 0 seconds"):
            Hedger(burst(), deadline=seconds)
        with pytest.raises(ConfigError, match=r"per_try = .*: must be more than 0 seconds"):
            Hedger(burst(), per_try=seconds)
