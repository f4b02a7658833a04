"""What systemd is told, and what it hands down (sd_notify(3), sd_listen_fds(3)).

A datagram to the socket that NOTIFY_SOCKET names is all there is to it; without one, nothing
happens.  Must not know workers.
"""

import contextlib
import os
import socket
import time
from collections.abc import MutableMapping
from typing import Final

#: The first descriptor that is handed down (SD_LISTEN_FDS_START).
_FIRST: Final = 3


class Notifier:
    """Tells the service manager how the service is."""

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        """Take what belongs to this process; its children find nothing."""
        path = environment.pop("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        self.watchdog = _watchdog(environment)  # seconds between two signs of life; 0: not wanted

    def ready(self, status: str) -> None:
        """It serves; also after a reload."""
        self._send(f"READY=1\nSTATUS={status}\nMAINPID={os.getpid()}")

    def reloading(self) -> None:
        """It reads its settings again; ``ready`` says when it has."""
        stamp = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={stamp}")

    def stopping(self) -> None:
        """It drains, and will end."""
        self._send("STOPPING=1\nSTATUS=draining")

    def status(self, status: str) -> None:
        """Say something for whoever asks systemctl."""
        self._send(f"STATUS={status}")

    def alive(self) -> None:
        """Give a sign of life."""
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A manager that does not listen must not stop the service.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock,
        ):
            sock.setblocking(False)
            sock.sendto(message.encode(), self._address)


def handed_down(environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """Return the addresses (``fd:3``, ``fd:4``) of the sockets that were opened for us.

    Only for the process they are meant for: a child of it inherits the variables, too.
    """
    pid, count = environment.get("LISTEN_PID", ""), environment.get("LISTEN_FDS", "")
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    return [f"fd:{number}" for number in range(_FIRST, _FIRST + int(count))]


def _watchdog(environment: MutableMapping[str, str]) -> float:
    pid = environment.pop("WATCHDOG_PID", "")
    usec = environment.pop("WATCHDOG_USEC", "")
    if not usec.isdecimal() or (pid and pid != str(os.getpid())):
        return 0.0
    return int(usec) / 1e6 / 2  # twice as often as must be
