"""What goes between a run and its shards on other machines, both ways.

*Orders* are a state and no events: what is wanted now, sent again every second.  So an
order that was lost is made good by the next one, one that came twice does nothing, and a
shard that gets none for a while knows that nobody wants it any more.  What a shard *tells*
is events, with numbers where a lost one matters.  Must not know how they travel.

A *token* names one start of a shard: when a worker is killed, the scheduler may start its
task anew, and that one must not send the plan once more, all of it overdue.
"""

from typing import Final, Literal

import msgspec

#: Seconds between two orders.
ORDERS_EVERY: Final = 1.0
#: Seconds without orders after which a shard ends by itself.
LEASE: Final = 10.0
#: All runs tell under one topic, because a scheduler keeps the last events of each for ever.
TOPIC: Final = "hedgerow-load"
#: The name under which workers take orders.
OPERATION: Final = "hedgerow-load-orders"

Word = Literal["play", "stop", "cut", "end"]


class Orders(msgspec.Struct, frozen=True):
    """What a shard is to do."""

    run: str
    shard: int
    token: str = ""  # whom they are for; "" before one was ready
    begin_at: int | None = None  # ns since 1970 by the clock of the shard's own machine
    word: Word = "play"  # stop: begin nothing new; cut: wait for nothing; end: be gone


class _Told(msgspec.Struct, frozen=True):
    """Whose message it is."""

    run: str
    shard: int
    token: str


class ShardReady(_Told, frozen=True, tag="ready"):
    """All generator processes have understood the plan."""


class ShardRefused(_Told, frozen=True, tag="refused"):
    """The shard cannot do it; ``is_usage``: whoever wrote the plan must change it."""

    text: str
    is_usage: bool


class ShardBegan(_Told, frozen=True, tag="began"):
    """The shard has been told when the plan begins."""

    late: float  # seconds: that moment was over by so much already


class ShardAlone(_Told, frozen=True, tag="alone"):
    """The shard has had no orders for ``LEASE`` seconds, and stops sending."""


class ShardFrame(_Told, frozen=True, tag="frame"):
    """What a shard did in one interval."""

    frame: bytes  # see book.encode_frame()
    complaint: str = ""  # why the run cannot go on


Told = ShardReady | ShardRefused | ShardBegan | ShardAlone | ShardFrame

_orders: Final = msgspec.msgpack.Decoder(Orders)
_told: Final = msgspec.msgpack.Decoder(Told)


def encode(message: Orders | Told) -> bytes:
    """Return a message as bytes."""
    return msgspec.msgpack.encode(message)


def decode_orders(data: bytes) -> Orders:
    """Read orders."""
    return _orders.decode(data)


def decode_told(data: bytes) -> Told:
    """Read what a shard told."""
    told: Told = _told.decode(data)
    return told
