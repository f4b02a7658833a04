"""Deadlines that clients tell in header fields, seen from both ends of real sockets."""

import asyncio
import datetime
import time

import pytest

from tests.fakes.gateway_client import ask, connected
from tests.fakes.gateway_house import TURNS, house
from tests.fakes.gateway_once import Scene, once
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, answers, is_silent, upstream

TWICE = 'hedge = {delay = "100ms", same_replica = true}'
NEVER = 'hedge = "off"'


def from_now(seconds: float) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)


def unix(seconds: float) -> str:
    """A time of day that lies ahead."""
    return f"{from_now(seconds).timestamp():.3f}"


def gives_up(*lines: str, route: str = NEVER) -> float:
    """Ask an upstream that never answers; return after how many seconds the client knows."""
    scene = once(is_silent, route, lines=lines)
    assert scene.answer.status == 504
    assert scene.ends == {1: "reset"}
    return scene.answer.took


class TestFieldOfTheClient:
    @pytest.mark.parametrize(
        "line",
        [
            "X-Request-Timeout-Ms: 200",
            "x-envoy-upstream-rq-timeout-ms: 200",
            "grpc-timeout: 200m",
            "GRPC-TIMEOUT: 200000u",
        ],
    )
    def test_shortens_the_deadline(self, line: str) -> None:
        assert 0.17 <= gives_up(line) < 2.0

    @pytest.mark.parametrize("form", ["seconds", "milliseconds", "RFC 3339"])
    def test_may_be_a_time_of_day(self, form: str) -> None:
        ahead = from_now(0.25)
        texts = {
            "seconds": f"{ahead.timestamp():.3f}",
            "milliseconds": f"{ahead.timestamp() * 1000:.0f}",
            "RFC 3339": ahead.isoformat(),
        }
        assert gives_up(f"X-Request-Deadline: {texts[form]}") < 2.0

    def test_that_is_the_shortest_counts(self) -> None:
        lines = ("X-Request-Timeout-Ms: 9000", "grpc-timeout: 200m")
        assert 0.17 <= gives_up(*lines) < 2.0

    @pytest.mark.parametrize("line", ["X-Request-Timeout-Ms: 9000", "grpc-timeout: 9S"])
    def test_never_gives_more_than_the_route(self, line: str) -> None:
        assert 0.17 <= gives_up(line, route=NEVER + '\ndeadline = "200ms"') < 2.0

    def test_counts_where_the_route_says_so(self) -> None:
        route = NEVER + '\ndeadline = {default = "9s", honours = ["X-Patience"]}'
        assert 0.17 <= gives_up("X-Patience: 200ms", "grpc-timeout: 100m", route=route) < 2.0

    @pytest.mark.parametrize(
        "line", ["grpc-timeout: 5", "X-Request-Timeout-Ms: soon", "X-Request-Deadline: tomorrow"]
    )
    def test_that_cannot_be_read_does_nothing(self, line: str) -> None:
        scene = once(answers, lines=(line,))
        assert scene.answer.status == 200
        name, _, text = line.partition(": ")
        assert scene.arrivals[0].all_of(name.lower()) == [text]

    def test_covers_the_whole_answer(self) -> None:
        async def stops_halfway(arrival: Arrival) -> None:
            arrival.begin("Content-Length: 9")
            arrival.send(b"half")
            await arrival.gone.wait()

        scene = once(stops_halfway, NEVER, lines=("X-Request-Timeout-Ms: 200",))
        assert (scene.answer.status, scene.answer.end) == (200, "reset")


class TestClientThatWaitsTooShort:
    IMPATIENT = "X-Request-Timeout-Ms: 20"

    @pytest.mark.parametrize("halfway", [False, True], ids=["for the head", "for the body"])
    def test_does_not_have_replicas_thought_to_be_broken(self, halfway: bool) -> None:
        async def is_slow(arrival: Arrival) -> None:
            if halfway:
                arrival.begin("Content-Length: 9")
                arrival.send(b"half")
            await arrival.gone.wait()

        async def main() -> int:
            pool = TURNS + 'health = {failures = 2, ejection = "60s"}'
            async with house(is_slow, answers, route=NEVER, pool=pool) as scene:
                for _ in range(10):
                    await ask(scene.running.port, "/", self.IMPATIENT)
                return scene.told().ejections

        assert play(main()) == 0

    def test_has_them_where_the_route_itself_says_how_long(self) -> None:
        async def main() -> int:
            pool = TURNS + 'health = {failures = 2, ejection = "60s"}'
            route = NEVER + '\ndeadline = "20ms"'
            async with house(is_silent, answers, route=route, pool=pool) as scene:
                await scene.ask(10)
                return scene.told().ejections

        assert play(main()) > 0


