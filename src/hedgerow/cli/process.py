"""What every verb that serves needs of the operating system: a loop, signals, readiness.

Must not know what is served.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import uvloop

from hedgerow.errors import ConfigError


def run(main: Coroutine[Any, Any, int]) -> int:
    """Run a verb's coroutine and return its exit code."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


class StopSignals:
    """SIGTERM and SIGINT as something to wait for.

    After the first of them SIGINT interrupts as it does by default, and SIGTERM does nothing:
    whoever asks a second time, of a process that is stopping, must not lose what is being done.
    """

    def __init__(self) -> None:
        self._stopped = asyncio.Event()
        self._signal = signal.SIGTERM
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._received, number)

    async def wait(self) -> int:
        """Wait for the first; return the exit code that goes with it."""
        await self._stopped.wait()
        # SIGTERM is how a service is asked to stop, and it did: that is no failure.
        return 0 if self._signal is signal.SIGTERM else 130

    def _received(self, number: signal.Signals) -> None:
        if not self._stopped.is_set():
            self._signal = number
            self._stopped.set()
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
            signal.signal(signal.SIGINT, signal.default_int_handler)


def collect_orphans(_: float = 0.0) -> None:
    """Collect those who have lost their parents; for process 1 of a container, now and then.

    The kernel makes them ours; nobody else would, and each keeps its entry in the table.
    """
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def settle() -> None:
    """Tell the cycle collector that what exists now is here to stay.

    Requests leave no cycles behind, so it has little to find; by default it looks after
    every 700 allocations, and again and again at all that a server holds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def announce(text: str) -> None:
    """Tell the operator something on stderr, at once; one who does not listen stops nothing."""
    tell(f"hedgerow: {text}")


def tell(text: str) -> None:
    """Write lines to stderr, if somebody still reads it."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def listen_address(host: str, port: str) -> str:
    """Combine ``--host`` and ``--port``; raises ConfigError for a port that cannot be."""
    if not port.isdecimal() or int(port) > 65535:
        raise ConfigError(
            "--port", got=port, must="a number from 0 to 65535", fix="Use 0 for any free port."
        )
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"
