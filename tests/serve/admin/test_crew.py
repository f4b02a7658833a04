"""Workers as one gateway."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from hedgerow.serve.admin.crew import CrewSource
from hedgerow.serve.admin.families import Family
from hedgerow.serve.admin.report import Report, fitted
from tests.serve.admin.parts import as_dict, counted

NOW = 1000.0
WALL = datetime.datetime(2026, 1, 31, 12, 0, 0, tzinfo=datetime.UTC)


@dataclass
class Reading:
    """One event loop, as it stands on a board."""

    pid: int = 41
    slot: int = 0
    generation: int = 0
    is_ready: bool = True
    is_draining: bool = False
    clients: int = 3
    accepted: int = 10
    requests: int = 100
    rate: float = 25.0
    utilisation: float = 0.5
    lag: float = 0.002
    started: float = NOW - 60
    heartbeat: float = NOW - 0.2
    report: bytes = b""


@dataclass
class Board:
    """What workers have written, without the memory."""

    found: Sequence[Reading] = ()
    is_ready: bool = True
    crashes: int = 0
    supervisor_seen: float = NOW - 0.5

    def readings(self) -> Sequence[Reading]:
        return self.found


GONE = Reading(pid=0, requests=7, accepted=2, heartbeat=0.0)


def source(*readings: Reading, **changes: Any) -> CrewSource:
    board = Board(readings, **changes)
    return CrewSource(board, {"supervisor": 1}, lambda: WALL, lambda: NOW)


def report(**parts: Any) -> bytes:
    return fitted(Report(**parts), 1 << 20)


def values(families: Sequence[Family], name: str) -> dict[str, float]:
    """What one metric says, by its only label."""
    (family,) = (one for one in families if one.name == f"hedgerow_{name}")
    found = {",".join(series.labels): series.value for series in family.series}
    assert len(found) == len(family.series)  # Prometheus takes no label twice
    return found


def story(seconds_ago: float, ms: float) -> dict[str, Any]:
    began = WALL - datetime.timedelta(seconds=seconds_ago)
    return {"at": began.isoformat().replace("+00:00", "Z"), "ms": ms, "attempts": []}


class TestCounters:
    def test_are_of_all_alive_and_gone(self) -> None:
        first, second, gone = [("/a", 1, 200)], [("/a", 2, 200), ("/b", 3, 404)], [("/a", 4, 500)]
        made = source(
            Reading(pid=0, report=report(families=counted(gone)[:2])),
            Reading(pid=41, report=report(families=counted(first))),
            Reading(pid=42, slot=1, report=report(families=counted(second))),
        )
        whole = as_dict(counted([*first, *second, *gone]))
        told = as_dict(made.families())
        del whole[("hedgerow_in_flight",)]
        assert told.items() >= whole.items()
        assert told[("hedgerow_in_flight",)] == (3.0, ())


class TestWorkers:
    @pytest.mark.parametrize(
        ("reading", "state"),
        [
            (Reading(), "ready"),
            (Reading(is_ready=False, started=NOW - 1, heartbeat=0.0), "starting"),
            (Reading(is_ready=False, is_draining=True), "draining"),
            (Reading(heartbeat=NOW - 5), "silent"),
        ],
    )
    def test_are_counted_by_their_state(self, reading: Reading, state: str) -> None:
        told = values(source(GONE, reading).families(), "workers")
        assert told == dict.fromkeys(("starting", "ready", "draining", "silent"), 0.0) | {state: 1}

    def test_that_crashed_are_counted(self) -> None:
        assert values(source(crashes=3).families(), "worker_crashes") == {"": 3.0}

    def test_say_each_how_busy_they_are(self) -> None:
        readings = [Reading(), Reading(pid=42, slot=1, utilisation=0.25, lag=0.01, requests=9)]
        families = source(GONE, *readings).families()
        assert values(families, "worker_utilisation") == {"1": 0.5, "2": 0.25}
        assert values(families, "worker_loop_lag_seconds") == {"1": 0.002, "2": 0.01}
        assert values(families, "worker_requests") == {"1": 100, "2": 9}

    def test_of_several_loops_are_one(self) -> None:
        loops = [Reading(), Reading(utilisation=0.25, lag=0.5, requests=1, is_ready=False)]
        (told,) = source(GONE, *loops).overview()["workers"]
        assert (told["loops"], told["requests"], told["clients"]) == (2, 101, 6)
        assert (told["utilisation"], told["loop_lag_ms"], told["requests_per_s"]) == (0.75, 500, 50)
        assert told["state"] == "starting"

    def test_in_the_place_of_others_are_the_ones_that_count(self) -> None:
        old = Reading(pid=41, is_ready=False, is_draining=True, requests=900)
        new = Reading(pid=51, started=NOW - 2, requests=5)
        made = source(GONE, new, old)
        assert [one["pid"] for one in made.overview()["workers"]] == [41, 51]
        assert values(made.families(), "worker_requests") == {"1": 5.0}
        assert made.pids() == {"1": 51, "supervisor": 1}

    def test_have_together_the_clients_that_each_has_now(self) -> None:
        old = report(overview={"clients": 99})
        readings = [Reading(clients=4, report=old), Reading(pid=42, slot=1, clients=3, report=old)]
        assert source(GONE, *readings).overview()["clients"] == 7

    def test_say_since_when_they_are(self) -> None:
        (told,) = source(Reading(started=NOW - 60)).overview()["workers"]
        assert told["since"] == "2026-01-31T11:59:00Z"


class TestHealth:
    def test_is_there_while_somebody_looks_after_workers(self) -> None:
        assert source().is_alive
        assert not source(supervisor_seen=NOW - 31).is_alive

    def test_is_ready_as_the_board_is(self) -> None:
        for is_ready in (True, False):
            made = source(Reading(), is_ready=is_ready)
            assert made.is_ready is is_ready
            assert made.overview()["ready"] is is_ready


class TestStories:
    def test_are_those_of_all_and_say_whose(self) -> None:
        made = source(
            Reading(pid=0, report=report(last=[story(9, 1.0)], slowest=[story(9, 500.0)])),
            Reading(pid=41, report=report(last=[story(3, 1.0)], slowest=[story(3, 100.0)])),
            Reading(pid=42, slot=1, report=report(last=[story(5, 1.0)], slowest=[story(5, 700.0)])),
        )
        told = made.stories()
        assert [one["worker"] for one in told["last"]] == [1, 2, None]
        assert [one["ms"] for one in told["slowest"]] == [700.0, 500.0, 100.0]
        assert made.slowest(2) == told["slowest"][:2]

    def test_are_in_the_order_in_which_they_ended(self) -> None:
        last = [story(10, 9_500.0), story(2, 1.0)]
        told = source(Reading(report=report(last=last))).stories()["last"]
        assert [one["ms"] for one in told] == [9_500.0, 1.0]

    def test_of_long_ago_are_not_among_the_slowest(self) -> None:
        slowest = [story(2000, 900.0), story(100, 1.0)]
        told = source(Reading(pid=0, report=report(slowest=slowest))).stories()["slowest"]
        assert [one["ms"] for one in told] == [1.0]

    def test_that_are_left_out_are_counted(self) -> None:
        readings = [Reading(report=report(left_out=2)), Reading(pid=42, report=report(left_out=3))]
        assert source(*readings).stories()["left_out"] == 5


class TestReportThatIsCut:
    def test_is_told(self) -> None:
        made = source(Reading(report=report(is_cut=True)), Reading(pid=42, report=report()))
        assert values(made.families(), "reports_cut") == {"": 1.0}
        assert made.overview()["cut"]


class TestLoops:
    def test_are_told_one_by_one_with_those_gone(self) -> None:
        gone, alive = source(GONE, Reading()).loops()
        assert gone == {"gone": True, "accepted": 2, "requests": 7}
        assert (alive["worker"], alive["pid"], alive["ready"]) == (1, 41, True)
