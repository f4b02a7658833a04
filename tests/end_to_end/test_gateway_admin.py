"""What an operator is told is what has happened: counted at both ends of real sockets."""

import asyncio
import contextlib
import functools
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_open_metrics,
)
from prometheus_client.parser import text_string_to_metric_families as read_prometheus

from hedgerow.serve.admin.server import AdminServer
from hedgerow.serve.admin.sources import GatewaySource
from hedgerow.serve.door import Door
from hedgerow.wire import Listening
from tests.fakes.gateway_client import Answer, Client, ask, connected
from tests.fakes.gateway_running import Running, eventually, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, Script, answers, is_silent, upstream

ADMIN = 'admin = "127.0.0.1:0"\ntraces = 5'
PAGE = Path(__file__).parents[2] / "docs" / "observability.md"
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass
class Watched:
    """A gateway and its admin listener."""

    running: Running
    where: str

    @property
    def port(self) -> int:
        return int(self.where.rpartition(":")[2])

    async def asks(
        self, path: str, *lines: str, method: str = "GET", host: str = "localhost"
    ) -> Answer:
        head = [f"{method} {path} HTTP/1.1", f"Host: {host}", *lines, "", ""]
        if self.where.startswith("unix:"):
            client = Client(*await asyncio.open_unix_connection(self.where[5:]))
        else:
            client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        client.writer.write("\r\n".join(head).encode())
        try:
            return await client.answer(to_head=method == "HEAD")
        finally:
            client.writer.close()

    async def samples(self) -> Samples:
        text = (await self.asks("/metrics")).body.decode()
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in read_prometheus(text)
            for sample in family.samples
        }

    async def value(self, name: str, **labels: str) -> float:
        return (await self.samples())[f"hedgerow_{name}", frozenset(labels.items())]


@contextlib.asynccontextmanager
async def watched(
    *scripts: Script,
    route: str = 'hedge = "off"',
    pool: str = "",
    server: str = ADMIN,
    admin_at: str = "127.0.0.1:0",
) -> AsyncIterator[Watched]:
    async with contextlib.AsyncExitStack() as stack:
        urls = [(await stack.enter_async_context(upstream(script))).url for script in scripts]
        text = settings(urls, route, server=server, pool=pool)
        running = await stack.enter_async_context(gateway(text))
        admin = AdminServer(GatewaySource(running.gateway), running.engine)
        listening = Listening(admin_at)
        await admin.listen(listening)
        try:
            yield Watched(running, listening.bound_to)
        finally:
            admin.close()
            await asyncio.sleep(0)


def by_target(**scripts: Script) -> Script:
    async def script(arrival: Arrival) -> None:
        await scripts[arrival.target.strip("/")](arrival)

    return script


async def fails(arrival: Arrival) -> None:
    arrival.answer(500)


async def breaks(arrival: Arrival) -> None:
    arrival.begin("Content-Length: 9")
    await asyncio.sleep(0.02)
    arrival.reset()


async def not_there(arrival: Arrival) -> None:
    arrival.answer(404)


MIXED = by_target(good=answers, bad=fails, broken=breaks, silent=is_silent, none=not_there)


class TestRequests:
    def test_are_counted_by_what_came_of_them(self) -> None:
        async def main() -> None:
            async with watched(MIXED, route='hedge = "off"\ndeadline = "100ms"') as scene:
                for target in ("good", "good", "none", "bad", "broken", "silent"):
                    await ask(scene.running.port, f"/{target}")
                async with connected(scene.running.port) as client:
                    client.ask("/silent")
                    await asyncio.sleep(0.02)
                    client.reset()
                await eventually(lambda: scene.running.policy.counters.abandoned == 1)
                route = {"route": "/"}
                assert await scene.value("requests_total", outcome="answered", **route) == 3
                assert await scene.value("requests_total", outcome="failed", **route) == 3
                assert await scene.value("requests_total", outcome="abandoned", **route) == 1
                assert await scene.value("requests_expired_total", **route) == 1
                assert await scene.value("requests_aborted_total", **route) == 1
                codes = [
                    await scene.value("responses_total", code=f"{first}xx", **route)
                    for first in range(1, 6)
                ]
                assert codes == [0, 3, 0, 1, 2]  # the broken answer had begun as a 200
                assert await scene.value("responses_total", code="left", **route) == 1
                count = await scene.value("request_duration_seconds_count", **route)
                assert count == 7
                total = await scene.value("request_duration_seconds_sum", **route)
                assert 0.1 < total < 5.0

        play(main())

    def test_that_are_hedged_are_counted_as_attempts(self) -> None:
        async def main() -> None:
            first = True

            async def silent_once(arrival: Arrival) -> None:
                nonlocal first
                if first:
                    first = False
                    await is_silent(arrival)
                arrival.answer()

            hedge = 'hedge = {delay = "50ms"}'
            async with watched(silent_once, silent_once, route=hedge) as scene:
                assert (await ask(scene.running.port)).status == 200
                kinds = {
                    kind: await scene.value("attempts_total", route="/", kind=kind)
                    for kind in ("primary", "hedge", "retry")
                }
                assert kinds == {"primary": 1, "hedge": 1, "retry": 0}
                assert await scene.value("hedges_won_total", route="/") == 1
                assert await scene.value("wasted_seconds_total", route="/") >= 0.05
                traces = (await scene.asks("/traces")).json
                assert [one["won"] for one in traces["slowest"][0]["attempts"]] == [False, True]

        play(main())


