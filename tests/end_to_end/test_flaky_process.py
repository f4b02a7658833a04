"""``hedgerow flaky`` and ``hedgerow serve`` as two processes, started as anybody would."""

import asyncio
import signal
import socket
from pathlib import Path

import pytest

from tests.fakes.gateway_client import ask
from tests.fakes.gateway_flaky import stats
from tests.fakes.gateway_running import play
from tests.fakes.processes import hedgerow, ran

EXAMPLE = Path(__file__).parents[2] / "examples" / "smart" / "hedgerow.toml"
QUICK = ("--latency", "uniform:5ms..60ms", "--errors", "500:5%,429:5%", "--seed", "3")


class TestFlaky:
    def test_says_where_it_listens_and_answers_there(self) -> None:
        with hedgerow("flaky", "-p", "0", *QUICK) as process:
            assert process.told == f"hedgerow: flaky listens on http://127.0.0.1:{process.port}\n"
            assert play(ask(process.port, "/__behaviour")).json["latency"] == "uniform:5ms..60ms"

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
    def test_ends_when_it_is_asked_to(self, number: signal.Signals, code: int) -> None:
        with hedgerow("flaky", "-p", "0") as process:
            process.send(number)
            assert process.ended() == code

    def test_on_a_port_in_use_says_so(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            result = ran("flaky", "-p", port)
        assert result.returncode == 1
        assert f"port {port} = in use" in result.stderr


class TestSmartEndpoint:
    def test_keeps_its_promise_in_front_of_it(self, tmp_path: Path) -> None:
        async def users(port: int) -> list[int]:
            asking = (ask(port, "/api/smart/1000") for _ in range(100))
            return [answer.status for answer in await asyncio.gather(*asking)]

        with hedgerow("flaky", "-p", "0", *QUICK) as upstream:
            file = tmp_path / "hedgerow.toml"
            text = EXAMPLE.read_text().replace("http://127.0.0.1:9000", upstream.url)
            file.write_text(text.replace("127.0.0.1:8080", "127.0.0.1:0"))
            with hedgerow("serve", "-c", str(file)) as gateway:
                statuses = play(users(gateway.port))
                told = play(stats(upstream.port))
        assert statuses.count(200) >= 95  # three errors in a row: one in a thousand
        assert told["received"] > 100
