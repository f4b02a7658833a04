"""What the page says; how it looks is for eyes."""

from typing import Any

import pytest

from hedgerow.serve.admin.page import page

ROUTE = {
    "name": "/a",
    "requests": 1234,
    "answered": 1200,
    "failed": 30,
    "expired": 3,
    "abandoned": 4,
    "hedges": 60,
    "hedges_won": 40,
    "retries": 7,
    "denied": 0,
    "wasted_s": 1.0,
    "delay_ms": {"GET": 22.6, "HEAD": None},
}
REPLICA = {
    "name": "10.0.0.1:9000",
    "state": "admitting",
    "states": {"admitting": 1},
    "up": True,
    "in_flight": 2,
    "weight": 1.0,
    "failures_in_row": 0,
    "ejections": 0,
    "last_check": None,
}
DOOR = {
    "limit": 27,
    "in_flight": 2,
    "waiting": 3,
    "backed_up": False,
    "service_time_ms": 4.3,
    "entered": 9,
    "entered_after_wait": 1,
    "refused": {"queue_full": 5},
}
OWN = {"name": "/files/", "responses": {"2xx": 1900, "4xx": 100}, "took_s": 4.0}
WORKER = {
    "worker": 2,
    "pid": 4711,
    "state": "ready",
    "since": "2026-01-31T12:00:07Z",
    "generation": 0,
    "loops": 1,
    "utilisation": 0.253,
    "loop_lag_ms": 0.31,
    "clients": 7,
    "requests": 123456,
    "requests_per_s": 1234.5,
}
STORY = {"method": "GET", "target": "/a", "status": 200, "ms": 1500.0, "attempts": []}


def shown(
    *stories: dict[str, Any],
    replica: dict[str, Any] | None = None,
    panic: bool = False,
    **changes: Any,
) -> str:
    replicas = [REPLICA | (replica or {})]
    told: dict[str, Any] = {
        "ready": True,
        "clients": 5,
        "loop_lag_ms": 0.4,
        "shedding_stage": 0,
        "turned_away": {},
        "routes": [ROUTE],
        "own": [],
        "upstreams": [{"name": "app", "door": DOOR, "panic": panic, "replicas": replicas}],
    }
    return page(told | changes, stories).decode()


class TestPage:
    @pytest.mark.parametrize(
        "text",
        [
            "1,234",
            "GET 22.6 ms, HEAD -",
            "limit 27",
            "3 waiting",
            "5 refused",
            "Upstream app",
            "ready",
        ],
    )
    def test_shows_what_is_going_on(self, text: str) -> None:
        assert text in shown()

    def test_shows_what_is_wrong(self) -> None:
        text = shown(ready=False, shedding_stage=2, turned_away={"rate_limited": 4})
        assert "<span class=bad>not ready" in text
        assert "shedding, stage 2" in text
        assert "rate_limited 4" in text

    def test_marks_replicas_that_are_out(self) -> None:
        assert "<span class=bad>ejected" in shown(
            replica={"state": "ejected", "states": {"ejected": 1}}
        )
        assert "<span class=bad>down" in shown(replica={"up": False, "last_check": "failed: 500"})

    def test_tells_of_an_upstream_without_a_limit(self) -> None:
        assert "no limit" in shown(
            upstreams=[{"name": "app", "door": None, "panic": False, "replicas": []}]
        )

    def test_says_that_all_replicas_are_used(self) -> None:
        assert "all replicas are used" in shown(panic=True)
        assert "all replicas are used" not in shown()

    def test_cuts_off_what_is_too_long(self) -> None:
        assert len(shown(STORY | {"target": "/" + "x" * 3000})) < len(shown(STORY)) + 200

    def test_shows_the_slowest(self) -> None:
        attempts = [{"kind": "hedge", "replica": "r2", "fate": "200"}]
        assert "hedge to r2: 200" in shown(STORY | {"attempts": attempts})
        assert "1.50 s" in shown(STORY)
        assert "nothing yet" in shown()

    def test_does_not_run_what_comes_from_outside(self) -> None:
        text = shown(STORY | {"target": "/<script>alert(1)</script>"})
        assert "<script" not in text
        assert "&lt;script&gt;" in text

    def test_asks_for_nothing_from_elsewhere(self) -> None:
        assert "http://" not in shown()
        assert "https://" not in shown()

    def test_says_how_routes_do_that_answer_by_themselves(self) -> None:
        text = shown(own=[OWN])
        assert "/files/" in text
        assert ">2,000<" in text
        assert "2 ms" in text

    def test_says_of_a_route_that_nobody_asked_that_it_took_no_time(self) -> None:
        assert "<td class=n>-" in shown(own=[OWN | {"responses": {}, "took_s": 0.0}])


class TestPageOfWorkers:
    @staticmethod
    def of(*workers: dict[str, Any], crashes: int = 0, cut: bool = False) -> str:
        told = [WORKER | worker for worker in workers]
        return shown(workers=told, crashes=crashes, cut=cut)

    @pytest.mark.parametrize(
        "text", ["4711", "2026-01-31 12:00:07", "25%", "0.3 ms", "7<td", "1,234<", "123,456"]
    )
    def test_has_a_line_for_each(self, text: str) -> None:
        assert text in self.of({})
        assert text not in shown(routes=[], clients=0)

    def test_stand_above_the_rest(self) -> None:
        text = self.of({})
        assert text.index("Workers") < text.index("Routes") < text.index("Upstream")

    def test_marks_one_that_does_not_serve(self) -> None:
        assert "<span class=bad>silent" in self.of({"state": "silent"})

    def test_says_how_many_crashed(self) -> None:
        assert "3 ended unexpectedly and were replaced" in self.of({}, crashes=3)
        assert "1 ended unexpectedly and was replaced" in self.of({}, crashes=1)
        assert "unexpectedly" not in self.of({})

    def test_says_that_numbers_are_missing(self) -> None:
        assert "numbers are missing" in self.of({}, cut=True)

    def test_says_for_how_many_a_replica_is_out(self) -> None:
        states = {"ejected": 1, "admitting": 2}
        assert "ejected</span> in 1 of 3" in shown(replica={"state": "ejected", "states": states})