def is_known(door: Door, number: int) -> bool:
    """So many requests have come to the door."""
    told = door.admission.statistics()
    return told.in_flight + told.waiting == number


class TestDoor:
    def test_is_told(self) -> None:
        async def main() -> None:
            pool = "limit = 1\nqueue = 1"
            async with watched(is_silent, pool=pool) as scene, contextlib.AsyncExitStack() as stack:
                door = scene.running.gateway.upstreams["work"].door
                assert door is not None
                for number in (1, 2):
                    client = await stack.enter_async_context(connected(scene.running.port))
                    client.ask("/")
                    await eventually(functools.partial(is_known, door, number))
                assert (await ask(scene.running.port)).status == 503
                name = {"upstream": "work"}
                assert await scene.value("concurrency_limit", **name) == 1
                assert await scene.value("in_flight", **name) == 1
                assert await scene.value("waiting", **name) == 1
                assert await scene.value("refused_total", reason="queue_full", **name) == 1
                assert await scene.value("queue_time_seconds_count", **name) == 1

        play(main())


class TestReplicas:
    def test_that_are_ejected_are_told(self) -> None:
        async def main() -> None:
            pool = 'health = {failures = 2, ejection = "60s"}\nbalance = "round-robin"'
            async with watched(fails, answers, pool=pool) as scene:
                for _ in range(6):
                    await ask(scene.running.port)
                told = scene.running.gateway.upstreams["work"].statistics().replicas
                admitting = [
                    await scene.value("replica_admitting", upstream="work", replica=one.name)
                    for one in told
                ]
                assert admitting == [0, 1]
                assert await scene.value("ejections_total", upstream="work") == 1
                upstreams = (await scene.asks("/upstreams")).json["upstreams"]
                states = [one["state"] for one in upstreams[0]["replicas"]]
                assert states == ["ejected", "admitting"]

        play(main())


class TestProcess:
    def test_tells_whom_it_turned_away(self) -> None:
        async def main() -> None:
            route = 'hedge = "off"\nrate = {limit = "1/m", burst = 1}'
            async with watched(answers, route=route) as scene:
                statuses = [(await ask(scene.running.port)).status for _ in range(3)]
                assert statuses == [200, 429, 429]
                assert await scene.value("turned_away_total", reason="rate_limited") == 2

        play(main())

    def test_tells_about_itself(self) -> None:
        async def main() -> Samples:
            async with watched(answers) as scene:
                return await scene.samples()

        samples = play(main())
        assert samples["process_resident_memory_bytes", frozenset()] > 1e6
        assert samples["hedgerow_client_connections", frozenset()] == 0

    def test_is_ready_until_it_drains(self) -> None:
        async def main() -> list[int]:
            async with watched(answers) as scene:
                before = (await scene.asks("/readyz")).status
                await scene.running.gateway.drain(0)
                return [
                    before,
                    (await scene.asks("/readyz")).status,
                    (await scene.asks("/healthz")).status,
                ]

        assert play(main()) == [200, 503, 200]


