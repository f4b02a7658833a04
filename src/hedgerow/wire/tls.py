"""TLS on the listening side: a transport for the HTTP above it, a protocol to the socket below.

Moves bytes between a socket and OpenSSL, and must not know HTTP, certificates or settings.

Why not the event loops' own TLS: there a handshake is nobody's connection until it is over, so
it is neither counted nor closed by our deadlines; a goodbye waits for the other side; an end of
one direction cannot be told; nothing can be read before the handshake; and each connection holds
a read buffer of 256 KiB.  The work is OpenSSL's either way.

::

    connection made --first bytes--> handshake --done--> open --close--> over
                         |  plain HTTP: told so, closed       (close_notify, then FIN)

Whatever is decrypted is handed on at once, and whatever is written is encrypted at once, so
back-pressure is the socket's own.  Budget of a piece, either way: 0 tasks, 0 timers, 2 copies.
"""

import asyncio
import contextlib
import math
import ssl
import time
from collections.abc import Callable
from typing import Any, Final, cast

from typing_extensions import override

from hedgerow.wire.client_hello import server_name
from hedgerow.wire.listener import Listener
from hedgerow.wire.problem import refusal

#: The most that a record holds (RFC 8446 section 5.1); each read returns one record.
_RECORD: Final = 16 * 1024
#: How much is encrypted before it is handed on.
_SLICE: Final = 256 * 1024
#: The first byte of a ClientHello: the record's type (RFC 8446 section 5.1).
_HANDSHAKE: Final = 0x16
_PLAIN: Final = "this port takes HTTPS, and the request came in plain HTTP"


