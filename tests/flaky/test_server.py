"""What a misbehaving server counts, holds back and lets an experimenter change."""

from typing import Any

import msgspec
import pytest

from hedgerow.errors import ConfigError
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_flaky import Stage, stopped


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped(monkeypatch)


def adds_up(stats: dict[str, Any]) -> bool:
    ends = ("answered", "broken", "cancelled", "in_flight")
    return bool(stats["received"] == sum(stats[end] for end in ends))


class TestStatistics:
    @pytest.mark.parametrize(
        ("mishap", "end"),
        [
            ("500", "answered"),
            ("wrong-type", "answered"),
            ("bad-json", "answered"),
            ("drip+10ms", "answered"),
            ("reset", "broken"),
            ("reset-body", "broken"),
            ("truncate", "broken"),
            ("hang", "in_flight"),
        ],
    )
    def test_count_each_request_by_its_end(self, clock: FakeClock, mishap: str, end: str) -> None:
        stage = Stage(clock, errors=f"{mishap}:100%")
        stage.asks()
        stats = stage.later(0.5).stats
        assert (stats["received"], stats[end], stats["mishaps"]) == (1, 1, {mishap: 1})

    def test_count_what_is_in_flight(self, clock: FakeClock) -> None:
        stage = Stage(clock)
        for _ in range(3):
            stage.asks()
        assert (stage.stats["in_flight"], stage.stats["connections"]) == (3, 3)
        assert stage.later(0.2).stats["answered"] == 3

    def test_do_not_count_the_experimenter(self, clock: FakeClock) -> None:
        stage = Stage(clock)
        client = stage.asks("/__stats")
        assert client.statuses == [200]
        assert stage.stats["received"] == 0

    def test_add_up_whatever_happens(self, clock: FakeClock) -> None:
        errors = "500:10%,reset:10%,reset-body:10%,hang:10%,drip+50ms:10%,truncate:10%"
        stage = Stage(clock, errors=errors, workers=5, queue=5, latency="uniform:1ms..50ms")
        clients = []
        for number in range(200):
            clients.append(stage.asks())
            if number % 3 == 0:
                leaver = clients[number // 2]
                if not leaver.transport.closing:
                    leaver.leaves()
            assert adds_up(stage.later(0.01).stats)
        for client in clients:
            if not client.transport.closing:
                client.leaves()
        stats = stage.later(60.0).stats
        assert adds_up(stats)
        assert stats["in_flight"] == 0


class TestClientThatLeaves:
    def test_stops_the_work(self, clock: FakeClock) -> None:
        stage = Stage(clock)
        stage.asks().leaves()
        stats = stage.later(0.5).stats
        assert (stats["cancelled"], stats["station"]["cancelled"]) == (1, 1)
        assert stats["station"]["busy_seconds"] == 0.0

    def test_has_met_no_mishap_that_was_still_to_come(self, clock: FakeClock) -> None:
        stage = Stage(clock, errors="500:100%")
        stage.asks().leaves()
        assert stage.later(0.5).stats["mishaps"] == {}

    def test_does_not_stop_it_where_nobody_notices(self, clock: FakeClock) -> None:
        stage = Stage(clock, notices_cancel="no")
        stage.asks().leaves()
        stats = stage.later(0.5).stats
        assert (stats["cancelled"], stats["station"]["wasted"]) == (1, 1)
        assert stats["station"]["busy_seconds"] == pytest.approx(0.1, abs=0.002)

    @pytest.mark.parametrize("notices", ["yes", "no"])
    def test_frees_the_worker_that_would_hang(self, clock: FakeClock, notices: str) -> None:
        stage = Stage(clock, errors="hang:100%", workers=1, notices_cancel=notices)
        stage.asks().leaves()
        assert stage.stats["station"]["running"] == 0

    def test_from_the_queue_leaves_no_worker_hanging(self, clock: FakeClock) -> None:
        """Where nobody notices, the work for it begins when its turn comes."""
        stage = Stage(clock, errors="hang:100%", workers=1, notices_cancel="no")
        first, second = stage.asks(), stage.asks()
        second.leaves()
        first.leaves()
        station = stage.later(1.0).stats["station"]
        assert (station["running"], station["queued"], station["wasted"]) == (0, 0, 2)


class TestCapacity:
    def test_lets_the_rest_wait_and_refuses_what_is_too_much(self, clock: FakeClock) -> None:
        stage = Stage(clock, workers=2, queue=2)
        clients = [stage.asks() for _ in range(5)]
        assert [client.statuses for client in clients] == [[], [], [], [], [503]]
        assert b"\r\nRetry-After: 1\r\n" in clients[4].received
        stage.later(0.11)
        assert [len(client.statuses) for client in clients] == [1, 1, 0, 0, 1]
        stage.later(0.11)
        assert [client.statuses for client in clients] == [[200]] * 4 + [[503]]

    def test_counts_who_waited(self, clock: FakeClock) -> None:
        stage = Stage(clock, workers=1, queue=9)
        for _ in range(3):
            stage.asks()
        station = stage.later(1.0).stats["station"]
        assert station["busy_seconds"] == pytest.approx(0.3, abs=0.01)
        assert station["waited_seconds"] == pytest.approx(0.3, abs=0.01)

    def test_may_grow_while_others_wait(self, clock: FakeClock) -> None:
        stage = Stage(clock, workers=1, queue=9)
        for _ in range(3):
            stage.asks()
        stage.server.change({"workers": "unlimited"})
        assert stage.later(0.11).stats["answered"] == 3


class TestChange:
    def patch(self, stage: Stage, body: bytes) -> tuple[int, bytes]:
        client = stage.asks("/__behaviour", "PATCH", body)
        return client.statuses[0], bytes(client.received).partition(b"\r\n\r\n")[2]

    def test_applies_from_the_next_request_on(self, clock: FakeClock) -> None:
        stage = Stage(clock)
        before = stage.asks()
        status, _ = self.patch(stage, b'{"errors": "503:100%"}')
        after = stage.asks()
        stage.later(0.2)
        assert (status, before.statuses, after.statuses) == (200, [200], [503])

    def test_answers_with_all_settings(self, clock: FakeClock) -> None:
        _, body = self.patch(Stage(clock), b'{"workers": 3, "notices_cancel": false}')
        told = msgspec.json.decode(body)
        assert (told["workers"], told["notices_cancel"]) == (3, False)
        assert told["latency"] == "constant:100ms"

    @pytest.mark.parametrize(
        ("body", "status", "fact"),
        [
            (b'{"latencies": "constant:1s"}', 422, b"Did you mean latency?"),
            (b'{"workers": 0}', 422, b"at least 1"),
            (b'{"errors": "500:80%,503:30%"}', 422, b"at most 100%"),
            (b"[1]", 400, b"must be a JSON object"),
            (b"latency=1s", 400, b"must be a JSON object"),
            (b"", 400, b"must be a JSON object"),
        ],
    )
    def test_that_cannot_be_is_refused(
        self, clock: FakeClock, body: bytes, status: int, fact: bytes
    ) -> None:
        stage = Stage(clock)
        got, text = self.patch(stage, body)
        assert (got, fact in text) == (status, True)
        assert stage.server.behaviour.as_dict()["latency"] == "constant:100ms"

    def test_changes_all_or_nothing(self, clock: FakeClock) -> None:
        stage = Stage(clock)
        with pytest.raises(ConfigError):
            stage.server.change({"latency": "constant:1s", "workers": "0"})
        assert stage.server.behaviour.as_dict()["latency"] == "constant:100ms"

    def test_of_something_else_is_not_found(self, clock: FakeClock) -> None:
        stage = Stage(clock)
        assert stage.asks("/__behaviour", "PUT").statuses == [404]
        assert stage.asks("/__secret").statuses == [404]


class TestSeed:
    LATENCY = "uniform:1ms..100ms"
    ERRORS = "500:30%,reset:10%"

    def fates(self, clock: FakeClock, seed: int) -> list[bytes]:
        stage = Stage(clock, seed=seed, latency=self.LATENCY, errors=self.ERRORS)
        clients = [stage.asks() for _ in range(40)]
        stage.later(1.0)
        return [bytes(client.received).partition(b"Date")[0] for client in clients]

    def test_makes_it_repeatable(self, clock: FakeClock) -> None:
        assert self.fates(clock, 7) == self.fates(clock, 7)

    def test_makes_a_difference(self, clock: FakeClock) -> None:
        assert self.fates(clock, 7) != self.fates(clock, 8)

    def test_gives_the_same_latencies_whatever_the_errors(self, clock: FakeClock) -> None:
        with_errors = Stage(clock, seed=7, latency=self.LATENCY, errors=self.ERRORS)
        without = Stage(clock, seed=7, latency=self.LATENCY)
        draws = [
            [stage.server._script.next_fate(0.0).latency for _ in range(20)]
            for stage in (with_errors, without)
        ]
        assert draws[0] == draws[1]
