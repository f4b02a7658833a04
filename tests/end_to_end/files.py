"""What the tests of static files on real sockets share: a site, and one who asks for it."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from tests.fakes.gateway_client import Answer, Client, connected
from tests.fakes.gateway_running import Running, gateway, play

TEXT: Final = "".join(f"line {number}\n" for number in range(200))
LARGE: Final = os.urandom(3 * 1024 * 1024 + 17)


def site(tmp_path: Path) -> Path:
    """Make pages, a directory with an index and one without, a large file."""
    root = tmp_path / "site"
    (root / "dir" / "deep").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "index.html").write_text("<h1>home</h1>")
    (root / "dir" / "index.html").write_text("<h1>dir</h1>")
    (root / "dir" / "deep" / "page.html").write_text("page")
    (root / "text.txt").write_text(TEXT)
    (root / "with space.html").write_text("space")
    (root / "text..txt").write_text("dots")
    (root / "nothing.txt").write_text("")
    (root / ".env").write_text("secret")
    (root / "large.bin").write_bytes(LARGE)
    (tmp_path / "outside").write_text("outside")
    return root


@contextlib.asynccontextmanager
async def serving(root: Path, more: str = "", path: str = "/") -> AsyncIterator[Running]:
    """Serve it; ``more`` are further settings of its table."""
    table = f'{{dir = "{root}"{", " if more else ""}{more}}}'
    async with gateway(f'[[route]]\npath = "{path}"\nroot = {table}') as running:
        yield running


def asked(
    root: Path, target: str, *lines: str, method: str = "GET", more: str = "", path: str = "/"
) -> Answer:
    """Ask once."""

    async def main() -> Answer:
        async with serving(root, more, path) as running, connected(running.port) as client:
            client.ask(target, *lines, method=method)
            return await client.answer(to_head=method == "HEAD")

    return play(main())


def talk(
    root: Path, script: Callable[[Client, Running], Coroutine[Any, Any, Any]], more: str = ""
) -> Any:
    """Let a script talk on one connection."""

    async def main() -> Any:
        async with serving(root, more) as running, connected(running.port) as client:
            return await script(client, running)

    return play(main())


def open_files(name: str) -> int:
    """How many descriptors of this process are of a file of this name."""
    count = 0
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the one that lists them is gone
            count += name in os.readlink(f"/proc/self/fd/{fd}")
    return count
