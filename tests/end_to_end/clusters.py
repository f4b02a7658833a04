"""A real scheduler and real workers, as an operator starts them, on free ports."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.ports import free_port
from tests.fakes.processes import environment

#: Interpreters that import dask on a busy machine take some of it.
_START_SECONDS = 40.0


@dataclass
class Cluster:
    """Processes of ours; every one of them is ended by its id."""

    folder: Path
    address: str  # host and port
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, str]:
        """What makes ``hedgerow load`` use it: each worker is a shard."""
        return ("--cluster", f"dask://{self.address}?shards=workers")

    def start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{words[0]}", *words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environment(),
                process_group=0,
            )

    def start_worker(self, name: str, scheme: str = "tcp", tls: Sequence[str] = ()) -> None:
        words = ("--host", "127.0.0.1", "--no-nanny", "--no-dashboard", "--nthreads", "2")
        self.start(
            name, "worker", f"{scheme}://{self.address}", *words, "--name", name,
            "--memory-limit", "0", "--local-directory", str(self.folder / name), *tls,
        )  # fmt: skip

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def end(self) -> None:
        for name in tuple(self.processes):
            self.kill(name)

    def told(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def until_registered(self, *names: str) -> None:
        until = time.monotonic() + _START_SECONDS
        while not all("Registered to" in self.told(name) for name in names):
            assert time.monotonic() < until, self.told(names[0])
            time.sleep(0.05)


@contextlib.contextmanager
def running_cluster(
    folder: Path, *, workers: int, scheme: str = "tcp", tls: Sequence[str] = ()
) -> Iterator[Cluster]:
    """Start a scheduler with so many workers, named 0, 1, ..."""
    port = free_port()
    cluster = Cluster(folder, f"127.0.0.1:{port}")
    listens = ("--host", f"{scheme}://127.0.0.1", "--port", str(port), "--no-dashboard")
    try:
        cluster.start("scheduler", "scheduler", *listens, *tls)
        names = [str(number) for number in range(workers)]
        for name in names:
            cluster.start_worker(name, scheme, tls)
        cluster.until_registered(*names)
        yield cluster
    finally:
        cluster.end()
