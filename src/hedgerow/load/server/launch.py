"""Starts the server under test, waits until it listens, and sees to it that it ends.

Must not know what is measured.  The server is in a process group of its own, because
Ctrl-C reaches all of a terminal's foreground group and the server would be gone before the
last answers are counted.  What it writes goes to a file, which never blocks a writer as a
full pipe does, and has not the measurement's lines between its own.

Nothing is left behind, however the run ends:

    the end, an exception, Ctrl-C   ``stop``: SIGTERM to the group, SIGKILL after 5 s
    kill -9 of this process         ``lifeline``, a process of its own, does the same
    workers in groups of their own  found as descendants when ``stop`` begins

Not covered: a server that goes into the background by itself (its first process ends,
which is told as a failure to start), and after a ``kill -9`` of this process also workers
that left the server's group.

Why not Linux's "parent death signal": it must be set between fork and exec, which is not
safe in a process with threads, and it reaches the first process only, not its workers.
"""

import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

from hedgerow.errors import StartError
from hedgerow.load.server import lifeline
from hedgerow.load.server.listeners import listening_pids
from hedgerow.units import format_duration

#: A host and port, or the path of a unix socket.
Address = tuple[str, int] | str

_LOOK_EVERY: Final = 0.02
_TERM_PATIENCE: Final = 5.0  # a server that drains needs some, and a run is over by then
_CONNECT_PATIENCE: Final = 1.0  # a host that drops packets would hold us for minutes
_LAST_LINES: Final = 10


