"""What a program holds while it runs: memory, descriptors, sockets (Linux: read from /proc).

Nothing is asked of the program itself, so a figure cannot be prettier than the
kernel's own, and looking costs the program nothing.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 1 << 20
_ESTABLISHED: Final = "01"  # proc_net_tcp: the state of a connection that both sides use
_RESET_PEAK: Final = "5"  # proc(5), clear_refs: the peak of resident memory starts anew


@dataclass(frozen=True)
class Footprint:
    """One look at a process."""

    resident: int  # bytes
    descriptors: int
    established: int  # sockets


def footprint(pid: int) -> Footprint:
    """Look now."""
    sockets = _sockets(pid)
    return Footprint(
        resident=_memory(pid, "VmRSS"),
        descriptors=len(os.listdir(f"/proc/{pid}/fd")),
        established=len(sockets & _established(pid)),
    )


class MemoryWatch:
    """Resident memory of a process, sampled for as long as a block lasts.

    The kernel keeps the peak by itself, so that one between two samples counts too;
    the samples say whether memory grew slowly or jumped.
    """

    def __init__(self, pid: int, every: float) -> None:
        """``every`` is seconds."""
        self.before = _memory(pid, "VmRSS")
        self.peak = self.before
        self.samples: list[int] = []
        self._pid = pid
        self._every = every
        self._over = threading.Event()

    @property
    def growth(self) -> int:
        """The peak above what it was before, in bytes."""
        return self.peak - self.before

    @contextlib.contextmanager
    def watching(self) -> Iterator["MemoryWatch"]:
        """Sample from a thread until the block ends."""
        Path(f"/proc/{self._pid}/clear_refs").write_text(_RESET_PEAK)
        sampler = threading.Thread(target=self._sample, daemon=True)
        sampler.start()
        try:
            yield self
        finally:
            self._over.set()
            sampler.join()
            with contextlib.suppress(OSError):  # it has ended: the samples must do
                self.peak = max(self.peak, _memory(self._pid, "VmHWM"))
            self.peak = max([self.peak, *self.samples])

    def _sample(self) -> None:
        while not self._over.wait(self._every):
            try:
                self.samples.append(_memory(self._pid, "VmRSS"))
            except OSError:
                return


def _memory(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"process {pid} has ended")  # what is left has no memory


def _sockets(pid: int) -> set[str]:
    """Inodes of the sockets that the process has open."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed while we looked
            target = os.readlink(entry)
            if target.startswith("socket:["):
                found.add(target[len("socket:[") : -1])
    return found


def _established(pid: int) -> set[str]:
    found = set()
    for family in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
            for line in Path(f"/proc/{pid}/net/{family}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _ESTABLISHED:
                    found.add(fields[9])
    return found