class TlsLine(asyncio.Transport, asyncio.Protocol):
    """One connection, in clear above and encrypted below."""

    __slots__ = (
        "_answer",
        "_choose",
        "_has_ended",
        "_hello",
        "_incoming",
        "_is_closing",
        "_is_open",
        "_listener",
        "_outgoing",
        "_protocol",
        "_raw",
        "_said_goodbye",
        "_since",
        "_tls",
        "due_at",
    )

    def __init__(
        self,
        listener: Listener,
        choose: Callable[[str], ssl.SSLContext],
        answer: Callable[[ssl.SSLObject], asyncio.Protocol],
    ) -> None:
        """``choose`` returns the context for the name that a client asks for, empty for none.

        ``answer`` makes the protocol above, once it is known who has come.
        """
        super().__init__()
        self._listener = listener
        self._choose = choose
        self._answer = answer
        self._raw: asyncio.Transport
        self._protocol: asyncio.Protocol | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._hello = b""  # the first bytes, until it is known whom they are for
        self._tls: ssl.SSLObject | None = None  # made only then: it costs 20 KiB
        self._is_open = False  # the handshake is done, the connection is not lost
        self._is_closing = False
        self._said_goodbye = False  # we send nothing more
        self._has_ended = False  # the client sends nothing more
        self._since = 0.0
        self.due_at = math.inf  # when the handshake has taken too long

    # --- called by the event loop ---

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._raw = cast("asyncio.Transport", transport)
        self._since = time.monotonic()
        self.due_at = self._since + self._listener.limits.handshake_timeout
        self._listener.connections.add(self)
        self._listener.connection_made()

    @override
    def data_received(self, data: bytes) -> None:
        if self._is_open:
            self._incoming.write(data)
            self._read()
        elif not self._is_closing:
            self._shake_hands(data)

    @override
    def eof_received(self) -> bool:
        # Without a goodbye before it this may be an attacker's FIN.  A request has its end in
        # itself, so for a server both are the same (RFC 9112 section 9.8).
        if not self._is_open:
            return False
        return self._is_closing or self._ended()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closing = True
        protocol, self._protocol = self._protocol, None  # it has us: leave no cycle
        self._tls = None
        if self._is_open:
            self._is_open = False
            if protocol is not None:
                protocol.connection_lost(exc)
        else:
            self._leave_the_hall()

    @override
    def pause_writing(self) -> None:
        if self._protocol is not None:
            self._protocol.pause_writing()

    @override
    def resume_writing(self) -> None:
        if self._protocol is not None:
            self._protocol.resume_writing()

    # --- called by the sweep, until the handshake is done ---

    def timed_out(self, now: float) -> None:
        """The handshake takes too long, or the client has had time to read why there is none."""
        self.due_at = math.inf
        if not self._is_closing:
            self._listener.failed_handshakes += 1
        self.abort()

    def drain(self) -> None:
        """Let a handshake that has just begun come to its end."""
        if self._since + 1.0 < time.monotonic():
            self.abort()

    # --- the handshake ---

    def _shake_hands(self, data: bytes) -> None:
        if self._tls is None:
            data = self._hello + data
            if data[0] != _HANDSHAKE:
                self._answer_plainly(data)
                return
            name = server_name(data)
            if name is None:
                self._hello = data
                return
            self._hello = b""
            context = self._choose(name)
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._incoming.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except OSError:  # SSLError is one
            self._listener.failed_handshakes += 1
            self._flush()  # the alert that says why
            self.close()
        else:
            self._flush()
            self._open(self._tls)

    def _open(self, tls: ssl.SSLObject) -> None:
        self._is_open = True
        self._protocol = protocol = self._answer(tls)
        protocol.connection_made(self)
        self._leave_the_hall()  # after the protocol above has come: there is always one to count
        self._read()

    def _leave_the_hall(self) -> None:
        self.due_at = math.inf
        self._listener.connections.discard(self)
        self._listener.connection_lost()

    def _answer_plainly(self, data: bytes) -> None:
        """Tell somebody who speaks HTTP what is wrong; others are closed."""
        self._listener.failed_handshakes += 1
        if not data[:1].isalpha():
            self.close()
            return
        self._raw.write(refusal(400, _PLAIN, to_head=data.startswith(b"HEAD ")))
        # A close while bytes wait to be read would be a reset, which can destroy the answer.
        self._is_closing = True
        self.due_at = time.monotonic() + self._listener.limits.linger_timeout
        if self._raw.can_write_eof():
            self._raw.write_eof()

    # --- open ---

    def _read(self) -> None:
        tls, incoming = self._tls, self._incoming
        assert tls is not None  # it is open
        pieces: list[bytes] = []
        ended, failure = False, None
        try:
            while incoming.pending:  # asking for more than there is would cost an exception
                piece = tls.read(_RECORD)
                if not piece:
                    ended = True
                    break
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass  # a part of a record
        except ssl.SSLZeroReturnError:
            ended = True
        except OSError as error:
            failure = error
        self._flush()
        if pieces and self._protocol is not None:
            self._protocol.data_received(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if failure is not None:
            self._broken()
        elif ended and not self._ended():
            self.close()

    def _ended(self) -> bool:
        """Say that nothing more will come; return whether the connection stays for writing."""
        if self._has_ended or self._protocol is None:
            return not self._is_closing
        self._has_ended = True
        return bool(self._protocol.eof_received()) and not self._is_closing

    def _broken(self) -> None:
        """What came was not encrypted by the other side: nothing else can be believed."""
        if not self._said_goodbye:  # else nobody looks at it any more
            self._is_closing = True
            self._raw.close()  # OpenSSL's alert, which says why, goes out first

    def _flush(self) -> None:
        if self._outgoing.pending and not self._raw.is_closing():
            self._raw.write(self._outgoing.read())

    # --- the transport for the protocol above ---

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        tls = self._tls
        if tls is None or self._said_goodbye or self._is_closing:
            return
        if len(data) <= _RECORD:
            if data:
                tls.write(data)
                self._flush()
            return
        rest = memoryview(data)
        while rest:
            rest = rest[tls.write(rest[:_SLICE]) :]
            self._flush()

    @override
    def write_eof(self) -> None:
        """Send the goodbye of TLS and that of TCP, and go on reading."""
        self._say_goodbye()
        if self._raw.can_write_eof():
            self._raw.write_eof()

    @override
    def can_write_eof(self) -> bool:
        return True

    @override
    def close(self) -> None:
        """Send what was written, the goodbye, and FIN; do not wait for the other side's."""
        if self._is_closing:
            return
        self._say_goodbye()
        self._is_closing = True
        self._raw.close()

    @override
    def abort(self) -> None:
        self._is_closing = True
        self._raw.abort()

    def _say_goodbye(self) -> None:
        if self._is_open and not self._said_goodbye and self._tls is not None:
            self._said_goodbye = True
            with contextlib.suppress(OSError):  # it wants to read the other side's
                self._tls.unwrap()
            self._flush()

    @override
    def is_closing(self) -> bool:
        return self._is_closing or self._raw.is_closing()

    @override
    def pause_reading(self) -> None:
        self._raw.pause_reading()

    @override
    def resume_reading(self) -> None:
        self._raw.resume_reading()

    @override
    def is_reading(self) -> bool:
        return self._raw.is_reading()

    @override
    def get_write_buffer_size(self) -> int:
        return self._raw.get_write_buffer_size()

    @override
    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._raw.get_write_buffer_limits()

    @override
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._raw.set_write_buffer_limits(high, low)

    @override
    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast("asyncio.Protocol", protocol)

    @override
    def get_protocol(self) -> asyncio.BaseProtocol:
        return cast("asyncio.BaseProtocol", self._protocol)

    @override
    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "ssl_object":
            return self._tls
        return self._raw.get_extra_info(name, default)
