"""How a shard and its generator processes talk over pipes: orders in, messages out.

Orders are lines on standard input: a JSON line with the plan, ``go`` with the moment that
is the plan's beginning, ``stop``, ``cut``.  The end of the input says that the shard is
gone, and ends the process: nothing that sends load may outlive whoever asked for it.
Messages are a four-byte length and MessagePack.  Must not know what either side does.

Moments are perf_counter_ns, which on one machine all processes share (CLOCK_MONOTONIC).
"""

import struct
from typing import Final

import msgspec

from hedgerow.load.batch import Batch
from hedgerow.load.plan import LoadPlan, Share

GO: Final = "go"
STOP: Final = "stop"
CUT: Final = "cut"

_LENGTH: Final = struct.Struct(">I")


class Assignment(msgspec.Struct, frozen=True):
    """The first line: what this process is to do."""

    plan: LoadPlan
    share: Share
    lines: dict[str, list[bytes]] = {}  # of the files that templates take lines from
    shared: object = None  # what a scenario's setup() returned


class Ready(msgspec.Struct, tag="ready"):
    """The process has understood its assignment."""

    pid: int


class Refused(msgspec.Struct, tag="refused"):
    """The process cannot do it: the setting is wrong (or, not ``is_usage``, the machine)."""

    text: str
    is_usage: bool


class Happened(msgspec.Struct, tag="happened"):
    """What happened since the last message."""

    batch: Batch


Message = Ready | Refused | Happened

_decoder: Final = msgspec.msgpack.Decoder(Message)


def encode_message(message: Message) -> bytes:
    """Return a message with its length in front."""
    data = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(data)) + data


class Messages:
    """Puts messages together from what came out of a pipe."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Take what came, and return every message that is whole.

        A list, because a generator that nobody goes through to its end would leave what it has
        given in the buffer, to be given again.
        """
        buffer, messages = self._buffer, list[Message]()
        buffer += data
        start = 0
        while len(buffer) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer, start)
            end = start + _LENGTH.size + length
            if len(buffer) < end:
                break
            messages.append(_decoder.decode(buffer[start + _LENGTH.size : end]))
            start = end
        del buffer[:start]
        return messages
