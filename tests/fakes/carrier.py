"""A connection as a request sees it, without one."""

from hedgerow.wire.heads import RequestHead
from hedgerow.wire.tunnel import TunnelEnd


class FakeCarrier:
    """Keeps what a request writes, and what it asks for by name."""

    def __init__(self, *, closes: bool = False) -> None:
        self.closes = closes
        self.peer = "192.0.2.7"
        self.is_tls = False
        self.is_first = False
        self.is_trusted = True
        self.own_fields = b""
        self.client_fields = b""
        self.socket: int | None = None
        self.written: list[bytes] = []
        self.asked: list[str] = []

    @property
    def output(self) -> bytes:
        return b"".join(self.written)

    def keeps_alive(self, head: RequestHead) -> bool:
        return head.keep_alive and not self.closes

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def request_done(self) -> None:
        self.asked.append("done")

    def abort(self) -> None:
        self.asked.append("abort")

    def close(self) -> None:
        self.asked.append("close")

    def bare_socket(self) -> int | None:
        return self.socket

    def data_age(self) -> float:
        return 0.5

    def become_tunnel(self) -> tuple[TunnelEnd, bytes]:
        raise NotImplementedError

    def accept_body(self) -> None:
        self.asked.append("accept body")

    def pause_body(self) -> None:
        self.asked.append("pause body")

    def resume_body(self) -> None:
        self.asked.append("resume body")
