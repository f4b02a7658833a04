"""A transport without a socket."""

import asyncio
from collections.abc import Callable

from typing_extensions import override


class FakeTransport(asyncio.Transport):
    """Keeps what is written to it; who reads that, and when, is the fake client's business."""

    def __init__(self, *, can_write_eof: bool = True, **extra: object) -> None:
        super().__init__({"peername": ("192.0.2.7", 50000), **extra})
        self.unsent = bytearray()  # written, and not yet on its way
        self.writes = 0
        self.paused = self.closing = self.aborted = self.wrote_eof = False
        self.high = self.low = 0
        self.on_write: Callable[[], None] = lambda: None
        self.handed_to: asyncio.BaseProtocol | None = None
        self._can_write_eof = can_write_eof

    @override
    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.handed_to = protocol

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.wrote_eof:
            raise RuntimeError("written after the end")  # as uvloop does
        if not self.closing:
            self.writes += 1
            self.unsent += data
            self.on_write()

    @override
    def close(self) -> None:
        self.closing = True

    @override
    def abort(self) -> None:
        self.closing = self.aborted = True
        self.unsent.clear()

    @override
    def write_eof(self) -> None:
        self.wrote_eof = True

    @override
    def can_write_eof(self) -> bool:
        return self._can_write_eof

    @override
    def is_closing(self) -> bool:
        return self.closing

    @override
    def pause_reading(self) -> None:
        self.paused = True

    @override
    def resume_reading(self) -> None:
        self.paused = False

    @override
    def is_reading(self) -> bool:
        return not (self.paused or self.closing)

    @override
    def get_write_buffer_size(self) -> int:
        return len(self.unsent)

    @override
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high, self.low = high or 0, low or 0
