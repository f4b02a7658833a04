"""What several gateways know as one."""

from typing import Any

import pytest

from hedgerow.serve.admin.overview import left_behind, overview_together
from hedgerow.serve.admin.page import page

COUNTS = (
    "requests", "answered", "failed", "expired", "abandoned", "hedges", "hedges_won", "retries",
    "denied",
)  # fmt: skip


def route(count: int, name: str = "/a", **delays: float | None) -> dict[str, Any]:
    return {"name": name, **dict.fromkeys(COUNTS, count), "wasted_s": 0.1, "delay_ms": delays}


def replica(name: str = "r1", **changes: Any) -> dict[str, Any]:
    usual = {
        "name": name,
        "state": "admitting",
        "states": {"admitting": 1},
        "up": True,
        "in_flight": 2,
        "weight": 1.0,
        "failures_in_row": 0,
        "ejections": 0,
        "last_check": None,
    }
    return usual | changes


def ejected() -> dict[str, Any]:
    return replica(state="ejected", states={"ejected": 1}, failures_in_row=5, weight=0.5)


def door(limit: int | None = 10, **changes: Any) -> dict[str, Any]:
    usual = {
        "limit": limit,
        "in_flight": 3,
        "waiting": 1,
        "backed_up": False,
        "service_time_ms": 2.0,
        "entered": 100,
        "entered_after_wait": 5,
        "refused": {"queue_full": 2},
    }
    return usual | changes


def upstream(*replicas: dict[str, Any], of: Any = None) -> dict[str, Any]:
    return {
        "name": "app",
        "replicas": list(replicas),
        "draining": 0,
        "panic": False,
        "ejections": 4,
        "readmissions": 3,
        "cancel_efficacy": 0.5,
        "budget_factor": 1.0,
        "door": of,
    }


def gateway(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "ready": True,
        "clients": 5,
        "loop_lag_ms": 1.0,
        "shedding_stage": 0,
        "turned_away": {},
        "routes": [],
        "own": [],
        "upstreams": [],
    }
    return usual | changes


def only_upstream(*parts: dict[str, Any]) -> Any:
    return overview_together([gateway(upstreams=[part]) for part in parts])["upstreams"][0]


class TestTogether:
    def test_adds_what_is_counted(self) -> None:
        told = overview_together(
            [
                gateway(routes=[route(3), route(1, "/b")], turned_away={"rate_limited": 1}),
                gateway(routes=[route(4)], turned_away={"rate_limited": 2, "expired": 1}),
            ]
        )
        assert [(one["name"], one["requests"]) for one in told["routes"]] == [("/a", 7), ("/b", 1)]
        assert told["routes"][0]["wasted_s"] == 0.2
        assert told["turned_away"] == {"rate_limited": 3, "expired": 1}
        assert told["clients"] == 10

    def test_is_as_late_as_the_latest(self) -> None:
        told = overview_together([gateway(loop_lag_ms=3.0), gateway(shedding_stage=2)])
        assert (told["loop_lag_ms"], told["shedding_stage"]) == (3.0, 2)

    def test_has_the_usual_delay_of_those_that_know_one(self) -> None:
        routes = [route(1, GET=10.0), route(1, GET=20.0, HEAD=None), route(1)]
        told = overview_together([gateway(routes=[one]) for one in routes])
        assert told["routes"][0]["delay_ms"] == {"GET": 15.0, "HEAD": None}

    def test_has_a_replica_at_its_worst_and_says_for_how_many(self) -> None:
        (told,) = only_upstream(upstream(replica()), upstream(ejected()))["replicas"]
        assert (told["state"], told["states"]) == ("ejected", {"admitting": 1, "ejected": 1})
        assert (told["in_flight"], told["failures_in_row"], told["weight"]) == (4, 5, 0.75)

    def test_has_a_replica_up_where_all_say_so(self) -> None:
        down = replica(up=False, last_check="failed: 500")
        up = replica(last_check="passed")
        (told,) = only_upstream(upstream(up), upstream(down), upstream(up))["replicas"]
        assert (told["up"], told["last_check"]) == (False, "passed, failed: 500")

    def test_adds_the_places_of_doors(self) -> None:
        backed_up = door(backed_up=True, service_time_ms=None)
        told = only_upstream(upstream(of=door(10)), upstream(of=backed_up))["door"]
        assert (told["limit"], told["in_flight"], told["entered"]) == (20, 6, 200)
        assert (told["backed_up"], told["service_time_ms"]) == (True, 2.0)
        assert told["refused"] == {"queue_full": 4}

    def test_has_no_limit_where_nobody_has(self) -> None:
        told = only_upstream(upstream(of=door(None)), upstream(of=door(None)))["door"]
        assert told["limit"] is None
        assert only_upstream(upstream(), upstream())["door"] is None

    def test_of_one_is_that_one(self) -> None:
        one = gateway(
            routes=[route(3, GET=5.0)],
            own=[{"name": "/f", "responses": {"2xx": 1}, "took_s": 0.5, "counts": True}],
            upstreams=[upstream(replica(), ejected(), of=door())],
        )
        one["upstreams"][0]["replicas"][1]["name"] = "r2"
        assert overview_together([one]) == one

    def test_of_nobody_can_be_shown(self) -> None:
        assert b"not ready" in page(overview_together([]), [])


class TestThoseGone:
    @staticmethod
    def once() -> dict[str, Any]:
        own = [{"name": "/f", "responses": {"2xx": 7}, "took_s": 0.5, "counts": True}]
        upstreams = [upstream(replica("former"), of=door())]
        return gateway(routes=[route(3, GET=5.0)], own=own, upstreams=upstreams)

    def test_leave_their_totals(self) -> None:
        gone: dict[str, Any] = {}
        for _ in range(3):
            gone = left_behind([gone, self.once()])
        told = overview_together([gone, self.once()])
        assert told["routes"][0]["requests"] == 12
        assert told["routes"][0]["delay_ms"] == {"GET": 5.0}
        assert told["own"] == [
            {"name": "/f", "responses": {"2xx": 28}, "took_s": 2.0, "counts": True}
        ]
        assert (told["upstreams"][0]["ejections"], told["upstreams"][0]["door"]["entered"]) == (
            16,
            400,
        )

    def test_leave_nothing_of_what_was_then(self) -> None:
        told = overview_together([left_behind([self.once()]), gateway()])
        assert told["clients"] == 5
        assert (told["routes"], told["own"], told["upstreams"]) == ([], [], [])

    def test_leave_it_also_where_one_knew_nothing(self) -> None:
        gone = left_behind([left_behind([self.once()]), {}])
        assert overview_together([gone, self.once()])["routes"][0]["requests"] == 6

    @pytest.mark.parametrize("now", [None, door()])
    def test_do_not_bring_back_a_door(self, now: dict[str, Any] | None) -> None:
        live = gateway(upstreams=[upstream(replica(), of=now)])
        told = overview_together([left_behind([self.once()]), live])
        found = told["upstreams"][0]["door"]
        assert (found is None) == (now is None)
        assert b"replica" in page(told, [])
