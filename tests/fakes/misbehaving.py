"""A server on a real socket that does one wrong thing to every request, in threads."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

Behaviour = Callable[[socket.socket], None]

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_PATIENCE: Final = 20.0
_TLS_HANDSHAKE: Final = b"\x16"


class MisbehavingServer:
    """Serves while it is entered; ``asked`` counts the requests that it has read."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.asked = 0
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A listener that is only closed leaves its thread in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for client in self._open:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_PATIENCE)
        with contextlib.suppress(OSError):
            while _reads_request(client):
                with self._lock:
                    self.asked += 1
                self._behaviour(client)
        with self._lock:
            self._open.discard(client)
        client.close()


def _reads_request(client: socket.socket) -> bool:
    data = b""
    while b"\r\n\r\n" not in data and data[:1] != _TLS_HANDSHAKE:
        piece = client.recv(65536)
        if not piece:
            return False
        data += piece
    return True


# --- what it may do ---


def says(data: bytes) -> Behaviour:
    return lambda client: client.sendall(data)


def says_and_closes(data: bytes) -> Behaviour:
    def behaviour(client: socket.socket) -> None:
        client.sendall(data)
        client.shutdown(socket.SHUT_RDWR)

    return behaviour


def resets(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def never_answers(client: socket.socket) -> None:
    client.recv(1)  # until the client gives up


def answers_after(seconds: float) -> Behaviour:
    def behaviour(client: socket.socket) -> None:
        time.sleep(seconds)
        client.sendall(OK)

    return behaviour


def drips(client: socket.socket) -> None:
    """A body that goes on, a byte at a time, and never ends."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        client.sendall(b"x")
        time.sleep(0.05)
