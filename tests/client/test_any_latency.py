"""Whatever attempts do and whenever: the result is the first good one by the rule."""

import asyncio
import math
from typing import Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.client import AllAttemptsFailed, DeadlineExceeded, hedge
from tests.client.attempts import Attempts, Does, elapsed, is_good
from tests.fakes.virtual_loop import run

Mode = Literal["burst", "staggered"]
DELAY, DEADLINE = 0.3, 1.0


class End(NamedTuple):
    """What a call came to, and when."""

    result: str
    at: float


class Script(NamedTuple):
    """What each attempt does, should it be sent."""

    mode: Mode
    attempts: tuple[Does, ...]


# No two sums of these latencies are alike, so that nothing falls on the same moment.
@st.composite
def scripts(draw: st.DrawFn) -> Script:
    mode: Mode = draw(st.sampled_from(["burst", "staggered"]))
    attempts = []
    for number in range(draw(st.integers(1, 4))):
        seconds = draw(st.integers(0, 110)) / 100 + 0.0001 * 2**number
        error = draw(st.sampled_from([None, ValueError("no"), None]))
        attempts.append(Does(seconds, draw(st.sampled_from(["bad", "good"])), error))
    return Script(mode, tuple(attempts))


def succeeds(does: Does) -> bool:
    return does.error is None and is_good(does.result)


def sending_times(script: Script) -> list[float]:
    """When each attempt would go out, if nothing good came before."""
    sent, failures_seen = [0.0], set[int]()
    while len(sent) < len(script.attempts):
        failures = [
            (at + does.seconds, number)
            for number, (does, at) in enumerate(zip(script.attempts, sent, strict=False))
            if not succeeds(does) and number not in failures_seen
        ]
        failed_at, number = min(failures, default=(math.inf, -1))
        hedge_at = sent[-1] + DELAY
        if failed_at < hedge_at:
            failures_seen.add(number)
        copies = len(script.attempts) - 1 if script.mode == "burst" else 1
        sent += [min(failed_at, hedge_at)] * copies
    return sent


def expected(script: Script) -> End:
    """Work the rule out the slow way: the earliest good end in time wins."""
    pairs = zip(script.attempts, sending_times(script), strict=True)
    ends = [(at + does.seconds, does) for does, at in pairs]
    good = [(at, does.result) for at, does in ends if succeeds(does) and at < DEADLINE]
    if good:
        at, result = min(good)
        return End(result, round(at, 6))
    last = max(at for at, _ in ends)
    if last < DEADLINE:
        return End("failed", round(last, 6))
    return End("expired", DEADLINE)


async def outcome(script: Script, attempts: Attempts) -> End:
    try:
        result = await hedge(
            attempts,
            delay=DELAY,
            extra=len(script.attempts) - 1,
            deadline=DEADLINE,
            mode=script.mode,
            accept=is_good,
        )
    except AllAttemptsFailed:
        return End("failed", elapsed())
    except DeadlineExceeded:
        return End("expired", elapsed())
    return End(result, elapsed())


@pytest.mark.unhurried(reason="plays many scripts")
class TestHedge:
    @given(scripts())
    def test_ends_as_the_rule_says(self, script: Script) -> None:
        assert run(outcome(script, Attempts(*script.attempts))) == expected(script)

    @given(scripts())
    def test_sends_each_attempt_when_the_rule_says(self, script: Script) -> None:
        attempts = Attempts(*script.attempts)
        end = run(outcome(script, attempts))
        times = [(round(at, 6), n) for n, at in enumerate(sending_times(script), 1)]
        assert attempts.sent == [(at, n) for at, n in times if at < end.at]

    @given(scripts(), st.integers(0, 120))
    def test_ends_with_its_caller_and_leaves_nothing(self, script: Script, at: int) -> None:
        async def main() -> None:
            call = asyncio.ensure_future(outcome(script, Attempts(*script.attempts)))
            await asyncio.sleep(at / 100)
            call.cancel()
            await asyncio.wait({call})

        run(main())