class TestDeadlineThatHasPassed:
    @pytest.mark.parametrize("line", ["grpc-timeout: 0S", "X-Request-Deadline: 1700000000"])
    def test_is_answered_at_once_and_costs_the_upstream_nothing(self, line: str) -> None:
        scene = once(answers, lines=(line,))
        assert (scene.answer.status, scene.arrivals) == (504, [])
        assert scene.answer.json["title"] == "Gateway Timeout"

    def test_may_be_answered_as_the_route_likes(self) -> None:
        route = '[route.replies]\nexpired = {status = 502, text = "too late"}'
        scene = once(answers, route, lines=("grpc-timeout: 0S",))
        assert (scene.answer.status, scene.answer.body) == (502, b"too late")

    def test_passes_while_the_same_head_is_sent_again(self) -> None:
        """A head that has come before is not parsed again, and its time goes on all the same."""

        async def main() -> list[int]:
            async with (
                upstream(answers) as up,
                gateway(settings(up.url)) as running,
                connected(running.port) as client,
            ):
                line = f"X-Request-Deadline: {unix(0.5)}"
                statuses = []
                for pause in (0.0, 0.0, 0.0, 0.6):
                    await asyncio.sleep(pause)
                    client.ask("/", line)
                    statuses.append((await client.answer()).status)
                return statuses

        assert play(main()) == [200, 200, 200, 504]


class TestUpstream:
    def told(self, name: str, *lines: str, route: str = "") -> list[str]:
        """What the first attempt is told in this field."""
        scene = once(answers, route, lines=lines)
        assert scene.answer.status == 200
        return scene.arrivals[0].all_of(name)

    def test_is_told_what_is_left_in_the_clients_field_and_in_ours(self) -> None:
        lines = ("grpc-timeout: 1500m",)
        [clients] = self.told("grpc-timeout", *lines)
        [ours] = self.told("x-request-timeout-ms", *lines)
        assert clients.endswith("u")
        assert 1_000_000 < int(clients[:-1]) <= 1_500_000
        assert 1000 < int(ours) <= 1500

    def test_is_told_once_where_the_field_is_ours(self) -> None:
        [text] = self.told("x-request-timeout-ms", "x-request-timeout-ms: 1500")
        assert 1000 < int(text) <= 1500

    def test_is_told_the_routes_time_where_that_is_shorter(self) -> None:
        line = "x-envoy-upstream-rq-timeout-ms: 9000"
        [text] = self.told("x-envoy-upstream-rq-timeout-ms", line, route='deadline = "8s"')
        assert 1500 < int(text) <= 8000

    def test_gets_a_time_of_day_as_it_came(self) -> None:
        text = unix(2.0)
        assert self.told("x-request-deadline", f"X-Request-Deadline: {text}") == [text]

    def test_gets_a_sooner_one_where_the_route_ends_sooner(self) -> None:
        line = f"X-Request-Deadline: {unix(60.0)}"
        [text] = self.told("x-request-deadline", line, route='deadline = "2s"')
        assert 0.5 < float(text) - time.time() <= 2.0  # noqa: TID251  # it is a date

    def test_gets_all_fields_as_they_came_where_nothing_is_shortened(self) -> None:
        lines = ("grpc-timeout: 1H", "x-envoy-upstream-rq-timeout-ms: 90000")
        assert self.told("grpc-timeout", *lines) == ["1H"]
        assert self.told("x-envoy-upstream-rq-timeout-ms", *lines) == ["90000"]

    def test_has_less_and_less_time(self) -> None:
        async def fails_first(arrival: Arrival) -> None:
            if arrival.attempt == 2:
                arrival.answer()
            await arrival.gone.wait()

        scene: Scene = once(fails_first, TWICE, lines=("X-Request-Timeout-Ms: 1500",))
        times = [int(scene.of_attempt(n).field("x-request-timeout-ms") or 0) for n in (1, 2)]
        assert times[0] - times[1] >= 95

    def test_is_told_how_long_one_attempt_may_take(self) -> None:
        route = 'deadline = {default = "5s", per_try = "300ms"}'
        [text] = self.told("grpc-timeout", "grpc-timeout: 2S", route=route)
        assert int(text[:-1]) <= 300_000
