"""The FastAPI example under uvicorn, started as its README says, before a scripted upstream.

All that is told of it below is played on one process, one request after the other.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.client.real_time import eventually, play
from tests.client.treatments import answers_html, in_turn, refuses
from tests.fakes.gateway_upstream import Arrival, Script, Upstream, is_silent, upstream

ROOT = Path(__file__).parents[2]
SUCCESS = {"time": 345, "message": "SUCCESS"}
ERROR = {"message": "ERROR"}
MALFORMED = {"message": "Endpoint timeout parameter should be integer"}
TOO_SHORT = {"message": "Endpoint timeout parameter should be above 300"}
#: Beyond the deadline, on a machine that does other things too; the promise is 0.05.
LATE = 0.25


async def answers_well(arrival: Arrival) -> None:
    arrival.answer(200, b'{"time": 345}')


async def answers_soon(arrival: Arrival) -> None:
    """Late enough for the other copy to arrive too."""
    await asyncio.sleep(0.1)
    await answers_well(arrival)


async def answers_without_time(arrival: Arrival) -> None:
    arrival.answer(200, b"[]")


async def is_limited(arrival: Arrival) -> None:
    arrival.answer(429)


async def is_late(arrival: Arrival) -> None:
    await asyncio.sleep(0.45)
    await answers_well(arrival)


@dataclass(frozen=True)
class Scene:
    """What is asked for, and what the upstream does to the attempts."""

    timeout: str
    script: Script


SCENES = {
    "good": Scene("1000", answers_well),
    "shortest": Scene("300", answers_well),
    "slow": Scene("1000", in_turn(is_silent, answers_soon)),
    "late": Scene("1000", in_turn(is_late, is_silent)),
    "failing once": Scene("1000", in_turn(refuses, answers_soon)),
    "limited twice": Scene("1000", in_turn(is_limited, is_limited, answers_soon)),
    "not json": Scene("1000", in_turn(answers_html, answers_soon)),
    "not the json": Scene("1000", in_turn(answers_without_time, answers_soon)),
    "failing": Scene("1000", refuses),
    "silent": Scene("700", is_silent),
    "failing once then silent": Scene("700", in_turn(refuses, is_silent)),
    "silent and too short for copies": Scene("300", is_silent),
    **{f"/{text}": Scene(text, is_silent) for text in ("soon", "300.5", "1e3", "%20500", "%D9%A3")},
    **{f"/{text}": Scene(text, is_silent) for text in ("299", "0", "-500")},
}


@dataclass(frozen=True)
class Played:
    status: int
    body: object
    seconds: float
    attempts: int


@contextmanager
def served(upstream_url: str) -> Iterator[str]:
    """Run the app; connections wait in the socket's backlog until it is up."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as sock:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--app-dir", str(ROOT / "examples" / "smart")),
                *("app:app", "--fd", str(sock.fileno()), "--log-level", "warning"),
            ],
            pass_fds=[sock.fileno()],
            env={**os.environ, "UPSTREAM": upstream_url, "PYTHONPATH": str(ROOT / "src")},
        )
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}/api/smart/"
        finally:
            process.terminate()
            process.wait(20)


async def play_scene(url: str, up: Upstream, scene: Scene) -> Played:
    up.script = scene.script
    up.arrivals.clear()
    async with aiohttp.ClientSession() as session:
        started_at = time.monotonic()
        address = URL(url + scene.timeout, encoded=True)
        async with session.get(address) as answer:
            body = await answer.json()
        seconds = time.monotonic() - started_at
    await eventually(lambda: not up._tasks)  # whom nobody answers waits for being cancelled
    return Played(answer.status, body, seconds, len(up.arrivals))


@pytest.fixture(scope="module")
def stage() -> dict[str, Played]:
    async def main() -> dict[str, Played]:
        async with upstream(answers_well) as up:
            with served(f"{up.url}/api/work") as url:
                await play_scene(url, up, SCENES["good"])  # the first one waits for the start
                return {name: await play_scene(url, up, scene) for name, scene in SCENES.items()}

    return play(main(), seconds=60)


def told(stage: dict[str, Played], name: str) -> tuple[int, object, int]:
    played = stage[name]
    return played.status, played.body, played.attempts


class TestGoodAnswer:
    @pytest.mark.parametrize("name", ["good", "shortest"])
    def test_is_passed_on_at_once(self, stage: dict[str, Played], name: str) -> None:
        assert told(stage, name) == (200, SUCCESS, 1)

    @pytest.mark.parametrize("name", ["slow", "late"])
    def test_may_come_from_any_attempt(self, stage: dict[str, Played], name: str) -> None:
        assert told(stage, name) == (200, SUCCESS, 3)

    @pytest.mark.parametrize("name", ["failing once", "limited twice", "not json", "not the json"])
    def test_may_come_from_a_copy_at_once(self, stage: dict[str, Played], name: str) -> None:
        assert told(stage, name) == (200, SUCCESS, 3)
        assert stage[name].seconds < 0.6


class TestError:
    def test_is_a_bad_gateway_when_all_failed(self, stage: dict[str, Played]) -> None:
        assert told(stage, "failing") == (502, ERROR, 3)
        assert stage["failing"].seconds < 0.6

    @pytest.mark.parametrize("name", ["silent", "failing once then silent"])
    def test_is_a_timeout_when_the_deadline_has_passed(
        self, stage: dict[str, Played], name: str
    ) -> None:
        assert told(stage, name) == (504, ERROR, 3)
        assert 0.68 <= stage[name].seconds < 0.7 + 4 * LATE

    def test_is_a_timeout_too_where_there_was_no_time_for_copies(
        self, stage: dict[str, Played]
    ) -> None:
        assert told(stage, "silent and too short for copies") == (504, ERROR, 1)


class TestRefusal:
    @pytest.mark.parametrize("text", ["soon", "300.5", "1e3", "%20500", "%D9%A3"])
    def test_says_that_it_must_be_an_integer(self, stage: dict[str, Played], text: str) -> None:
        assert told(stage, f"/{text}") == (400, MALFORMED, 0)

    @pytest.mark.parametrize("text", ["299", "0", "-500"])
    def test_says_that_it_must_be_above_300(self, stage: dict[str, Played], text: str) -> None:
        assert told(stage, f"/{text}") == (400, TOO_SHORT, 0)
