"""What the two sides do to sockets in the same way.

Must not know HTTP.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from typing import Final

#: Linux's struct tcp_info (linux/tcp.h): the state is its first byte, tcpi_last_data_recv
#: (milliseconds since the last data came) the 32-bit number at offset 52.
_TCP_INFO: Final = getattr(socket, "TCP_INFO", None)
_LAST_DATA_AT: Final = 52
_TCP_CLOSE: Final = 7
_ON: Final = struct.pack("ii", 1, 0)

#: Above this many unsent bytes a producer is told to stop; below a quarter of it, to go on.
HIGH_WATER: Final = 64 * 1024


def reset(transport: asyncio.Transport) -> None:
    """Close with RST instead of FIN: the peer notices at once, and no TIME_WAIT is left."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ON)
    transport.abort()


def has_tcp_info() -> bool:
    """Say whether the kernel tells about its connections (Linux does)."""
    return _TCP_INFO is not None


def was_reset(transport: asyncio.Transport) -> bool:
    """Say whether the peer has broken a connection that we do not read from."""
    info = _tcp_info(transport, 1)
    return info is not None and info[0] == _TCP_CLOSE


def data_age(transport: asyncio.Transport) -> float:
    """Seconds for which the last bytes from the peer have been here; 0 where nobody knows."""
    info = _tcp_info(transport, _LAST_DATA_AT + 4)
    if info is None or len(info) < _LAST_DATA_AT + 4:
        return 0.0
    milliseconds: int = struct.unpack_from("I", info, _LAST_DATA_AT)[0]
    return milliseconds / 1000


def _tcp_info(transport: asyncio.Transport, size: int) -> bytes | None:
    sock = transport.get_extra_info("socket")
    if _TCP_INFO is None or sock is None:
        return None
    try:
        info: bytes = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, size)
    except OSError:
        return None  # a unix socket
    return info


def is_clean_end(transport: asyncio.Transport) -> bool:
    """Say whether the peer ended its stream, under TLS too: anybody can send a FIN.

    An answer that ends with the connection is whole only if the TLS layer was told to end
    (RFC 9112 section 9.8).  uvloop calls nobody for a bare FIN; asyncio calls all the same.
    """
    tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    if tls is None:
        return True
    try:
        return tls.read(1) == b""
    except ssl.SSLZeroReturnError:
        return True
    except ssl.SSLError:
        return False  # it waits for more
