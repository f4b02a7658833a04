"""The PROXY protocol: whatever stands in front says whose connection it is, before anything else.

https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt, versions 1 (a line) and 2 (binary).
:func:`read_header` is strict and takes bytes; :class:`ProxyProtocolLine` is a connection whose
header has not come yet.  Must not know what is spoken after it, TLS or HTTP.

Anybody who can connect is believed: that is for the network to see to.
"""

import asyncio
import ipaddress
import math
import re
import struct
import time
from collections.abc import Callable
from typing import Final, NamedTuple, cast

from typing_extensions import override

from hedgerow.wire.listener import Listener

_TEXT: Final = b"PROXY "
_BINARY: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_LONGEST_LINE: Final = 107  # version 1, CRLF included (section 2.1)
#: Version 2 allows 64 KiB; addresses and what balancers add need some hundred.
_LONGEST_BLOCK: Final = 4096
_LINE: Final = re.compile(rb"PROXY (TCP4|TCP6) ([^ ]+) ([^ ]+) ([0-9]{1,5}) ([0-9]{1,5})\r\n")
#: How long the addresses are, by family and transport (section 2.2); the first is the client's.
_FAMILIES: Final = {
    0x00: 0,  # unspecified
    0x11: 12, 0x12: 12,  # IPv4, stream and datagram
    0x21: 36, 0x22: 36,  # IPv6
    0x31: 216, 0x32: 216,  # unix sockets
}  # fmt: skip


class ProxyHeader(NamedTuple):
    """What a header says."""

    client: str | None  # the client's address; None: the connection is the sender's own
    size: int  # bytes of the header


class BadHeader(ValueError):
    """It is no header of either version."""


def read_header(data: bytes) -> ProxyHeader | None:
    """Read the header that these bytes begin with; None while it is not whole."""
    if data.startswith(_BINARY):
        return _read_binary(data)
    if data.startswith(_TEXT):
        return _read_line(data)
    if _BINARY.startswith(data) or _TEXT.startswith(data):
        return None
    raise BadHeader("it begins with neither signature")


def _read_line(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, _LONGEST_LINE) + 2
    if end < 2:
        if len(data) >= _LONGEST_LINE:
            raise BadHeader("the line is too long")
        return None
    line = data[:end]
    if line.startswith((b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN ")):
        return ProxyHeader(None, end)
    match = _LINE.fullmatch(line)
    if match is None:
        raise BadHeader("the line is not well-formed")
    for port in (match[4], match[5]):
        if int(port) > 65535 or (port[:1] == b"0" and port != b"0"):
            raise BadHeader("a port is not well-formed")
    is_v4 = match[1] == b"TCP4"
    client, _ = (_address(text, is_v4=is_v4) for text in (match[2], match[3]))
    return ProxyHeader(client, end)


def _address(text: bytes, *, is_v4: bool) -> str:
    try:
        kind = ipaddress.IPv4Address if is_v4 else ipaddress.IPv6Address
        address = kind(text.decode("ascii"))
    except ValueError as error:
        raise BadHeader("an address is not well-formed") from error
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        raise BadHeader("an address is not well-formed")
    return _written(address)


def _read_binary(data: bytes) -> ProxyHeader | None:
    if len(data) < 16:
        return None
    version_and_command, family, length = struct.unpack_from("!BBH", data, 12)
    if version_and_command not in (0x20, 0x21):
        raise BadHeader("the version or the command is unknown")
    if length > _LONGEST_BLOCK:
        raise BadHeader("the header is too long")
    size = 16 + length
    if len(data) < size:
        return None
    if version_and_command == 0x20:  # LOCAL: a check of the sender's own; nothing else counts
        return ProxyHeader(None, size)
    needed = _FAMILIES.get(family)
    if needed is None:
        raise BadHeader("the family or the transport is unknown")
    if length < needed:
        raise BadHeader("the addresses are cut short")
    _check_additions(data[16 + needed : size])
    if needed == 12:
        return ProxyHeader(_written(ipaddress.IPv4Address(data[16:20])), size)
    if needed == 36:
        return ProxyHeader(_written(ipaddress.IPv6Address(data[16:32])), size)
    return ProxyHeader(None, size)


def _check_additions(data: bytes) -> None:
    """See that what follows the addresses is whole: type, length, value, again and again."""
    while data:
        if len(data) < 3:
            raise BadHeader("an addition is cut short")
        end = 3 + int.from_bytes(data[1:3], "big")
        if len(data) < end:
            raise BadHeader("an addition is cut short")
        data = data[end:]


def _written(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Write an address in its one form; a mapped IPv4 address as what it is."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


class ProxyProtocolLine(asyncio.Protocol):
    """A connection that has not said yet whose it is; it looks like any other to the sweep."""

    __slots__ = ("_admit", "_head", "_listener", "_since", "_transport", "due_at")

    def __init__(self, listener: Listener, admit: Callable[[str | None], asyncio.Protocol]) -> None:
        """``admit`` makes what follows the header, for the client's address if one was told."""
        self._listener = listener
        self._admit = admit
        self._head = b""
        self._transport: asyncio.Transport
        self._since = 0.0
        self.due_at = math.inf

    # --- called by the event loop ---

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._since = time.monotonic()
        self.due_at = self._since + self._listener.limits.head_timeout
        self._listener.connections.add(self)
        self._listener.connection_made()

    @override
    def data_received(self, data: bytes) -> None:
        self._head += data
        try:
            header = read_header(self._head)
        except BadHeader:
            # Without an answer: who does not speak the protocol must not be taken for somebody
            # who does, and HTTP after it must not be served.
            self._listener.refused += 1
            self._head = b""
            self._transport.close()
            return
        if header is not None:
            self._hand_over(header)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    # --- called by the sweep ---

    def timed_out(self, now: float) -> None:
        """The header did not come in time."""
        self.abort()

    def drain(self) -> None:
        """Close one that had a moment to speak."""
        if self._since + 1.0 < time.monotonic():
            self.abort()

    def abort(self) -> None:
        """Break the connection."""
        self._transport.abort()

    def _hand_over(self, header: ProxyHeader) -> None:
        protocol = self._admit(header.client)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        self._leave()  # after the next has come: there is always one to count
        rest = self._head[header.size :]
        self._head = b""
        if rest:
            protocol.data_received(rest)

    def _leave(self) -> None:
        self.due_at = math.inf
        self._listener.connections.discard(self)
        self._listener.connection_lost()
