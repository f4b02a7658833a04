"""The demo's servers: processes of their own, and gone when the demo is.

Starts ``hedgerow`` verbs by their command line, as anybody would, waits until each says
where it listens, and ends them by their ids.  Must not know what they are for.

Each is in a process group of its own, because Ctrl-C reaches all of a terminal's
foreground group: the upstream would be gone before the last answers are counted.  What
they write goes to files, which never block a writer as a full pipe does.
"""

import asyncio
import contextlib
import re
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hedgerow.errors import StartError

_LISTENS: Final = re.compile(r"^hedgerow: .* on (http://\S+)$", re.MULTILINE)
_START_TIMEOUT: Final = 15.0  # a cold interpreter on a busy machine takes some of them
_STOP_TIMEOUT: Final = 2.0


class Server:
    """One process; what it says is in a file."""

    def __init__(self, words: list[str], log: Path) -> None:
        self.log = log
        self._verb = f"hedgerow {words[0]}"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hedgerow", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    async def url(self) -> str:
        """Wait until it listens, and return where; raises StartError."""
        until = time.monotonic() + _START_TIMEOUT
        while (found := _LISTENS.search(self.said())) is None:
            self.check()
            if time.monotonic() > until:
                raise self._broken(f"not listening after {_START_TIMEOUT:g}s")
            await asyncio.sleep(0.02)
        return found[1]

    def said(self) -> str:
        """Return all that it wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def check(self) -> None:
        """Raise StartError when it is not running any more."""
        code = self._process.poll()
        if code is not None:
            raise self._broken(f"ended with code {code}")

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def end(self) -> None:
        """Wait a moment for it to end, and see to it that it does."""
        try:
            self._process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _broken(self, got: str) -> StartError:
        last = " | ".join(self.said().strip().splitlines()[-3:]) or "nothing"
        return StartError(
            self._verb, got=got, must="running until the demo ends", fix=f"It said: {last}"
        )


class Servers:
    """All that were started; leaving the context ends them, whatever happened inside."""

    def __init__(self) -> None:
        self._started: list[Server] = []

    def start(self, words: list[str], log: Path) -> Server:
        """Start ``hedgerow`` with these words."""
        server = Server(words, log)
        self._started.append(server)
        return server

    def check(self) -> None:
        """Raise StartError when one is not running any more."""
        for server in self._started:
            server.check()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for server in reversed(self._started):
            server.ask_to_end()
        for server in reversed(self._started):
            server.end()