class TestPages:
    def test_are_metrics_in_both_forms(self) -> None:
        async def main() -> tuple[Answer, Answer]:
            async with watched(answers) as scene:
                await ask(scene.running.port)
                accept = "Accept: application/openmetrics-text; version=1.0.0"
                return await scene.asks("/metrics"), await scene.asks("/metrics", accept)

        plain, open_metrics = play(main())
        assert (plain.field("content-type") or "").startswith("text/plain")
        assert (open_metrics.field("content-type") or "").startswith("application/openmetrics-text")
        names = {family.name for family in read_prometheus(plain.body.decode())}
        text = open_metrics.body.decode()
        read: Callable[[str], Iterable[Metric]] = read_open_metrics
        families = read(text)
        ours = {name for name in names if name.startswith("hedgerow_")}
        assert {family.name for family in families} >= ours

    def test_are_all_in_the_documentation(self) -> None:
        """And the documentation tells of none that is not there."""

        async def main() -> set[str]:
            async with watched(answers, answers, pool="limit = 9") as scene:
                await ask(scene.running.port)
                text = (await scene.asks("/metrics")).body.decode()
                kinds = dict(re.findall(r"# TYPE (hedgerow_\w+) (\w+)", text))
                return set(kinds)

        page = PAGE.read_text().partition("## Workers")[0]
        told = set(re.findall(r"^\| `(hedgerow_\w+)`", page, re.MULTILINE))
        told |= set(re.findall(r"^\| `hedgerow_\w+`, `(hedgerow_\w+)`", page, re.MULTILINE))
        assert told == play(main())

    def test_of_traces_hold_no_more_than_they_are_told_to(self) -> None:
        async def main() -> Any:
            async with watched(answers) as scene:
                for number in range(9):
                    await ask(scene.running.port, f"/{number}")
                return (await scene.asks("/traces")).json

        traces = play(main())
        assert [one["target"] for one in traces["last"]] == ["/8", "/7", "/6", "/5", "/4"]
        assert len(traces["slowest"]) == 5

    @pytest.mark.parametrize("path", ["/", "/metrics", "/traces", "/upstreams", "/healthz"])
    def test_can_be_asked_for_their_head(self, path: str) -> None:
        async def main() -> Answer:
            async with watched(answers) as scene:
                return await scene.asks(path, method="HEAD")

        answer = play(main())
        assert (answer.status, answer.body) == (200, b"")

    def test_can_only_be_read(self) -> None:
        async def main() -> Answer:
            async with watched(answers) as scene:
                return await scene.asks("/metrics", method="DELETE")

        answer = play(main())
        assert (answer.status, answer.field("allow")) == (405, "GET, HEAD")

    def test_are_named_where_one_is_not_there(self) -> None:
        async def main() -> Answer:
            async with watched(answers) as scene:
                return await scene.asks("/metric")

        answer = play(main())
        assert answer.status == 404
        assert "/metrics" in answer.json["detail"]

    @pytest.mark.parametrize("path", ["/", "/metrics", "/traces", "/upstreams"])
    @pytest.mark.parametrize(
        ("host", "status"),
        [
            ("localhost:8081", 200),
            ("admin.localhost", 200),
            ("127.0.0.1:8081", 200),
            ("[::1]:8081", 200),
            ("10.1.2.3", 200),
            ("rebound.example", 403),
            ("rebound.example:8081", 403),
            ("127.0.0.1.rebound.example", 403),
            ("notlocalhost", 403),
        ],
    )
    def test_on_loopback_are_for_no_name_that_others_can_have(
        self, path: str, host: str, status: int
    ) -> None:
        async def main() -> int:
            async with watched(answers) as scene:
                return (await scene.asks(path, host=host)).status

        assert play(main()) == status

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_of_health_are_there_by_any_name(self, path: str) -> None:
        async def main() -> int:
            async with watched(answers) as scene:
                return (await scene.asks(path, host="probe.example")).status

        assert play(main()) == 200

    @pytest.mark.parametrize("where", ["0.0.0.0:0", "unix"])
    def test_elsewhere_are_there_by_any_name(self, where: str, tmp_path: Path) -> None:
        async def main() -> int:
            address = f"unix:{tmp_path / 'admin'}" if where == "unix" else where
            async with watched(answers, admin_at=address) as scene:
                return (await scene.asks("/metrics", host="hedgerow.example")).status

        assert play(main()) == 200

    def test_are_for_so_many_at_a_time(self) -> None:
        async def main() -> int:
            async with watched(answers) as scene, contextlib.AsyncExitStack() as stack:
                for _ in range(64):
                    client = await stack.enter_async_context(connected(scene.port))
                    client.ask("/healthz")  # by any name
                    await client.answer()
                waiting = asyncio.ensure_future(scene.asks("/healthz"))
                await asyncio.sleep(0.05)
                assert not waiting.done()
                await stack.aclose()
                return (await waiting).status

        assert play(main()) == 200


class TestGatewayWithoutAdmin:
    def test_keeps_nothing_for_it(self) -> None:
        async def main() -> None:
            async with watched(answers, server="") as scene:
                await ask(scene.running.port)
                assert scene.running.gateway.traces is None
                assert scene.running.gateway.surroundings.finished is None
                assert (await scene.asks("/traces")).json == {"last": [], "slowest": []}

        play(main())


class TestRouteThatAnswersByItself:
    def test_is_counted_too(self) -> None:
        async def main() -> float:
            fixed = 'path = "/fixed"\nrespond = {status = 200, text = "fine"}'
            route = f'path = "/"\nhedge = "off"\n[[route]]\n{fixed}'
            async with watched(answers, route=route) as scene:
                assert (await ask(scene.running.port, "/fixed")).body == b"fine"
                return await scene.value("responses_total", route="/fixed", code="2xx")

        assert play(main()) == 1.0


class TestLoopLag:
    def test_is_measured_where_nobody_is_shed_too(self) -> None:
        async def main() -> bool:
            async with watched(answers, server=f"{ADMIN}\nshed = false") as scene:
                return scene.running.gateway.lag is not None

        assert play(main())
