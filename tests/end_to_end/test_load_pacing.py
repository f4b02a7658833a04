"""Pacing on real loops and real clocks: no request goes out before it is due."""

import asyncio
import time
from collections.abc import Callable

import pytest

from hedgerow.load.generator.pacer import KernelTimer, Pacer
from hedgerow.load.generator.timerfd import new_timer
from tests.end_to_end.live import NewLoop, on_both_loops

MS = 1_000_000
COUNT = 200


def paced(
    new_loop: NewLoop, timers: Callable[[], KernelTimer | None]
) -> list[tuple[int, int, int]]:
    """Number, due time and actual time of 200 requests at 1000 a second."""
    loop = new_loop()
    first = time.perf_counter_ns() + 5 * MS
    sent: list[tuple[int, int, int]] = []

    def send(number: int, due_ns: int) -> None:
        sent.append((number, due_ns, time.perf_counter_ns()))
        if number == COUNT - 1:
            loop.stop()

    due = ((number, first + number * MS) for number in range(COUNT))
    pacer = Pacer(loop, due, send, timers=timers)
    loop.call_soon(pacer.start)
    loop.run_forever()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert pacer.is_over
    return sent


@on_both_loops
@pytest.mark.parametrize("timers", [new_timer, lambda: None], ids=["kernel timer", "loop timer"])
class TestThousandRequestsASecond:
    def test_are_sent_in_order_and_none_of_them_early(
        self, new_loop: NewLoop, timers: Callable[[], KernelTimer | None]
    ) -> None:
        sent = paced(new_loop, timers)
        assert [number for number, _, _ in sent] == list(range(COUNT))
        assert [late for _, due, actual in sent if (late := actual - due) < 0] == []
        assert max(actual - due for _, due, actual in sent) < 1000 * MS  # it did pace
