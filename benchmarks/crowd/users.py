"""The crowd, a process of its own: everybody connects at once, asks once, and waits.

    python -m benchmarks.crowd.users PORT USERS PATH PATIENCE_SECONDS

Latency counts from the start of a user's ``connect()``, so that a gateway slow to
accept cannot hide, to the moment when the kernel had the last byte for the user
(SO_TIMESTAMPNS), so that a slow client is not blamed on the gateway.  How long the
client then took to read it is its lag: it is measured, reported, and too much of it
makes the row invalid.

One epoll loop without tasks, because a thousand tasks that wake together are a lag of
their own.  The sockets are made before the clock starts.  On loopback a connection is
open as soon as ``connect()`` returns, so each request goes out right behind it.
"""

import contextlib
import errno
import gc
import json
import select
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Final, NamedTuple

import httptools

_now: Final = time.perf_counter
_SO_TIMESTAMPNS: Final = 35  # asm-generic/socket.h; Python 3.11 has no name for it
_TIMESPEC: Final = struct.Struct("qq")
_CONNECTS_BETWEEN_LOOKS: Final = 32  # a refusal comes at once: do not leave it lying
_SETTLE: Final = 0.2  # between making the sockets and the start, until the kernel stamps packets


class Sample(NamedTuple):
    """One user; times are seconds from the start of the first ``connect()``."""

    began: float
    answered: float  # the kernel had the last byte; where there was no answer: the end
    read: float
    kind: str  # "good", a status, "unusable", "connect", "cut", "silent"


@dataclass
class Told:
    """What the process reports."""

    samples: list[Sample] = field(default_factory=list)
    burst: float = 0.0  # from the first connect() to the last
    cpu: float = 0.0  # seconds, of this process, from the first connect() to the end
    all_cpu: float = 0.0  # the same from its start: interpreter, imports, sockets
    stamped: int = 0  # last bytes with a time from the kernel


class User:
    """One connection, one request; also what the parser calls."""

    __slots__ = ("began", "body", "parser", "sock", "whole")

    def __init__(self) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self.parser = httptools.HttpResponseParser(self)
        self.began = 0.0
        self.body = b""
        self.whole = False

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole = True

    @property
    def kind(self) -> str:
        """Name a whole answer."""
        status: int = self.parser.get_status_code()
        if status != 200:
            return str(status)
        try:
            message = json.loads(self.body)["message"]
        except (ValueError, TypeError, LookupError):
            return "unusable"
        return "good" if message == "SUCCESS" else "unusable"


class Crowd:
    """All users, and the loop that serves them."""

    def __init__(self, port: int, path: str, patience: float) -> None:
        self._address = ("127.0.0.1", port)
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        self._patience = patience
        self._poll = select.epoll()
        self._here: dict[int, User] = {}  # by descriptor, in the order in which they came
        self._start = 0.0
        self._told = Told()

    def run(self, count: int) -> Told:
        """Let everybody come, and return when the last one has an answer or has given up."""
        users = [User() for _ in range(count)]
        gc.collect()
        gc.disable()  # a pause would be a lag
        time.sleep(_SETTLE)
        cpu, self._start = time.process_time(), _now()
        for number, user in enumerate(users, 1):
            self._come(user)
            if not number % _CONNECTS_BETWEEN_LOOKS:
                self._look(0.0)
        self._told.burst = _now() - self._start
        while self._here:
            first = next(iter(self._here.values()))
            left = first.began + self._patience - _now()
            if left <= 0:
                self._end(first, "silent")
            else:
                self._look(left)
        self._told.all_cpu = time.process_time()
        self._told.cpu = self._told.all_cpu - cpu
        return self._told

    def _come(self, user: User) -> None:
        user.began = _now()
        descriptor = user.sock.fileno()
        self._here[descriptor] = user
        failed = user.sock.connect_ex(self._address)
        if failed not in (0, errno.EINPROGRESS):
            self._end(user, "connect")
            return
        # Writable comes first where the connection is not open yet.
        events = select.EPOLLIN if self._ask(user) else select.EPOLLOUT
        if descriptor in self._here:
            self._poll.register(descriptor, events)

    def _ask(self, user: User) -> bool:
        """Send the request; False when that must wait until the connection is open."""
        try:
            user.sock.send(self._request)
        except BlockingIOError:
            return False
        except OSError:
            self._end(user, "connect")
        return True

    def _look(self, seconds: float) -> None:
        for descriptor, events in self._poll.poll(seconds, len(self._here) or 1):
            user = self._here[descriptor]
            if events & select.EPOLLOUT:
                if self._ask(user) and descriptor in self._here:
                    self._poll.modify(descriptor, select.EPOLLIN)
            else:
                self._read(user)

    def _read(self, user: User) -> None:
        try:
            data, extras, _, _ = user.sock.recvmsg(65536, 64)
        except BlockingIOError:
            return
        except OSError:
            data, extras = b"", []
        read, lag = _now(), _since_arrival(extras)
        try:
            if data:
                user.parser.feed_data(data)
        except httptools.HttpParserError:
            self._end(user, "unusable")
            return
        if user.whole:
            self._told.stamped += lag is not None
            self._end(user, user.kind, read, read - (lag or 0.0))
        elif not data:
            self._end(user, "cut")

    def _end(self, user: User, kind: str, read: float = 0.0, answered: float = 0.0) -> None:
        start, now = self._start, _now()
        sample = Sample(user.began - start, (answered or now) - start, (read or now) - start, kind)
        self._told.samples.append(sample)
        descriptor = user.sock.fileno()
        del self._here[descriptor]
        with contextlib.suppress(FileNotFoundError):  # it was never registered
            self._poll.unregister(descriptor)
        user.sock.close()


def _since_arrival(extras: list[tuple[int, int, bytes]]) -> float | None:
    """Seconds since the kernel had what was just read; None when it does not say."""
    wall = time.clock_gettime_ns(time.CLOCK_REALTIME)
    for level, kind, value in extras:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack(value)
            since: int = wall - seconds * 10**9 - nanoseconds
            return max(0, since) / 1e9
    return None


if __name__ == "__main__":
    _, port, users, path, patience = sys.argv
    json.dump(asdict(Crowd(int(port), path, float(patience)).run(int(users))), sys.stdout)
