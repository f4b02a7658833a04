"""Programs beside us: started on a core, waited for, their CPU counted, always stopped.

Each program leads a process group of its own, so that an nginx master and its
worker are counted and ended together, and a Ctrl-C at the terminal reaches us
first: the stop runs in our ``finally``, in order, by process id.
"""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

START_SECONDS: Final = 15.0  # Envoy needs about one; a loaded machine needs more
STOP_SECONDS: Final = 5.0
LOG_TAIL: Final = 12  # lines of a program's own output shown when it fails to start
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


class DidNotStartError(Exception):
    """A program ended, or never listened; carries the end of what it said."""

    def __init__(self, name: str, why: str, log: Path) -> None:
        said = log.read_text(errors="replace").splitlines()[-LOG_TAIL:]
        super().__init__("\n    ".join([f"{name}: {why}. Its last words:", *said]))


class Running:
    """A started program, known by the process group that it leads."""

    def __init__(self, name: str, group: int) -> None:
        self.name = name
        self.pid = group  # its first process; `taskset` becomes the program that it starts
        self._group = group

    def cpu_seconds(self) -> float:
        """User and system time of all processes in the group that are alive."""
        ticks = 0
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it ended while we looked
                # proc(5): the name may hold spaces, so count fields after its bracket.
                fields = entry.read_text().rpartition(")")[2].split()
                if int(fields[2]) == self._group:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS_A_SECOND


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str], *, port: int, log: Path, cpu: int | None = None
) -> Iterator[Running]:
    """Run ``command`` until the block ends; the block begins when ``port`` accepts."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned(command, cpu),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_listening(name, process, port, log)
        yield Running(name, process.pid)
    finally:
        _stop(process)


def pinned(command: Sequence[str], cpu: int | None) -> list[str]:
    """Put the command on one core; None leaves it to the scheduler."""
    return list(command) if cpu is None else ["taskset", "-c", str(cpu), *command]


def free_port() -> int:
    """Ask the kernel for a loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def raise_descriptor_limit() -> None:
    """Give every program that we start the hard limit, so that none wins by its default."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _wait_until_listening(
    name: str, process: subprocess.Popen[bytes], port: int, log: Path
) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            raise DidNotStartError(name, f"ended at once with code {process.returncode}", log)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.02)
    raise DidNotStartError(name, f"port {port} did not accept within {START_SECONDS:g}s", log)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
