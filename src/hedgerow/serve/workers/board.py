"""What workers say of themselves, in memory that all processes share.

An anonymous mapping, made before the first fork: no file, no name, nothing to clean up; the
kernel hands out its pages when they are written to.  It has a fixed number of *entries*, one
for each event loop, and one more for what those that are gone have counted.  An entry is a
row of 64-bit cells and a report, bytes whose meaning is not known here.

One process writes an entry, any may read it, nobody locks.  A cell is eight aligned bytes,
copied at once.  A report is written in turn to two buffers and pointed at afterwards; its
checksum tells a reader that was overtaken, or a processor that showed it the writes in
another order, and it reads again.  When numbers move from an entry to that of those gone,
the *epoch* is odd meanwhile, so nobody counts them twice or not at all.
"""

import mmap
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

_CELL: Final = 8
_CELLS: Final = 64
_HEADER: Final = _CELLS * _CELL
#: How often a reader tries again; a writer comes once a second.
_TRIES: Final = 8
#: How often, and after how long (seconds), where numbers are being moved: the one who moves
#: them may have lost its processor meanwhile.
_PATIENCE: Final = 200
_PAUSE: Final = 0.001

#: Room for one report; what nobody writes to costs no memory.
REPORT_ROOM: Final = 512 * 1024


class Cell(IntEnum):
    """Where each number stands; whole numbers first, then those that are floats."""

    PID = 0  # 0: the entry is free
    SLOT = 1
    GENERATION = 2
    CLIENTS = 3
    ACCEPTED = 4
    REQUESTS = 5
    IS_READY = 6
    SEQUENCE = 7  # of reports: the last one is in buffer SEQUENCE % 2; 0: none yet
    SIZE = 8  # two cells, one a buffer
    CHECKSUM = 10  # two cells, one a buffer
    EPOCH = 12  # of the whole board, in the entry of those gone; odd: it is being changed
    IS_STOPPING = 13  # of the whole board
    IS_DRAINING = 14
    CRASHES = 15  # of the whole board

    HEARTBEAT = 16  # monotonic seconds, the same clock in all processes of a machine
    STARTED = 17  # monotonic seconds
    UTILISATION = 18  # 0 to 1
    LAG = 19  # seconds
    RATE = 20  # requests a second, of late


#: All of an entry but what its reports need.
_FORGOTTEN: Final = tuple(
    cell for cell in Cell if cell not in (Cell.SEQUENCE, Cell.SIZE, Cell.CHECKSUM)
)


class Entry:
    """One event loop's part of the board."""

    def __init__(self, number: int, memory: memoryview) -> None:
        self.number = number
        self._counts = memory[:_HEADER].cast("Q")
        self._floats = memory[:_HEADER].cast("d")
        room = (len(memory) - _HEADER) // 2
        self._buffers = (memory[_HEADER : _HEADER + room], memory[_HEADER + room :])

    def __getitem__(self, cell: Cell) -> int:
        return self._counts[cell]

    def __setitem__(self, cell: Cell, value: int) -> None:
        self._counts[cell] = value

    def number_at(self, cell: Cell) -> float:
        """Return a cell that is a float."""
        return self._floats[cell]

    def write_number(self, cell: Cell, value: float) -> None:
        """Write a cell that is a float."""
        self._floats[cell] = value

    @property
    def is_taken(self) -> bool:
        """Whether it belongs to a process."""
        return self._counts[Cell.PID] != 0

    def clear(self) -> None:
        """Forget everything, for the next one; the sequence goes on."""
        self.publish(b"")
        for cell in _FORGOTTEN:
            self._counts[cell] = 0

    def publish(self, report: bytes) -> bool:
        """Show a report to whoever reads; False where it does not fit, and the old one stays."""
        sequence = self._counts[Cell.SEQUENCE] + 1
        half = sequence % 2
        if len(report) > len(self._buffers[half]):
            return False
        self._buffers[half][: len(report)] = report
        self._counts[Cell.SIZE + half] = len(report)
        self._counts[Cell.CHECKSUM + half] = zlib.crc32(report)
        self._counts[Cell.SEQUENCE] = sequence
        return True

    def report(self) -> bytes:
        """Return the last whole report; empty where there is none."""
        for _ in range(_TRIES):
            half = self._counts[Cell.SEQUENCE] % 2
            size = self._counts[Cell.SIZE + half]
            checksum = self._counts[Cell.CHECKSUM + half]
            if size <= len(self._buffers[half]):
                copy = bytes(self._buffers[half][:size])
                if zlib.crc32(copy) == checksum:
                    return copy
        return b""


