"""Gateway and upstream, running, and the ways to look at them."""

import contextlib
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus.cores import Cores, ourselves_on
from benchmarks.apparatus.footprint import MemoryWatch
from benchmarks.apparatus.processes import Running, free_port, running
from benchmarks.peers import hedgerow
from benchmarks.peers.contender import Site
from benchmarks.stream.curl import Curl
from benchmarks.stream.pattern import LONGEST_PIECE, piece
from benchmarks.stream.upstream import Seen

#: Armed, and never fired by a body that is under way: an answer is chosen at its head.
_ROUTE: Final = 'hedge = {delay = "1s", extra = 1, same_replica = true}'
_SAMPLE: Final = 0.1  # seconds between two looks at the memory
_WARM_UP: Final = 4 << 20  # bytes each way before the first look: code and buffers are there


class Bench:
    """Transfers between one client, one gateway and one upstream."""

    def __init__(self, site: Site, front: Running, cores: Cores, file: Path) -> None:
        self.cores = cores
        self.curl = Curl(cores.client)
        self.file = file  # the body, for uploads
        self.front = front
        self._site = site

    def through(self, path: str) -> str:
        """Give the URL by way of the gateway."""
        return f"http://127.0.0.1:{self._site.port}{path}"

    def direct(self, path: str) -> str:
        """Give the URL past the gateway."""
        return f"http://127.0.0.1:{self._site.upstream_port}{path}"

    def memory(self) -> MemoryWatch:
        """Prepare to watch the gateway's memory."""
        return MemoryWatch(self.front.pid, _SAMPLE)

    def seen(self, name: str) -> Seen:
        """Ask the upstream what became of a transfer."""
        with urllib.request.urlopen(self.direct("/seen"), timeout=10) as answer:
            told: dict[str, Any] = json.load(answer)
        return Seen(**told[name]) if name in told else Seen()

    def seen_when(self, name: str, holds: Callable[[Seen], bool], within: float) -> Seen:
        """Ask until it holds, or for so many seconds."""
        give_up_at = time.monotonic() + within
        while not holds(seen := self.seen(name)) and time.monotonic() < give_up_at:
            time.sleep(0.02)
        return seen

    def warm_up(self) -> None:
        """Send a little in each direction."""
        self.curl.download(self.through(f"/length/{_WARM_UP}?id=warm"))
        self.curl.download(self.through(f"/chunked/{_WARM_UP}?id=warm"))
        with tempfile.NamedTemporaryFile(dir=self._site.directory) as file:
            _write(Path(file.name), _WARM_UP)
            for chunked in (False, True):
                path = self.through("/upload?id=warm")
                self.curl.upload(path, Path(file.name), chunked=chunked)


@contextlib.contextmanager
def bench(cores: Cores, size: int) -> Iterator[Bench]:
    """Start upstream and gateway, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="bench-stream-") as name:
        site = Site(Path(name), free_port(), free_port())
        file = site.directory / "body"
        _write(file, size)
        behind = [sys.executable, "-m", "benchmarks.stream.upstream", str(site.upstream_port)]
        with (
            running(
                "upstream",
                behind,
                port=site.upstream_port,
                log=site.directory / "upstream.log",
                cpu=cores.upstream,
            ),
            running(
                "hedgerow",
                hedgerow.proxy(site, route=_ROUTE),
                port=site.port,
                log=site.directory / "gateway.log",
                cpu=cores.gateway,
            ) as front,
            ourselves_on(cores.client),
        ):
            yield Bench(site, front, cores, file)


def _write(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for at in range(0, size, LONGEST_PIECE):
            file.write(piece(at, size - at))
