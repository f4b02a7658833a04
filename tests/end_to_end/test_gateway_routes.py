"""Where requests go, and what goes there."""

import asyncio

import pytest

from tests.fakes.gateway_client import Answer, ask, connected
from tests.fakes.gateway_once import once
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, answers, upstream


async def echoes_its_target(arrival: Arrival) -> None:
    arrival.answer(200, arrival.target.encode())


def reached(route: str, target: str) -> str:
    """The target that the upstream gets."""
    return once(echoes_its_target, route, target=target).answer.body.decode()


class TestPath:
    def test_goes_upstream_as_it_came(self) -> None:
        assert reached("", "/a%2Fb/c?d=%20&e") == "/a%2Fb/c?d=%20&e"

    def test_may_be_another_one_there(self) -> None:
        route = 'path = "/o/{order}/i/{item}"\nrewrite = "/items/{item}/of/{order}"'
        assert reached(route, "/o/7/i/b%20c?x=1") == "/items/b%20c/of/7?x=1"

    @pytest.mark.parametrize(
        ("target", "there"), [("/files/a/b?c", "/data/a/b?c"), ("/files/", "/data/")]
    )
    def test_may_have_another_prefix_there(self, target: str, there: str) -> None:
        assert reached('path = "/files/"\nrewrite = "/data/"', target) == there

    @pytest.mark.parametrize(
        "target", ["/files/../files/a", "/x/%2e%2e/files/a", "/%66iles/./a", "http://h/files/a"]
    )
    def test_is_matched_and_sent_in_one_spelling(self, target: str) -> None:
        assert reached('path = "/files/"', target) == "/files/a"

    @pytest.mark.parametrize("target", ["/files/../etc/passwd", "/files/%2e%2e/%2e/etc", "/file"])
    def test_that_leads_elsewhere_is_not_found(self, target: str) -> None:
        scene = once(answers, 'path = "/files/"', target=target)
        assert (scene.answer.status, scene.attempts) == (404, [])

    @pytest.mark.parametrize("target", ["/..", "/files/../../etc"])
    def test_above_the_root_is_refused(self, target: str) -> None:
        scene = once(answers, target=target)
        assert (scene.answer.status, scene.attempts) == (400, [])


class TestMethod:
    def test_that_the_route_does_not_take_is_refused(self) -> None:
        route = 'path = "/a"\nmethods = ["GET", "PUT"]'
        answer = once(answers, route, target="/a", method="DELETE").answer
        assert (answer.status, answer.field("allow")) == (405, "GET, PUT")
        assert answer.json["status"] == 405

    def test_head_gets_the_head_only(self) -> None:
        async def knows_head(arrival: Arrival) -> None:
            assert arrival.method == "HEAD"
            arrival.begin("Content-Length: 1234567")

        answer = once(knows_head, method="HEAD").answer
        assert (answer.status, answer.field("content-length"), answer.body) == (200, "1234567", b"")


