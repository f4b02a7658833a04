"""The line between the supervisor and a worker: a pair of connected sockets.

The worker says that it is ready.  The supervisor says when to drain, and hands over clients
that wait where nobody accepts.  When one of the two is gone, the other's end breaks.

Must not know what is done about it.
"""

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Final

READY: Final = b"r"
DRAIN: Final = b"d"  # others go on listening at your sockets
FINISH: Final = b"f"  # nobody will: accept whoever waits there
_CLIENT: Final = b"c"  # followed by the address it came to
#: An address is a path at most (PATH_MAX).
_LONGEST: Final = 4200


class Line:
    """One end.  Messages keep their borders."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self.said = b""  # the last thing that was said and is no client
        self.is_broken = False

    @staticmethod
    def pair() -> "tuple[Line, Line]":
        """Return the supervisor's end and the worker's."""
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError:  # macOS; nothing longer than a byte is said there
            ours, theirs = socket.socketpair()
        return Line(ours), Line(theirs)

    def fileno(self) -> int:
        return self._socket.fileno()

    def say(self, message: bytes) -> bool:
        """Say something; False where nobody listens any more."""
        try:
            self._socket.send(message)
        except OSError:
            return False
        return True

    def say_ready(self) -> None:
        self.say(READY)

    def hand_over(self, address: str, client: socket.socket) -> bool:
        """Give a client away; False where it cannot be taken now."""
        try:
            socket.send_fds(self._socket, [_CLIENT + address.encode()], [client.fileno()])
        except OSError:
            return False
        return True

    def hear(self) -> Iterator[tuple[str, socket.socket]]:
        """Take in what has come; returns the clients among it, with the addresses they came to."""
        while True:
            try:
                message, descriptors, _, _ = socket.recv_fds(self._socket, _LONGEST, 1)
            except BlockingIOError:
                return
            except OSError:
                message, descriptors = b"", []
            if not message:
                self.is_broken = True
                return
            if message[:1] != _CLIENT:
                self.said = message[-1:]
            for descriptor in descriptors:
                try:
                    client = socket.socket(fileno=descriptor)
                except OSError:
                    os.close(descriptor)
                    continue
                yield message[1:].decode(), client

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()
