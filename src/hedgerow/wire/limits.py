"""What a peer may send and how long it may take; every phase has an absolute bound.

One frozen record, read once per listener.  Must not know who enforces it.

Times are not reset by a trickle of bytes: a head has ``head_timeout`` from its first
byte to its last, a body must keep ``body_min_rate`` on average over every
``body_timeout``, however fast it began.  The sizes follow what others chose: nginx
allows 8 KiB lines in 4 buffers, Apache 8 190 bytes a line and 100 fields, h11 100 KiB
a head.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds, rates in bytes a second."""

    max_request_line: int = 8 * 1024  # longer: 414
    max_head: int = 32 * 1024  # request line and fields: 431
    max_fields: int = 100  # more: 431
    max_body: int = 1 << 40  # longer: 413; a gateway's route may ask for less
    max_pipelined: int = 64 * 1024  # bytes read ahead while an answer is pending, then no more
    max_discarded: int = 16 * 1024 * 1024  # of an unwanted body, so that its sender reads why
    head_timeout: float = 10.0  # from the first byte of a head (or accept) to its end: 408
    handshake_timeout: float = 10.0  # TLS, from the accept on; nothing is asked yet: closed
    body_timeout: float = 20.0  # in each such time a body must bring body_min_rate: 408
    body_min_rate: float = 500.0
    idle_timeout: float = 75.0  # between requests; longer than common balancers in front
    write_timeout: float = 30.0  # in each such time a client that is behind must take 32 KiB
    linger_timeout: float = 2.0  # for the client to read a refusal before the close
