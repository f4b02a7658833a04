"""Request ids, trace contexts and access logs on real sockets."""

from pathlib import Path

from tests.fakes.gateway_client import Answer, ask
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, answers, upstream


def asked(server: str, *lines: str, target: str = "/") -> tuple[Answer, Arrival]:
    async def main() -> tuple[Answer, Arrival]:
        async with (
            upstream(answers) as up,
            gateway(settings(up.url, server=server)) as running,
        ):
            answer = await ask(running.port, target, *lines)
            return answer, up.arrivals[0]

    return play(main())


class TestRequestId:
    def test_is_the_same_for_client_upstream_and_log(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        server = f'request_id = "X-Request-Id"\naccess_log = "{log}"'
        answer, arrival = asked(server, "X-Request-Id: forged")
        name = answer.field("x-request-id")
        assert name is not None
        assert arrival.all_of("x-request-id") == [name]
        assert log.read_text().endswith(f" {name}\n")
        assert name != "forged"

    def test_of_a_proxy_in_front_is_kept(self) -> None:
        server = 'request_id = "X-Request-Id"\nforwarded = "append"'
        answer, arrival = asked(server, "X-Request-Id: front-1")
        assert answer.field("x-request-id") == "front-1"
        assert arrival.all_of("x-request-id") == ["front-1"]


class TestTraceparent:
    def test_is_started(self) -> None:
        _, arrival = asked("traceparent = true")
        assert (arrival.field("traceparent") or "").startswith("00-")

    def test_is_passed_on(self) -> None:
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        for server in ("", "traceparent = true"):
            _, arrival = asked(server, f"traceparent: {trace}", "tracestate: a=b")
            assert arrival.all_of("traceparent") == [trace]
            assert arrival.field("tracestate") == "a=b"


class TestAccessLog:
    def test_has_the_form_that_is_asked_for(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        asked(f'access_log = "{log}"\naccess_log_format = "combined"', "User-Agent: x", target="/y")
        assert '"GET /y HTTP/1.1" 200' in log.read_text()
        assert log.read_text().endswith('"-" "x"\n')

    def test_is_opened_again_when_it_was_moved(self, tmp_path: Path) -> None:
        log, moved = tmp_path / "log", tmp_path / "log.1"

        async def main() -> None:
            async with (
                upstream(answers) as up,
                gateway(settings(up.url, server=f'access_log = "{log}"')) as running,
            ):
                await ask(running.port, "/before")
                log.rename(moved)
                await ask(running.port, "/between")
                running.gateway.reopen_logs()
                await ask(running.port, "/after")

        play(main())
        assert "/before" in moved.read_text()
        assert "/between" in moved.read_text()
        assert "/after" in log.read_text()
        assert "/before" not in log.read_text()
