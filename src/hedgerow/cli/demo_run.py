"""The demo's run: the same arrivals, on both sides, at the same time.

Starts a player a side on one clock, looks at them a few times a second until both are
over or somebody has had enough, and asks the upstream what it has seen.  Must not know
how figures are shown, nor who started the servers.

Why not one side after the other: whatever the machine does meanwhile happens to both.
"""

import asyncio
import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from hedgerow.cli.demo_plan import DemoPlan
from hedgerow.errors import StartError
from hedgerow.load import Player, Recorder, Results, Target
from hedgerow.wire import Engine, Pool, PoolLimits

#: Drawing takes some milliseconds, in which nothing is sent: twice a second is enough.
_TICK: Final = 0.5
#: The first requests must not be late because the loop is still starting.
_LEAD: Final = 0.1
#: Users do not queue for each other's connections: only descriptors limit them.
_LIMITS: Final = PoolLimits(max_connections=1 << 16, max_waiting=1 << 16)


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

    def __init__(self, plan: DemoPlan, engine: Engine, url: str) -> None:
        self._target = Target.of(f"{url}/api/work?n={{seq}}")
        self._pool = Pool(self._target.origin, _LIMITS, engine.sweeper, engine.descriptors)
        self._plan = plan
        self._recorder = Recorder(plan.deadline)
        self.player = Player(
            time.monotonic, engine.wheel, self._pool, self._recorder, patience=plan.patience
        )

    def play(self, started_at: float) -> None:
        """Let the users come."""
        self.player.play(self._target, self._plan.due_times(), started_at)

    def results(self) -> Results:
        """Return what came of them so far."""
        return self._recorder.results()

    def standing(self, now: float) -> Standing:
        """Return how it stands."""
        return Standing(self.results(), self.player.overdue(now, self._plan.deadline))

    def close(self) -> None:
        """Wait for nobody any more, and close the connections."""
        self.player.cut_off()
        self._pool.close()


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
    started_at = time.monotonic() + _LEAD
    for lane in lanes:
        lane.play(started_at)

    def is_over() -> bool:
        now = time.monotonic()
        is_sending = now < started_at + plan.seconds and not stopped.done()
        direct, hedged = (lane.standing(now) for lane in lanes)
        watch(Moment(now - started_at, is_sending, direct, hedged))
        return all(lane.player.is_over for lane in lanes)

    while not is_over() and not stopped.done():
        await asyncio.wait({stopped}, timeout=_TICK)
    if not stopped.done():
        return True
    for lane in lanes:
        lane.player.stop_sending()
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
