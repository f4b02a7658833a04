"""A directory with one small file, and Hedgerow serving it in some worker model."""

import contextlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.apparatus.processes import Running, free_port, running
from benchmarks.peers.hedgerow import command

SMALL = 1024  # bytes


@dataclass(frozen=True)
class Model:
    """How the work is shared out."""

    name: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    url: str
    port: int
    running: Running
    log: Path

    def workers(self) -> list[int]:
        """Return the processes that the server says are ready and were not replaced since."""
        said = self.log.read_text(errors="replace")
        ready = [int(pid) for pid in re.findall(r"worker \d+ \(pid (\d+)\) is ready", said)]
        return [pid for pid in ready if Path(f"/proc/{pid}").exists()]


@contextlib.contextmanager
def served(model: Model, more: Sequence[str] = ()) -> Iterator[Served]:
    """Serve until the block ends."""
    with tempfile.TemporaryDirectory(prefix="hedgerow-bench-") as directory:
        root, log = Path(directory) / "site", Path(directory) / "log"
        root.mkdir()
        (root / "small.txt").write_bytes(b"x" * (SMALL - 1) + b"\n")
        port = free_port()
        words = ("serve", str(root), "-p", str(port), *model.flags, *more)
        with running(model.name, command(*words), port=port, log=log) as server:
            yield Served(f"http://127.0.0.1:{port}/small.txt", port, server, log)
