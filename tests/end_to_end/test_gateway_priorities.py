"""Who is turned away first while the gateway's own process does not keep up."""

import asyncio
import contextlib
import io
import time
from collections.abc import AsyncIterator

from hedgerow.policy.loop_lag import LoopLagShedder
from hedgerow.policy.refusals import Reason
from hedgerow.serve.access_log import AccessLog
from tests.fakes.gateway_client import ask
from tests.fakes.gateway_running import Running, eventually, gateway, play, settings
from tests.fakes.gateway_upstream import answers, upstream

ASKS = 'priority = {from = "header.Priority", most_urgent = 0}'
MOST, USUAL, LEAST = "Priority: u=0", "Priority: u=3", "Priority: u=7"


def shedder(running: Running) -> LoopLagShedder:
    found = running.gateway.surroundings.shedder
    assert found is not None
    return found


async def lags(running: Running, seconds: float = 0.2) -> None:
    """Make the loop late twice in a row."""
    loop = asyncio.get_running_loop()
    for _ in range(3):
        loop.call_soon(time.sleep, seconds)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert shedder(running).stage


@contextlib.asynccontextmanager
async def serving(route: str = ASKS, server: str = "") -> AsyncIterator[Running]:
    async with (
        upstream(answers) as up,
        gateway(settings(up.url, route, server=server)) as running,
    ):
        yield running


class TestProcessThatLags:
    def test_turns_away_what_matters_least(self) -> None:
        async def main() -> list[int]:
            async with serving() as running:
                await lags(running)
                found = [(await ask(running.port, "/", line)).status for line in (MOST, LEAST)]
                assert running.gateway.surroundings.refusals == {Reason.PROCESS_OVERLOADED: 1}
                return found

        assert play(main()) == [200, 503]

    def test_says_when_to_come_back(self) -> None:
        async def main() -> None:
            async with serving() as running:
                await lags(running)
                answer = await ask(running.port, "/", LEAST)
                assert int(answer.field("retry-after") or 0) >= 1
                assert answer.json["detail"] == "the gateway is overloaded"

        play(main())

    def test_serves_all_again_when_it_keeps_up(self) -> None:
        async def main() -> int:
            async with serving() as running:
                await lags(running)
                await eventually(lambda: shedder(running).stage == 0, seconds=10.0)
                return (await ask(running.port, "/", LEAST)).status

        assert play(main()) == 200

    def test_notes_whom_it_turned_away_in_the_log(self) -> None:
        written = io.BytesIO()

        async def main() -> None:
            async with serving() as running:
                running.gateway._outputs.access_log = AccessLog(written, "text")
                await lags(running)
                await ask(running.port, "/quickly", LEAST)

        play(main())
        assert b'"GET /quickly" 503 ' in written.getvalue()

    def test_turns_nobody_away_where_it_may_not(self) -> None:
        async def main() -> int:
            async with serving(server="shed = false") as running:
                loop = asyncio.get_running_loop()
                for _ in range(3):
                    loop.call_soon(time.sleep, 0.15)
                    await asyncio.sleep(0.01)
                return (await ask(running.port, "/", LEAST)).status

        assert play(main()) == 200

    def test_believes_no_more_than_the_route_says(self) -> None:
        async def main() -> list[int]:
            async with serving('priority = {default = 7, from = "header.Priority"}') as running:
                await lags(running)
                return [(await ask(running.port, "/", line)).status for line in (MOST, USUAL)]

        assert play(main()) == [503, 503]