class TestHost:
    def test_chooses_the_route(self) -> None:
        async def main() -> list[bytes]:
            async with upstream(echoes_its_target) as up:
                text = settings(up.url, 'path = "/"\nhost = "a.test"\nrewrite = "/of-a/"')
                text += '[[route]]\npath = "/"\nhost = "b.test"\nrewrite = "/of-b/"\n'
                async with gateway(text) as running, connected(running.port) as client:
                    bodies = []
                    for host in ("a.test", "B.test:80", "c.test"):
                        client.writer.write(f"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                        bodies.append((await client.answer()).body)
                    return bodies

        a, b, c = play(main())
        assert (a, b) == (b"/of-a/x", b"/of-b/x")
        assert b'"status":404' in c

    def test_is_the_one_that_the_client_asked_for(self) -> None:
        assert once(answers).arrivals[0].all_of("host") == ["gateway.test"]


class TestRepliesOfTheRoute:
    ROUTE = """
        hedge = {max_attempts = 2, budget = "off", same_replica = true}
        deadline = {from = "query.t", min = "100ms", max = "1s"}
        success = {status = [200], body = "json"}
        [route.replies]
        success = {status = 201, json = {t = "{body.time}", a = ["{body.a}"]}, headers = {X = "y"}}
        exhausted = {status = 599, text = "exhausted"}
        expired = {status = 598, text = "expired"}
        deadline_malformed = {status = 498, text = "malformed"}
        deadline_too_short = {status = 497, text = "too short"}
    """

    def asked(self, target: str, status: int = 200, seconds: float = 0.0) -> Answer:
        async def script(arrival: Arrival) -> None:
            await asyncio.sleep(seconds)
            arrival.answer(status, b'{"time": 7.5, "a": {"b": [1, null]}}')

        return once(script, self.ROUTE, target=target).answer

    def test_say_success_in_their_own_way(self) -> None:
        answer = self.asked("/")
        assert (answer.status, answer.json) == (201, {"t": 7.5, "a": [{"b": [1, None]}]})
        assert (answer.field("x"), answer.field("content-type")) == ("y", "application/json")

    @pytest.mark.parametrize(
        ("target", "upstream_status", "seconds", "status", "text"),
        [
            ("/", 500, 0.0, 599, b"exhausted"),
            ("/?t=100", 200, 0.3, 598, b"expired"),
            ("/?t=soon", 200, 0.0, 498, b"malformed"),
            ("/?t=", 200, 0.0, 498, b"malformed"),
            ("/?t=99", 200, 0.0, 497, b"too short"),
        ],
    )
    def test_say_failure_in_their_own_way(
        self, target: str, upstream_status: int, seconds: float, status: int, text: bytes
    ) -> None:
        answer = self.asked(target, upstream_status, seconds)
        assert (answer.status, answer.body) == (status, text)


class TestDeadlineOfTheRequest:
    def test_may_stand_in_a_field(self) -> None:
        async def late(arrival: Arrival) -> None:
            await asyncio.sleep(0.5)
            arrival.answer()

        route = 'deadline = {from = "header.X-Request-Timeout-Ms", max = "60s"}'
        scene = once(late, route, lines=("X-Request-Timeout-Ms: 120",))
        assert scene.answer.status == 504
        assert 0.09 <= scene.answer.took < 0.45  # counted from when the gateway had it
        assert 100 <= int(scene.arrivals[0].all_of("x-request-timeout-ms")[0]) <= 120

    def test_cannot_be_longer_than_the_route_allows(self) -> None:
        scene = once(answers, 'deadline = {from = "query.t", max = "2s"}', target="/?t=999999")
        assert int(scene.arrivals[0].field("x-request-timeout-ms") or 0) <= 2000


class TestConnection:
    def test_serves_many_requests(self) -> None:
        async def main() -> tuple[list[int], int, int]:
            async with upstream(answers) as up, gateway(settings(up.url)) as running:
                async with connected(running.port) as client:
                    statuses = []
                    for number in range(20):
                        client.ask(f"/{number}")
                        statuses.append((await client.answer()).status)
                return statuses, len(up.arrivals), len(up.connections)

        assert play(main()) == ([200] * 20, 20, 1)

    def test_to_the_upstream_may_have_been_closed_meanwhile(self) -> None:
        """A kept connection that ends just as we use it is not the request's fault."""

        async def answers_and_closes(arrival: Arrival) -> None:
            arrival.answer()
            await asyncio.sleep(0.02)
            arrival.reset()

        async def main() -> list[int]:
            async with upstream(answers_and_closes) as up, gateway(settings(up.url)) as running:
                statuses = []
                for _ in range(30):
                    statuses.append((await ask(running.port)).status)
                    await asyncio.sleep(0.001 * (len(statuses) % 25))
                return statuses

        assert play(main()) == [200] * 30
