"""More clients than descriptors: nobody is refused, nothing crashes."""

import asyncio
import os
from collections import Counter

from tests.fakes.gateway_client import connected
from tests.fakes.gateway_running import play
from tests.fakes.gateway_upstream import Arrival, upstream
from tests.fakes.processes import Process, hedgerow

LIMIT = 200
CLIENTS = 400


class TestTooManyClients:
    def test_are_all_served_in_the_end(self) -> None:
        async def main() -> tuple[Counter[object], Process, int, str]:
            async def takes_a_moment(arrival: Arrival) -> None:
                await asyncio.sleep(0.02)
                arrival.answer()

            async with upstream(takes_a_moment) as up:
                with hedgerow("serve", up.url, "-p", "0", descriptors=LIMIT) as process:
                    outcomes = await asyncio.gather(*(one(process) for _ in range(CLIENTS)))
                    held = len(os.listdir(f"/proc/{process.pid}/fd"))
                    return Counter(outcomes), process, held, process.told

        outcomes, _, held, told = play(main(), seconds=60)
        assert sum(outcomes.values()) == CLIENTS
        assert outcomes.keys() <= {200, 503}
        assert held < LIMIT
        assert told.splitlines() == told.splitlines()[:1], told  # that it serves, and no more


async def one(process: Process) -> object:
    """One client's request; its status, or what kept it from getting one."""
    try:
        async with connected(process.port) as client:
            client.ask("/")
            answer = await client.answer()
            return answer.status or answer.end
    except OSError as error:
        return repr(error)
