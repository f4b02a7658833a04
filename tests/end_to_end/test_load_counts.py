"""As many requests as were asked for, no more and no fewer; the server is the judge."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.load_runs import load
from tests.fakes.processes import Process, hedgerow


@pytest.fixture(scope="module")
def server() -> Iterator[Process]:
    with hedgerow("flaky", "-p", "0", "--latency", "constant:1ms", "--errors", "off") as process:
        yield process


def received(server: Process) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", "/__stats")
        return int(json.loads(connection.getresponse().read())["received"])
    finally:
        connection.close()


class TestCount:
    @pytest.mark.parametrize(
        ("count", "words"),
        [
            (1000, ("-c", "7")),
            (1001, ("-c", "50", "-w", "3")),
            (5, ("-c", "50")),
            (1, ("-c", "2", "-w", "2")),
            (333, ("-c", "10", "--no-keepalive")),
            (250, ("-u", "4", "--think", "1ms..2ms")),
            (300, ("-R", "600", "-w", "2")),
            (300, ("-R", "600", "--arrivals", "poisson", "-c", "3")),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
    )
    def test_is_exactly_what_was_asked_for(
        self, server: Process, tmp_path: Path, count: int, words: tuple[str, ...]
    ) -> None:
        before = received(server)
        found = load(tmp_path, server.url, "-n", str(count), *words).document
        assert received(server) - before == count
        assert (found.requests.total, found.requests.ok) == (count, count)

    def test_is_of_each_user_with_iterations(self, server: Process, tmp_path: Path) -> None:
        before = received(server)
        words = ("-u", "7", "-i", "5", "--ramp-up", "300ms", "-w", "2")
        found = load(tmp_path, server.url, *words).document
        assert received(server) - before == 35
        assert found.requests.total == 35

    def test_does_not_contain_the_warm_up(self, server: Process, tmp_path: Path) -> None:
        before = received(server)
        words = ("-n", "100", "-c", "5", "-W", "300ms")
        found = load(tmp_path, server.url, *words).document
        assert found.requests.total == 100
        assert sum(p.ok for p in found.timeseries if p.phase == "warm-up") > 10
        # The series has all of it: those that began in the warm-up and ended after it, too.
        assert received(server) - before == sum(p.ok for p in found.timeseries)


class TestRatePlan:
    @pytest.mark.parametrize(
        ("words", "count"),
        [
            (("-R", "300", "-d", "2s"), 600),
            (("-R", "300", "-d", "2s", "-w", "3"), 600),
            (("-R", "100:500", "-d", "2s"), 600),
            (("-s", "1s:200/s", "-s", "1s:200/s", "-s", "1s:0/s"), 400),
            (("-R", "200", "-d", "1s", "-W", "500ms"), 200),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
    )
    def test_hits_its_count(
        self, server: Process, tmp_path: Path, words: tuple[str, ...], count: int
    ) -> None:
        found = load(tmp_path, server.url, *words).document
        assert found.requests.total == count
        assert found.requests.ok == count


class TestSeq:
    def test_is_unique_over_processes(self, tmp_path: Path) -> None:
        with hedgerow("flaky", "-p", "0", "--latency", "constant:1ms", "--errors", "off") as server:
            jtl = tmp_path / "all.jtl"
            words = ("-n", "60", "-c", "6", "-w", "3", "--jtl", str(jtl))
            found = load(tmp_path, f"{server.url}/?n={{seq}}", *words).document
        assert found.requests.ok == 60
        assert jtl.read_text().count("\n") == 61
