"""``hedgerow ...`` as a process of its own: started, waited for, and always ended.

Leaving the context kills by process id, whatever happened inside.  What a process writes
goes to files, because a full pipe would stop it.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[2] / "src"
_LISTENS: Final = re.compile(r"^hedgerow: .* on (?:https?://(\S+):(\d+)|unix:(\S+))$", re.MULTILINE)
#: A cold interpreter on a busy machine takes some of it.
_START_SECONDS: Final = 20.0


class Process:
    """One running verb."""

    def __init__(self, popen: "subprocess.Popen[bytes]", folder: Path) -> None:
        self._popen = popen
        self._folder = folder

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def port(self) -> int:
        """Where it listens, once it has said so."""
        found = _LISTENS.search(self.told)
        assert found is not None, self.told
        return int(found[2])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def told(self) -> str:
        """All that it wrote to stderr so far."""
        return (self._folder / "stderr").read_text()

    @property
    def printed(self) -> str:
        """All that it wrote to stdout so far."""
        return (self._folder / "stdout").read_text()

    @property
    def is_running(self) -> bool:
        return self._popen.poll() is None

    @property
    def memory(self) -> float:
        """Resident memory in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def ended(self, seconds: float = 10.0) -> int:
        """Wait for its end, and return the exit code."""
        return self._popen.wait(seconds)

    def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait for something that this process brings about."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"it did not happen; it said: {self.told}"
            time.sleep(0.01)

    def until_listening(self) -> None:
        def listens() -> bool:
            assert self.is_running or _LISTENS.search(self.told), self.told
            return _LISTENS.search(self.told) is not None

        self.until(listens, _START_SECONDS)

    def end(self) -> None:
        """Kill it if it still runs."""
        if self.is_running:
            self._popen.kill()
        self._popen.wait()


def command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "hedgerow", *words]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "200", "NO_COLOR": "1"}


@contextlib.contextmanager
def hedgerow(*words: str, descriptors: int | None = None, waits: bool = True) -> Iterator[Process]:
    """Run a verb; ``descriptors`` is its limit on open files, soft and hard."""
    line = command(words)
    if descriptors is not None:
        line = ["/bin/sh", "-c", f'ulimit -n {descriptors} && exec "$0" "$@"', *line]
    with tempfile.TemporaryDirectory(prefix="hedgerow-test-") as name:
        folder = Path(name)
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            popen = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment(),
                process_group=0,  # Ctrl-C in a terminal is for the tests, not for it
            )
        process = Process(popen, folder)
        try:
            if waits:
                process.until_listening()
            yield process
        finally:
            process.end()


def ran(*words: str, seconds: float = 20.0) -> "subprocess.CompletedProcess[str]":
    """Run a verb that ends by itself."""
    return subprocess.run(
        command(words),
        capture_output=True,
        text=True,
        timeout=seconds,
        env=environment(),
        stdin=subprocess.DEVNULL,
        check=False,
    )