class Launched:
    """A server that was started by its command line; leaving the context ends it."""

    def __init__(
        self,
        words: Sequence[str],
        address: Address,
        *,
        patience: float = 30.0,
        term_patience: float = _TERM_PATIENCE,
    ) -> None:
        self.words = list(words)
        self.address = address
        self._patience = patience
        self._term_patience = term_patience
        self._log: Path | None = None
        self._keeps_log = False
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """Its command line."""
        return shlex.join(self.words)

    @property
    def pid(self) -> int:
        """Its process id, to watch it; 0 before it was started."""
        return self._process.pid if self._process is not None else 0

    @property
    def has_ended(self) -> bool:
        """True when it is not running any more."""
        return self._process is None or _has_ended(self._process)

    @property
    def log(self) -> Path | None:
        """The file with all that it wrote; gone, and None, if it ran until it was stopped."""
        return self._log

    async def start(self) -> None:
        """Start it and wait until it accepts connections; raises StartError."""
        if await _accepts(self.address):
            raise self._address_in_use()
        try:
            self._spawn()
            await self._wait_until_it_listens()
        except StartError:
            self._keeps_log = True
            await self.stop()
            raise
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End it and all that it started; harmless when nothing runs."""
        process, self._process = self._process, None
        if process is None:
            return
        self._keeps_log = self._keeps_log or _has_ended(process)
        family, all_gone = _descendants(process.pid), False
        try:
            all_gone = await self._end(process, family)
        finally:
            if not all_gone:  # patience is over, or this was interrupted: nothing may stay
                _signal_group(process.pid, signal.SIGKILL)
                _signal_each(family, signal.SIGKILL)
            process.wait()
            self._let_go()
        if not self._keeps_log:
            self._forget_log()  # nobody will ask why

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    # --- starting ---

    def _spawn(self) -> None:
        # The lifeline first, so that there is no moment in which nobody looks after the server.
        self._lifeline = subprocess.Popen(
            [sys.executable, "-I", "-S", lifeline.__file__, f"{self._term_patience}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        handle, name = tempfile.mkstemp(prefix="hedgerow-server-", suffix=".log")
        self._log = Path(name)
        try:
            self._process = subprocess.Popen(
                self.words,
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        except OSError as error:
            self._forget_log()
            self._let_go()
            raise StartError(
                "the server under test",
                got=f"{self.name} ({error.strerror})",
                must="a command that can be run",
                fix="What stands after -- is run as it is, without a shell.",
            ) from error
        finally:
            os.close(handle)
        self._tell_lifeline(f"{self._process.pid}\n")

    async def _wait_until_it_listens(self) -> None:
        until = time.monotonic() + self._patience
        while True:
            accepts = await _accepts(self.address)
            if self.has_ended:  # asked last: another process may have accepted instead
                raise self._broken(f"ended {_how(self._process)} before it listened")
            if accepts:
                return
            if time.monotonic() > until:
                raise self._broken(f"not listening after {format_duration(self._patience)}")
            await asyncio.sleep(_LOOK_EVERY)

    def _broken(self, got: str) -> StartError:
        text = self._log.read_text(encoding="utf-8", errors="replace") if self._log else ""
        said = "\n    ".join(text.strip().splitlines()[-_LAST_LINES:]) or "(nothing)"
        return StartError(
            f"the server under test ({self.name})",
            got=got,
            must=f"listening on {_shown(self.address)}",
            fix=f"Start it in the foreground, on the address of the URL. It wrote ({self._log}):"
            f"\n    {said}",
        )

    def _address_in_use(self) -> StartError:
        pids = listening_pids(self.address[1]) if not isinstance(self.address, str) else []
        by = f" by pid {', '.join(map(str, pids))}" if pids else ""
        return StartError(
            _shown(self.address),
            got=f"in use{by}",
            must="free before the server under test is started",
            fix="The figures would be another server's: stop that one, or use another port.",
        )

    # --- ending ---

    async def _end(self, process: "subprocess.Popen[bytes]", family: list[psutil.Process]) -> bool:
        """Ask them to end, and wait until all of them have, or patience is over."""
        _signal_group(process.pid, signal.SIGTERM)
        _signal_group(process.pid, signal.SIGCONT)  # one that is stopped cannot end
        # Not twice to the same process: many servers take a second one for "at once".
        _signal_each([one for one in family if _is_outside(one, process.pid)], signal.SIGTERM)
        until = time.monotonic() + self._term_patience
        while time.monotonic() < until:
            process.poll()  # collects it: a zombie would keep its group alive
            if not _group_lives(process.pid) and not any(map(_runs, family)):
                return True
            await asyncio.sleep(_LOOK_EVERY)
        return False

    def _forget_log(self) -> None:
        if self._log is not None:
            self._log.unlink(missing_ok=True)
            self._log = None

    def _let_go(self) -> None:
        """Tell the lifeline that all is well, and collect it."""
        guard, self._lifeline = self._lifeline, None
        if guard is None or guard.stdin is None:
            return
        with contextlib.suppress(OSError):
            guard.stdin.write(b"0\noff\n")
            guard.stdin.flush()
        with contextlib.suppress(OSError):
            guard.stdin.close()
        guard.wait()

    def _tell_lifeline(self, line: str) -> None:
        if self._lifeline is not None and self._lifeline.stdin is not None:
            self._lifeline.stdin.write(line.encode())
            self._lifeline.stdin.flush()


async def _accepts(address: Address) -> bool:
    """Whether somebody accepts a connection there."""
    try:
        async with asyncio.timeout(_CONNECT_PATIENCE):
            if isinstance(address, str):
                _, writer = await asyncio.open_unix_connection(address)
            else:
                _, writer = await asyncio.open_connection(*address)
    except OSError:  # a timeout is one too
        return False
    writer.transport.abort()
    return True


def _descendants(pid: int) -> list[psutil.Process]:
    """All that descend from it, zombies included; those in other groups are what matters."""
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return []


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _signal_each(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _is_outside(process: psutil.Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) != group
    except OSError:
        return False  # gone


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Ask without collecting it.

    Until it is collected nobody can get its id, so that the signals for its group, an hour
    later perhaps, cannot reach strangers.
    """
    if process.returncode is not None or not hasattr(os, "waitid"):  # macOS, before 3.13
        return process.poll() is not None
    try:
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, process.pid, how) is not None
    except ChildProcessError:
        return True


def _how(process: "subprocess.Popen[bytes] | None") -> str:
    """Collect it, and say how it ended."""
    code = process.poll() if process is not None else None
    if code is not None and code < 0:
        return f"by signal {-code}"
    return f"with code {code}"


def _shown(address: Address) -> str:
    if isinstance(address, str):
        return f"unix:{address}"
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
