"""Operators of several workers: one gateway, whoever of them has answered."""

import asyncio
import contextlib
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as read_prometheus

from tests.fakes.gateway_client import ask, connected
from tests.fakes.gateway_running import eventually, play
from tests.fakes.workers import Crew, crew

PAGE = Path(__file__).parents[2] / "docs" / "observability.md"
SERVER = 'workers = 3\nadmin = "127.0.0.1:0"\ntraces = 5'
ROUTES = """
[upstream.nobody]
replicas = ["http://127.0.0.1:9"]
[[route]]
path = "/nobody"
upstream = "nobody"
hedge = "off"
[[route]]
path = "/gone"
respond = {status = 410}
[[route]]
path = "/"
respond = {status = 200, text = "hello"}
"""
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def samples(one: Crew) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in read_prometheus(one.admin("/metrics"))
        for sample in family.samples
    }


def value(one: Crew, name: str, **labels: str) -> float:
    return samples(one).get((f"hedgerow_{name}", frozenset(labels.items())), -1.0)


def answered(one: Crew) -> dict[str, float]:
    """How many responses there were, by route and class."""
    return {
        f"{dict(labels)['route']} {dict(labels)['code']}": count
        for (name, labels), count in samples(one).items()
        if name == "hedgerow_responses_total" and count
    }


def totals(told: Samples) -> Samples:
    """What must never go down: all but what is of one worker."""
    ends = ("_total", "_bucket", "_count", "_sum")
    return {
        key: count
        for key, count in told.items()
        if key[0].startswith("hedgerow_") and key[0].endswith(ends) and "worker" not in dict(key[1])
    }


async def asked(one: Crew, **counts: int) -> None:
    """Ask for these paths so often, each time on a connection of its own."""
    words = [f"/{path.strip('_')}" for path, count in counts.items() for _ in range(count)]
    for first in range(0, len(words), 20):
        async with asyncio.TaskGroup() as group:
            for path in words[first : first + 20]:
                group.create_task(ask(one.port, path))


@contextlib.asynccontextmanager
async def asking(one: Crew) -> AsyncIterator[list[int]]:
    """Ask again and again while the context lasts; it holds how many were answered."""
    counts, stopped = [0], False

    async def client() -> None:
        while not stopped:
            with contextlib.suppress(OSError):
                counts[0] += (await ask(one.port)).status == 200

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(client())
        try:
            yield counts
        finally:
            stopped = True


class TestCounters:
    def test_of_all_workers_are_exact_when_traffic_has_stopped(self, tmp_path: Path) -> None:
        with crew(tmp_path, SERVER, route=ROUTES) as one:
            play(asked(one, _=200, gone=100, nobody=60))
            expected = {"/ 2xx": 200, "/gone 4xx": 100, "/nobody 5xx": 60}
            one.until(lambda: answered(one) == expected)
            assert value(one, "request_duration_seconds_count", route="/gone") == 100
            assert value(one, "requests_total", route="/nobody", outcome="failed") == 60
            by_worker = [value(one, "worker_requests_total", worker=str(n)) for n in (1, 2, 3)]
            assert sum(by_worker) == 360
            assert min(by_worker) > 0

    def test_do_not_go_down_when_a_worker_is_killed(self, tmp_path: Path) -> None:
        async def main(one: Crew) -> list[Samples]:
            seen: list[Samples] = []
            async with asking(one) as counts:
                for pid in one.pids[:2]:
                    wanted = counts[0] + 100
                    while counts[0] < wanted:
                        seen.append(totals(await asyncio.to_thread(samples, one)))
                    os.kill(pid, signal.SIGKILL)
                    while f"(pid {pid}) was killed" not in one.told or len(one.pids) < 3:
                        seen.append(totals(await asyncio.to_thread(samples, one)))
                seen.append(totals(await asyncio.to_thread(samples, one)))
            return seen

        with crew(tmp_path, SERVER, route=ROUTES) as one:
            seen = play(main(one))
            assert value(one, "worker_crashes_total") == 2
        assert sum(seen[-1].values()) > sum(seen[0].values())
        for before, after in pairwise(seen):
            gone_down = {key for key, count in before.items() if after.get(key, -1.0) < count}
            assert gone_down == set()

    def test_lose_nothing_of_a_killed_worker_that_was_told(self, tmp_path: Path) -> None:
        with crew(tmp_path, SERVER, route=ROUTES) as one:
            play(asked(one, _=90, nobody=30))
            before = {"/ 2xx": 90, "/nobody 5xx": 30}
            one.until(lambda: answered(one) == before)
            for pid in one.pids:
                os.kill(pid, signal.SIGKILL)
                one.until_said(f"(pid {pid}) was killed")
                assert answered(one) == before
            one.until(lambda: len(one.pids) == 3)
            play(asked(one, _=10, gone=1))
            one.until(lambda: answered(one) == {"/ 2xx": 100, "/nobody 5xx": 30, "/gone 4xx": 1})

    def test_lose_nothing_when_all_are_replaced(self, tmp_path: Path) -> None:
        with crew(tmp_path, SERVER, route=ROUTES) as one:
            play(asked(one, _=60, gone=30))
            one.reload()  # at once: what was not told yet is told at the end
            one.until(lambda: value(one, "workers", state="draining") == 0)
            assert answered(one) == {"/ 2xx": 60, "/gone 4xx": 30}
            assert value(one, "worker_crashes_total") == 0


