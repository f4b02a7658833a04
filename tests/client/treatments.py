"""What the scripted upstream does to the requests of the client tests, in their order."""

import asyncio
from typing import Final

from tests.fakes.gateway_upstream import Arrival, Script

#: So short that the tests are quick.  Only silence depends on it: nothing else is slow here.
DELAY: Final = 0.05
COPY: Final = {"time": 2}


def in_turn(*treatments: Script) -> Script:
    """Treat the first request by the first, and so on; the rest by the last."""
    left = list(treatments)

    async def script(arrival: Arrival) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(arrival)

    return script


async def answers_as_copy(arrival: Arrival) -> None:
    arrival.answer(200, b'{"time": 2}')


async def refuses(arrival: Arrival) -> None:
    arrival.answer(503, b"busy")


async def answers_html(arrival: Arrival) -> None:
    arrival.answer(200, b"<html>", kind="text/html")


async def breaks_off(arrival: Arrival) -> None:
    arrival.begin("Content-Length: 100")
    arrival.send(b"ten bytes.")
    arrival.close()


async def drips(arrival: Arrival) -> None:
    """Sends a body that never ends."""
    arrival.begin()
    while not arrival.gone.is_set():
        arrival.chunk(b".")
        await asyncio.sleep(0.01)
