"""A server that keeps every request as it came: what the client really sent.

It answers with what a function makes of the request, bytes and all, and closes the connection
where request or answer say so; one thread for each connection.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Seen:
    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    body: bytes
    connection: int  # the first is 1

    def all(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


def answer(body: str = "ok", *fields: str, status: str = "200 OK") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", *fields, "", body)
    return "\r\n".join(lines).encode()


class RecordingServer:
    """Serves while it is entered, on a loopback address or on what it was given to listen on."""

    def __init__(
        self,
        reply: Callable[[Seen], bytes] = lambda _: answer(),
        *,
        listener: socket.socket | None = None,
        tls: ssl.SSLContext | None = None,
        closes: bool = False,
        patience: float = 30.0,
    ) -> None:
        """``closes``: after each answer; ``patience``: seconds for which it waits for another."""
        self.seen: list[Seen] = []
        self.connections = 0
        self._reply = reply
        self._listener = listener or socket.create_server(("127.0.0.1", 0), backlog=512)
        self._tls = tls
        self._closes = closes
        self._patience = patience
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

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
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with self._lock:
                    self._open.add(client)
                    self.connections += 1
                    number = self.connections
                threading.Thread(target=self._serve, args=(client, number), daemon=True).start()

    def _serve(self, client: socket.socket, number: int) -> None:
        stream = client
        with contextlib.suppress(OSError):  # ssl's errors are among them
            client.settimeout(self._patience)
            if self._tls is not None:
                stream = self._tls.wrap_socket(client, server_side=True)
            self._converse(stream, number)
        with contextlib.suppress(OSError):
            stream.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open.discard(client)
        stream.close()

    def _converse(self, stream: socket.socket, number: int) -> None:
        with stream.makefile("rb") as reader:
            while line := reader.readline():
                method, target, _ = line.decode().split(" ")
                fields = []
                while (field := reader.readline().decode().rstrip("\r\n")) != "":
                    name, _, value = field.partition(": ")
                    fields.append((name, value))
                length = next((v for n, v in fields if n.lower() == "content-length"), "0")
                seen = Seen(method, target, tuple(fields), reader.read(int(length)), number)
                with self._lock:
                    self.seen.append(seen)
                reply = self._reply(seen)
                stream.sendall(reply)
                if self._closes or seen.get("Connection") == "close" or _is_last(reply):
                    return


def _is_last(reply: bytes) -> bool:
    """Say whether an answer itself says that the connection ends with it."""
    head = reply.partition(b"\r\n\r\n")[0]
    is_old = head.startswith(b"HTTP/1.0") and b"keep-alive" not in head
    return is_old or b"Connection: close" in head