@dataclass(frozen=True, slots=True)
class Reading:
    """What stood in one entry at one moment."""

    pid: int  # 0: of all those that are gone
    slot: int
    generation: int
    is_ready: bool
    is_draining: bool
    clients: int
    accepted: int
    requests: int
    rate: float
    utilisation: float
    lag: float
    started: float
    heartbeat: float
    report: bytes

    @classmethod
    def of(cls, entry: Entry) -> "Reading":
        """Read an entry."""
        return cls(
            entry[Cell.PID],
            entry[Cell.SLOT],
            entry[Cell.GENERATION],
            bool(entry[Cell.IS_READY]),
            bool(entry[Cell.IS_DRAINING]),
            entry[Cell.CLIENTS],
            entry[Cell.ACCEPTED],
            entry[Cell.REQUESTS],
            entry.number_at(Cell.RATE),
            entry.number_at(Cell.UTILISATION),
            entry.number_at(Cell.LAG),
            entry.number_at(Cell.STARTED),
            entry.number_at(Cell.HEARTBEAT),
            entry.report(),
        )


#: Adds one report to another.
Merge = Callable[[bytes, bytes], bytes]


class Board:
    """All entries.  Make it before the first fork."""

    def __init__(self, entries: int, report_room: int = REPORT_ROOM) -> None:
        size = _HEADER + 2 * report_room
        self._mapping = mmap.mmap(-1, (entries + 1) * size)
        memory = memoryview(self._mapping)
        every = [
            Entry(number, memory[number * size : (number + 1) * size])
            for number in range(entries + 1)
        ]
        self._gone, *self._entries = every
        self._free = list(reversed(self._entries))  # known to the supervisor alone

    def __len__(self) -> int:
        return len(self._entries)

    # --- the supervisor's ---

    def reserve(self, count: int) -> list[Entry]:
        """Set entries aside for a process that is about to start; none if too few are left."""
        if len(self._free) < count:
            return []
        return [self._free.pop() for _ in range(count)]

    def release(self, entry: Entry, merge: Merge) -> None:
        """Take an entry back from a process that is gone; what it counted is kept."""
        merged = merge(self._gone.report(), entry.report())
        self._gone[Cell.EPOCH] += 1
        for cell in (Cell.ACCEPTED, Cell.REQUESTS):
            self._gone[cell] += entry[cell]
        self._gone.publish(merged)
        entry.clear()
        self._gone[Cell.EPOCH] += 1
        self._free.append(entry)

    def stop(self) -> None:
        """Say that all of it is about to end."""
        self._gone[Cell.IS_STOPPING] = 1

    def supervised(self, now: float, crashes: int) -> None:
        """Say that the supervisor is well, and how many workers ended that should not have."""
        self._gone.write_number(Cell.HEARTBEAT, now)
        self._gone[Cell.CRASHES] = crashes

    # --- anybody's ---

    @property
    def supervisor_seen(self) -> float:
        """When the supervisor last said that it is well; monotonic seconds."""
        return self._gone.number_at(Cell.HEARTBEAT)

    @property
    def crashes(self) -> int:
        """How many workers ended that should not have."""
        return self._gone[Cell.CRASHES]

    @property
    def is_stopping(self) -> bool:
        """Whether all of it is about to end."""
        return bool(self._gone[Cell.IS_STOPPING])

    @property
    def is_ready(self) -> bool:
        """Whether somebody accepts clients, and will go on."""
        return not self.is_stopping and any(entry[Cell.IS_READY] for entry in self._entries)

    def readings(self) -> list[Reading]:
        """Return all that is there: of those gone, of which the pid is 0, and of those alive."""
        readings: list[Reading] = []
        for _ in range(_PATIENCE):
            epoch = self._gone[Cell.EPOCH]
            readings = [Reading.of(self._gone)]
            readings += [Reading.of(entry) for entry in self._entries if entry.is_taken]
            if epoch % 2 == 0 and self._gone[Cell.EPOCH] == epoch:
                break
            time.sleep(_PAUSE)
        return readings
