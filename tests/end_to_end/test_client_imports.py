"""What importing the client's room costs: a process of its own, to see what comes along."""

import subprocess
import sys

import pytest

SHOW = "import sys; import {room}; print(*sys.modules)"


def imported_with(room: str) -> set[str]:
    shown = subprocess.run(
        [sys.executable, "-c", SHOW.format(room=room)], capture_output=True, text=True, check=True
    )
    return set(shown.stdout.split())


class TestImport:
    @pytest.mark.parametrize("library", ["httpx", "aiohttp", "uvloop", "httptools", "msgspec"])
    def test_of_the_room_brings_no_library_along(self, library: str) -> None:
        assert library not in imported_with("hedgerow.client")

    @pytest.mark.parametrize(("client", "other"), [("httpx", "aiohttp"), ("aiohttp", "httpx")])
    def test_of_one_client_brings_only_its_own_along(self, client: str, other: str) -> None:
        modules = imported_with(f"hedgerow.client.{client}")
        assert client in modules
        assert other not in modules
