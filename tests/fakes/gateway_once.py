"""The commonest scene: one upstream, one gateway, one request, and what became of it."""

import asyncio
from dataclasses import dataclass

from tests.fakes.gateway_client import Answer, ask
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, End, Script, upstream

#: For a reset to travel and be noticed; nothing waits for less.
SETTLED = 0.05


@dataclass
class Scene:
    """One request from both sides."""

    answer: Answer
    arrivals: list[Arrival]  # in the order in which they came
    ends: dict[int, End | None]  # how each attempt's connection ended, by number, if it did

    @property
    def attempts(self) -> list[int]:
        return sorted(arrival.attempt for arrival in self.arrivals)

    def of_attempt(self, number: int) -> Arrival:
        return next(arrival for arrival in self.arrivals if arrival.attempt == number)


def once(
    script: Script,
    route: str = "",
    *,
    target: str = "/",
    lines: tuple[str, ...] = (),
    method: str = "GET",
    body: bytes = b"",
    server: str = "",
) -> Scene:
    """Ask once, through a route with these settings; the upstream plays this script."""

    async def main() -> Scene:
        async with (
            upstream(script) as up,
            gateway(settings(up.url, route, server=server)) as running,
        ):
            answer = await ask(running.port, target, *lines, method=method, body=body)
            await asyncio.sleep(SETTLED)
            ends = {arrival.attempt: arrival.how_gone for arrival in up.arrivals}
            return Scene(answer, list(up.arrivals), ends)

    return play(main())
