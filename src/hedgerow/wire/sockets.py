"""What the two sides do to sockets in the same way.

Must not know HTTP.
"""

import asyncio
import contextlib
import socket
import struct
from typing import Final

#: Above this many unsent bytes a producer is told to stop; below a quarter of it, to go on.
HIGH_WATER: Final = 64 * 1024


def reset(transport: asyncio.Transport) -> None:
    """Close with RST instead of FIN: the peer notices at once, and no TIME_WAIT is left."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
