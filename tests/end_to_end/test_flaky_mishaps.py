"""Each mishap as a raw client sees it, over real sockets; the table is in ``faults/mishap.py``."""

import asyncio

import pytest

from tests.fakes.gateway_client import Answer, ask, connected
from tests.fakes.gateway_flaky import flaky, stats
from tests.fakes.gateway_running import eventually, gateway, play, settings


def met(mishap: str) -> Answer:
    async def main() -> Answer:
        async with flaky(errors=f"{mishap}:100%") as (_, port):
            return await ask(port, "/api/work")

    return play(main())


class TestMishap:
    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_of_a_status_is_a_whole_answer(self, status: int) -> None:
        answer = met(str(status))
        assert (answer.status, answer.end) == (status, "whole")
        assert answer.json["status"] == status

    def test_of_a_status_may_say_when_to_come_back(self) -> None:
        assert met("429+2s").field("retry-after") == "2"

    def test_of_a_reset_leaves_nothing(self) -> None:
        answer = met("reset")
        assert (answer.status, answer.end) == (0, "reset")

    def test_of_a_reset_in_the_body_leaves_a_part_of_it(self) -> None:
        answer = met("reset-body")
        assert (answer.status, answer.end) == (200, "reset")
        assert 0 < answer.body_size < int(answer.field("content-length") or 0)

    def test_of_a_truncated_body_ends_cleanly(self) -> None:
        answer = met("truncate")
        assert (answer.status, answer.end) == (200, "cut short")
        assert 0 < answer.body_size < int(answer.field("content-length") or 0)

    def test_of_a_drip_takes_its_time_and_is_whole(self) -> None:
        answer = met("drip+200ms")
        assert (answer.json, answer.end) == ({"time": 1}, "whole")
        assert answer.took >= 0.17

    def test_of_a_wrong_type_is_no_json(self) -> None:
        answer = met("wrong-type")
        assert (answer.status, answer.field("content-type")) == (200, "text/plain")

    def test_of_bad_json_says_that_it_is_json(self) -> None:
        answer = met("bad-json")
        assert answer.field("content-type") == "application/json"
        assert (answer.end, answer.body) == ("whole", b'{"time": ')

    def test_of_a_hang_is_silence(self) -> None:
        async def main() -> bool:
            async with flaky(errors="hang:100%") as (_, port), connected(port) as client:
                client.ask("/api/work")
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await client.answer()
                return bool((await stats(port))["in_flight"] == 1)

        assert play(main())

    def test_of_a_refusal_is_the_end_of_a_connection(self) -> None:
        async def main() -> tuple[bool, int]:
            async with flaky(errors="refuse:100%") as (server, port):
                async with connected(port) as client:
                    closed = await client.closed()
                refused = server.statistics()["refused_connections"]
                assert isinstance(refused, int)
                return closed, refused

        assert play(main()) == (True, 1)


class TestClientThatLeaves:
    @pytest.mark.parametrize(("notices", "ends"), [("yes", "cancelled"), ("no", "wasted")])
    def test_is_seen_in_the_statistics(self, notices: str, ends: str) -> None:
        async def main() -> tuple[int, int]:
            async with flaky(latency="constant:500ms", notices_cancel=notices) as (_, port):
                async with connected(port) as client:
                    client.ask("/api/work")
                    await asyncio.sleep(0.03)
                    client.leave()
                await asyncio.sleep(0.6)
                told = await stats(port)
                return told["cancelled"], told["station"][ends]

        assert play(main()) == (1, 1)


class TestBehindTheGateway:
    """What the gateway does for a client that leaves, as its upstream counts it."""

    ROUTE = 'hedge = {delay = "30ms", extra = 2, same_replica = true}'

    def test_sees_every_attempt_of_a_client_that_left_as_cancelled(self) -> None:
        async def main() -> dict[str, object]:
            async with flaky(latency="constant:10s") as (server, port):
                text = settings(f"http://127.0.0.1:{port}", self.ROUTE)
                async with gateway(text) as running:
                    async with connected(running.port) as client:
                        client.ask("/")
                        await eventually(lambda: server.statistics()["in_flight"] == 3)
                        client.leave()
                    await eventually(lambda: server.statistics()["cancelled"] == 3)
                    return server.statistics()

        assert play(main())["in_flight"] == 0

    def test_sees_the_losers_as_cancelled(self) -> None:
        async def main() -> dict[str, object]:
            async with flaky(latency="uniform:100ms..400ms") as (server, port):
                text = settings(f"http://127.0.0.1:{port}", self.ROUTE)
                async with gateway(text) as running:
                    answer = await ask(running.port, "/")
                    assert answer.status == 200
                    await eventually(lambda: server.statistics()["in_flight"] == 0)
                    return server.statistics()

        told = play(main())
        assert (told["received"], told["answered"], told["cancelled"]) == (3, 1, 2)


class TestCapacity:
    def test_refuses_the_fifth_of_two_workers_and_two_places(self) -> None:
        async def main() -> list[int]:
            async with flaky(latency="constant:100ms", workers=2, queue=2) as (_, port):
                asked = [asyncio.ensure_future(ask(port, "/")) for _ in range(5)]
                return sorted([(await answer).status for answer in asked])

        assert play(main()) == [200, 200, 200, 200, 503]


class TestControl:
    def test_changes_what_comes_next(self) -> None:
        async def main() -> list[int]:
            async with flaky() as (_, port), connected(port) as client:
                statuses = []
                for change in (b'{"errors": "503:100%"}', b'{"errors": "off"}', b'{"errors": 7}'):
                    client.ask("/__behaviour", method="PATCH", body=change)
                    statuses.append((await client.answer()).status)
                    client.ask("/api/work")
                    statuses.append((await client.answer()).status)
                return statuses

        assert play(main()) == [200, 503, 200, 200, 422, 200]

    def test_answers_a_change_that_says_nothing(self) -> None:
        async def main() -> Answer:
            async with flaky() as (_, port):
                return await ask(port, "/__behaviour", method="PATCH")

        assert play(main()).status == 400

    def test_can_be_sent_back_what_it_said(self) -> None:
        async def main() -> tuple[object, object]:
            async with flaky(errors="500:5%,429+1s:2%") as (_, port):
                before = await ask(port, "/__behaviour")
                after = await ask(port, "/__behaviour", method="PATCH", body=before.body)
                return before.json, after.json

        before, after = play(main())
        assert before == after


class TestManyRequests:
    def test_add_up(self) -> None:
        async def main() -> dict[str, int]:
            errors = "500:10%,reset:10%,reset-body:10%,truncate:10%,bad-json:10%,refuse:5%"
            async with flaky(errors=errors, latency="uniform:1ms..20ms") as (_, port):
                await asyncio.gather(*(ask(port, "/") for _ in range(300)), return_exceptions=True)
                return await quiet_stats(port)

        told = play(main())
        assert told["answered"] + told["broken"] == told["received"]
        assert told["received"] + told["refused_connections"] >= 300
        assert told["broken"] > 0


async def quiet_stats(port: int) -> dict[str, int]:
    """The statistics; asked again where the asking itself was refused."""
    for _ in range(100):
        answer = await ask(port, "/__stats")
        if answer.status == 200:
            result: dict[str, int] = answer.json
            return result
    raise AssertionError("refused a hundred times")
