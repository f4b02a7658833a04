"""Which of the sockets that share a port get new connections.

The kernel deals connections out to such a group by a hash, whether or not anybody accepts
them.  A filter of a few instructions (SO_ATTACH_REUSEPORT_CBPF, Linux 4.5, no privilege)
chooses one of those that are wanted by chance instead; what waits in the others' queues stays
there.  Sockets are numbered in the order in which they began to listen.

Must not know why a socket is not wanted.
"""

import ctypes
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Final

_ATTACH: Final = 51  # SO_ATTACH_REUSEPORT_CBPF
_DETACH: Final = 68  # SO_DETACH_REUSEPORT_BPF
#: linux/filter.h: load, remainder, jump if equal, return.
_LOAD, _MODULO, _IF_EQUAL, _RETURN = 0x20, 0x94, 0x15, 0x06
_RANDOM: Final = 0xFFFFF000 + 56  # SKF_AD_OFF + SKF_AD_RANDOM
_MOST: Final = 1024  # a program has at most 4096 instructions


def steer(sock: socket.socket, wanted: Sequence[int]) -> bool:
    """Send new connections only to the ``wanted`` ones of the group that ``sock`` is of.

    False where the system cannot; connections then go where they went.
    """
    if not sys.platform.startswith("linux") or not 0 < len(wanted) <= _MOST:
        return False
    code = b"".join(_program(wanted))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    try:
        sock.setsockopt(socket.SOL_SOCKET, _ATTACH, program)
    except OSError:
        return False
    return True


def let_go(sock: socket.socket) -> None:
    """Leave it to the kernel again."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _DETACH, 1)
    except OSError:
        return  # it was


def _program(wanted: Sequence[int]) -> list[bytes]:
    instructions = [_instruction(_LOAD, _RANDOM), _instruction(_MODULO, len(wanted))]
    for drawn, number in enumerate(wanted):
        instructions += [
            _instruction(_IF_EQUAL, drawn, otherwise=1),
            _instruction(_RETURN, number),
        ]
    return [*instructions, _instruction(_RETURN, wanted[0])]


def _instruction(code: int, value: int, *, otherwise: int = 0) -> bytes:
    """Write a sock_filter; ``otherwise`` is how many are skipped where a test fails."""
    return struct.pack("=HBBI", code, 0, otherwise, value)