class TestGauges:
    def test_are_of_all_workers(self, tmp_path: Path) -> None:
        async def main(one: Crew) -> None:
            async with contextlib.AsyncExitStack() as stack:
                for _ in range(30):
                    client = await stack.enter_async_context(connected(one.port))
                    client.ask("/")
                    await client.answer()
                await eventually(lambda: value(one, "client_connections") == 30)
                each = [value(one, "worker_client_connections", worker=str(n)) for n in (1, 2, 3)]
                assert sum(each) == 30
                assert value(one, "replica_up", upstream="nobody", replica="127.0.0.1:9") == 1.0

        with crew(tmp_path, SERVER, route=ROUTES) as one:
            play(main(one))


class TestProcesses:
    def test_are_told_apart(self, tmp_path: Path) -> None:
        with crew(tmp_path, SERVER, route=ROUTES) as one:
            told = {
                dict(labels)["worker"]: memory
                for (name, labels), memory in samples(one).items()
                if name == "process_resident_memory_bytes"
            }
        assert set(told) == {"1", "2", "3", "supervisor", "admin"}
        assert min(told.values()) > 1e6

    def test_are_counted_by_how_they_are(self, tmp_path: Path) -> None:
        with crew(tmp_path, SERVER, route=ROUTES) as one:
            one.until(lambda: value(one, "workers", state="ready") == 3)
            os.kill(one.pids[0], signal.SIGSTOP)
            one.until(lambda: value(one, "workers", state="silent") == 1)
            assert value(one, "workers", state="ready") == 2


class TestPages:
    def test_have_a_line_for_each_worker(self, tmp_path: Path) -> None:
        with crew(tmp_path, SERVER, route=ROUTES) as one:
            page = one.admin("/")
            told = json.loads(one.admin("/upstreams"))
            assert [worker["pid"] for worker in told["workers"]] == one.pids
            assert all(f"<td>{pid}<td>" in page for pid in one.pids)
            assert told["ready"]

    def test_tell_the_stories_of_all(self, tmp_path: Path) -> None:
        with crew(tmp_path, SERVER, route=ROUTES) as one:
            play(asked(one, nobody=60))
            one.until(lambda: len(json.loads(one.admin("/traces"))["last"]) == 15)
            told = json.loads(one.admin("/traces"))
        assert {story["worker"] for story in told["last"]} == {1, 2, 3}
        assert {story["target"] for story in told["slowest"]} == {"/nobody"}
        assert told["left_out"] == 0

    def test_are_all_in_the_documentation(self, tmp_path: Path) -> None:
        """And the documentation tells of none that is not there."""
        limited = ROUTES.replace("[[route]]", "limit = 9\n[[route]]", 1)
        with crew(tmp_path, SERVER, route=limited) as one:
            kinds = dict(re.findall(r"# TYPE (hedgerow_\w+) (\w+)", one.admin("/metrics")))
        page = PAGE.read_text()
        told = set(re.findall(r"^\| `(hedgerow_\w+)`", page, re.MULTILINE))
        told |= set(re.findall(r"^\| `hedgerow_\w+`, `(hedgerow_\w+)`", page, re.MULTILINE))
        assert told == set(kinds)

    def test_are_whole_as_soon_as_a_worker_is_ready(self, tmp_path: Path) -> None:
        with crew(tmp_path, SERVER, route=ROUTES) as one:
            assert value(one, "responses_total", route="/", code="2xx") == 0.0
            assert [route["name"] for route in json.loads(one.admin("/upstreams"))["own"]] == [
                "/gone",
                "/",
            ]
