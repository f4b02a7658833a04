"""The demo's run: the same arrivals, on both sides, at the same time.

Starts a driver of the load engine a side, looks at them a few times a second until both
are over or somebody has had enough, and asks the upstream what it has seen.  Must not know
how figures are shown, nor who started the servers.

Why not one side after the other: whatever the machine does meanwhile happens to both.
Why not in processes of their own, as ``hedgerow load`` does: at a demo's rates one loop
sends both on time, and two more processes would take the servers' cores from them.
"""

import asyncio
import http.client
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from hedgerow.cli.demo_counts import Counts, Results
from hedgerow.cli.demo_plan import DemoPlan
from hedgerow.errors import StartError
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.open import OpenDriver
from hedgerow.load.generator.recorder import Recorder
from hedgerow.load.generator.request_maker import RequestMaker
from hedgerow.load.plan import Connecting, LoadPlan, Open, RequestPlan, Share
from hedgerow.workload.template import Draw

#: Drawing takes some milliseconds, in which nothing is sent: twice a second is enough.
_TICK: Final = 0.5
#: The first requests must not be late because the loop is still starting.
_LEAD_NS: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How one side stands."""

    results: Results
    overdue: int  # requests without an answer that can only come late

    @property
    def share_in_time(self) -> float:
        """In time, of all whose fate is known: waiting for the late ones would flatter us."""
        known = self.results.ended + self.overdue
        return self.results.in_time / known if known else 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """How a run stands."""

    elapsed: float  # seconds since the first request could be due
    is_sending: bool
    direct: Standing
    hedged: Standing


class Lane:
    """One side: its users and their connections."""

    def __init__(self, plan: DemoPlan, loop: asyncio.AbstractEventLoop, url: str) -> None:
        work = RequestPlan(url=f"{url}/api/work?n={{seq}}", label="work", is_template=True)
        model = Open(start_rate=plan.rate, spacing="poisson")
        load = LoadPlan(
            work=work,
            model=model,
            connecting=Connecting(connect_timeout=plan.patience),
            duration=plan.seconds,
            timeout=plan.patience,
            seed=plan.seed,
            keeps_samples=True,
        )
        self._deadline_ns = round(plan.deadline * 1e9)
        self._counts = Counts(plan.deadline)
        self._recorder = Recorder(is_warm_up=False)
        self._field = Field(loop, load, Share(), self._recorder)
        maker = RequestMaker(work, Draw(0, 1, random.Random(plan.seed)))
        arrivals = enumerate(plan.due_times())
        self._driver = OpenDriver(self._field, model, work.label, maker, arrivals)
        self._next_sweep: asyncio.TimerHandle | None = None

    @property
    def is_over(self) -> bool:
        """True when nothing is left to send or to wait for."""
        return self._driver.is_over

    def play(self, began_ns: int) -> None:
        """Let the users come; the plan's 0 is ``began_ns``, of perf_counter_ns."""
        self._driver.start(began_ns)
        self._sweep()

    def stop_sending(self) -> None:
        """Let nobody come any more, but wait for what is under way."""
        self._driver.stop()

    def results(self) -> Results:
        """Return what came of them so far."""
        recorder = self._recorder
        samples, recorder.samples = recorder.samples, []
        self._counts.add(samples)
        return self._counts.results()

    def standing(self, now_ns: int) -> Standing:
        """Return how it stands."""
        return Standing(self.results(), self._driver.overdue(now_ns - self._deadline_ns))

    def close(self) -> None:
        """Wait for nobody any more, and close the connections."""
        if self._next_sweep is not None:
            self._next_sweep.cancel()
        self._driver.cut_off()
        self._field.dialler.close()
        self._driver.close()

    def _sweep(self) -> None:
        """Time out what has waited too long, and look again soon."""
        self._driver.sweep(time.perf_counter_ns())
        self._next_sweep = self._field.loop.call_later(self._field.sweep_interval, self._sweep)


async def play(
    plan: DemoPlan,
    lanes: tuple[Lane, Lane],
    stopped: asyncio.Task[int],
    watch: Callable[[Moment], None],
) -> bool:
    """Play the plan on both lanes, direct and hedged; return whether it came to its end.

    When ``stopped`` is done nobody comes any more, and those who are there get their
    deadline: without it the quick answers of the last second would count and the slow
    ones would not.
    """
    began_ns = time.perf_counter_ns() + _LEAD_NS
    for lane in lanes:
        lane.play(began_ns)

    def is_over() -> bool:
        now = time.perf_counter_ns()
        elapsed = (now - began_ns) / 1e9
        is_sending = elapsed < plan.seconds and not stopped.done()
        direct, hedged = (lane.standing(now) for lane in lanes)
        watch(Moment(elapsed, is_sending, direct, hedged))
        return all(lane.is_over for lane in lanes)

    while not is_over() and not stopped.done():
        await asyncio.wait({stopped}, timeout=_TICK)
    if not stopped.done():
        return True
    for lane in lanes:
        lane.stop_sending()
    until = time.monotonic() + plan.deadline
    while not is_over():
        left = until - time.monotonic()
        if left <= 0:
            break
        await asyncio.sleep(min(_TICK, left))
    return False


def upstream_counts(url: str) -> tuple[int, int]:
    """Ask the upstream how many requests it received, and how many were cancelled."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/__stats")
        statistics = msgspec.json.decode(connection.getresponse().read(), type=dict[str, object])
    except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
        raise StartError(
            "hedgerow flaky", got="no statistics", must="answering until the end", fix=f"({error})"
        ) from error
    finally:
        connection.close()
    return int(str(statistics["received"])), int(str(statistics["cancelled"]))
