"""A generator as a process: started on its core, its CPU and memory seen from outside.

CPU is told twice, by two ways that know nothing of each other:

    cpu_so_far   user and system time of the living processes of its group (/proc), for a
                 window within a run
    Ended        the kernel's own account when it is collected (wait4): the process and all
                 its descendants that were waited for, from exec to exit
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.apparatus.processes import Running, pinned

_ROOT: Final = Path(__file__).parents[2]
_PATIENCE: Final = 30.0  # to end by itself once its time is over


class OverdueError(Exception):
    """A generator did not end."""


@dataclass(frozen=True)
class Ended:
    """What the kernel says of it afterwards."""

    code: int
    cpu_seconds: float  # of the whole tree
    text: str  # all that it printed

    @property
    def last_words(self) -> str:
        """The end of it, for when it failed."""
        return " ".join(self.text.split()[-30:]) or "(it printed nothing)"


@dataclass(frozen=True)
class Memory:
    """One look at it; bytes, resident."""

    at: float  # seconds since it was started
    parent: int  # the process that was started
    children: int  # all that it started: Hedgerow's generator processes


class Started:
    """A generator that runs."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name = name
        self.began = time.monotonic()
        self._process = process
        self._group = Running(name, process.pid)
        self._watched = psutil.Process(process.pid)
        self._log = log
        self._ended: Ended | None = None

    @property
    def is_running(self) -> bool:
        """False from when it was collected, or could be."""
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self._ended is None and os.waitid(os.P_PID, self._process.pid, how) is None

    def cpu_so_far(self) -> float:
        """User and system seconds of its living processes."""
        return self._group.cpu_seconds()

    def memory(self) -> Memory | None:
        """Look now; None when it has just ended."""
        try:
            children = self._watched.children(recursive=True)
            return Memory(
                at=time.monotonic() - self.began,
                parent=self._watched.memory_info().rss,
                children=sum(child.memory_info().rss for child in children),
            )
        except psutil.Error:
            return None

    def finish(self, within: float = 0.0) -> Ended:
        """Wait ``within`` seconds and some patience for its own end; raises OverdueError."""
        give_up_at = time.monotonic() + within + _PATIENCE
        while self.is_running:
            if time.monotonic() > give_up_at:
                raise OverdueError(f"{self.name} did not end within {_PATIENCE:g}s of its time")
            time.sleep(0.02)
        return self._collect()

    def kill(self) -> None:
        """End all of it, if it has not ended."""
        if self._ended is None:
            self._collect()

    def _collect(self) -> Ended:
        # While it is not collected nobody else can have its id; what it left behind goes too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        _, status, used = os.wait4(self._process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self._process.returncode = code  # or Popen would wait for it, in vain
        text = self._log.read_text(errors="replace")
        self._ended = Ended(code, used.ru_utime + used.ru_stime, text)
        return self._ended


def _environment() -> dict[str, str]:
    """Python may keep its bytecode, as it does for whoever installs a package."""
    forbidding = "PYTHONDONTWRITEBYTECODE"  # where that is set, every start compiles all of it
    return {name: value for name, value in os.environ.items() if name != forbidding}


@contextlib.contextmanager
def started(
    name: str, command: Sequence[str], *, directory: Path, cpu: int | None
) -> Iterator[Started]:
    """Run ``command`` in a process group of its own; whatever is left of it ends with the block."""
    log = directory / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned(command, cpu),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=_ROOT,
            env=_environment(),
            start_new_session=True,
        )
    running = Started(name, process, log)
    try:
        yield running
    finally:
        running.kill()
