"""Histograms as text that other HDR tools read and write.

Encodes a :class:`~hedgerow.measure.histogram.Histogram` as one line of base64 and
decodes such a line, ours or another tool's.  It must not know files, logs or tags:
a line is a ``str`` that fits into JSON.

The format is HdrHistogram's V2 compressed encoding, as the Java and C libraries
write it, and with them Hyperfoil, autocannon and zrk::

    base64( envelope | zlib( payload header | counts ) )
    envelope         cookie, length of what follows                     2 x 4 bytes
    payload header   cookie, length of the counts, offset, digits,      4 x 4 bytes
                     lowest, highest, scale                             3 x 8 bytes
    counts           ZigZag LEB128: n is a count, -n is n empty buckets

all big-endian.  Only the buckets up to the highest in use are written, so a line is
typically a few kilobytes.  The format has no place for how many values were
clamped: they come back as values in the outermost buckets.

What we decode may come from another machine, so it is checked piece by piece, and
no more is inflated than the announced range can need.
"""

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.measure.histogram import Histogram
from hedgerow.measure.layout import BucketLayout

_ENVELOPE: Final = struct.Struct(">II")
_PAYLOAD: Final = struct.Struct(">IIIIQQd")
# The 0x10 says "counts are variable-length words"; readers ignore these four bits.
_ENVELOPE_COOKIE: Final = 0x1C849304 | 0x10
_PAYLOAD_COOKIE: Final = 0x1C849303 | 0x10
_COOKIE_MASK: Final = 0xFFFFFF0F
_MOST_BYTES_A_COUNT: Final = 9
_LARGEST_COUNT: Final = 2**63 - 1


def encode_hdr(histogram: Histogram) -> str:
    """One line of text with all counts of the histogram."""
    counts = _encode_counts(histogram)
    layout = histogram.layout
    header = _PAYLOAD.pack(
        _PAYLOAD_COOKIE, len(counts), 0, layout.digits, layout.lowest, layout.highest, 1.0
    )
    packed = zlib.compress(header + counts)
    return base64.b64encode(_ENVELOPE.pack(_ENVELOPE_COOKIE, len(packed)) + packed).decode()


def decode_hdr(text: str) -> Histogram:
    """The histogram that a line of text describes; ValueError says what is wrong with it."""
    inflater = zlib.decompressobj()
    try:
        head = inflater.decompress(_open_envelope(text), _PAYLOAD.size)
        layout, length = _read_payload_header(head)
        # One byte more than announced, so that a longer body is noticed.
        counts = inflater.decompress(inflater.unconsumed_tail, length + 1)
    except zlib.error as error:
        raise _wrong("compressed part", str(error), "intact zlib data") from error
    if len(counts) > length:
        raise _wrong("counts", f"more than {length} bytes", "as long as the header says")
    # The C library counts the header in with them (its issue 22 shows it).
    if len(counts) not in (length, length - _PAYLOAD.size) or not inflater.eof:
        raise _wrong("counts", f"{len(counts)} bytes, cut short", f"{length} bytes and a checksum")
    if inflater.unused_data:
        extra = f"{len(inflater.unused_data)} bytes after its end"
        raise _wrong("compressed part", extra, "nothing after its end")
    return Histogram.from_indexed_counts(layout, _decode_counts(counts, layout.bucket_count))


# --- the envelope and the header ---


def _open_envelope(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong("text", str(error), "base64") from error
    if len(raw) < _ENVELOPE.size:
        raise _wrong("envelope", f"{len(raw)} bytes", f"at least {_ENVELOPE.size} bytes")
    cookie, length = _ENVELOPE.unpack_from(raw)
    _check_cookie("envelope cookie", cookie, _ENVELOPE_COOKIE)
    packed = raw[_ENVELOPE.size :]
    if len(packed) != length:
        raise _wrong("length", f"{len(packed)} bytes", f"the {length} bytes of the envelope")
    return packed


def _read_payload_header(head: bytes) -> tuple[BucketLayout, int]:
    if len(head) < _PAYLOAD.size:
        raise _wrong("payload header", f"{len(head)} bytes", f"{_PAYLOAD.size} bytes")
    # The scale is for HdrHistogram's histograms of floats; its integer ones ignore it too.
    cookie, length, offset, digits, lowest, highest, _scale = _PAYLOAD.unpack(head)
    _check_cookie("payload cookie", cookie, _PAYLOAD_COOKIE)
    if offset:
        raise _wrong("offset", str(offset), "0 (a histogram that was not shifted)")
    try:
        layout = BucketLayout(lowest=lowest, highest=highest, digits=digits)
    except ConfigError as error:
        raise ValueError(f"HDR histogram: {error}") from error
    most = layout.bucket_count * _MOST_BYTES_A_COUNT + _PAYLOAD.size
    if length > most:
        raise _wrong("length of the counts", f"{length} bytes", f"at most {most} for this range")
    return layout, length


def _check_cookie(where: str, got: int, expected: int) -> None:
    if got & _COOKIE_MASK != expected & _COOKIE_MASK:
        raise _wrong(where, f"{got:#010x}", f"{expected:#010x} (HDR V2, compressed)")


# --- the counts ---


def _encode_counts(histogram: Histogram) -> bytes:
    words = bytearray()
    following = 0
    for index, count in histogram.indexed_counts():
        if count > _LARGEST_COUNT:
            raise _wrong(f"count of bucket {index}", str(count), f"at most {_LARGEST_COUNT}")
        if empty := index - following:
            _append_word(words, 2 * empty - 1)
        _append_word(words, 2 * count)
        following = index + 1
    return bytes(words)


def _decode_counts(words: bytes, bucket_count: int) -> Iterator[tuple[int, int]]:
    position = index = 0
    while position < len(words):
        word = words[position]
        if word < 0x80:
            position += 1
        else:
            word, position = _read_long_word(words, position)
        if word & 1:
            index += (word + 1) // 2
        else:
            if index < bucket_count:
                yield index, word // 2
            index += 1
        if index > bucket_count:
            raise _wrong("counts", f"for {index} buckets", f"for {bucket_count} in this range")


def _append_word(words: bytearray, word: int) -> None:
    for _ in range(_MOST_BYTES_A_COUNT - 1):
        if word < 0x80:
            break
        words.append(word & 0x7F | 0x80)
        word >>= 7
    words.append(word)


def _read_long_word(words: bytes, position: int) -> tuple[int, int]:
    """The word at this position, and the position after it."""
    word = 0
    for place, byte in enumerate(words[position : position + _MOST_BYTES_A_COUNT]):
        # The ninth byte has no continuation flag: its eight bits complete the 64.
        if byte < 0x80 or place == _MOST_BYTES_A_COUNT - 1:
            return word | byte << (7 * place), position + place + 1
        word |= (byte & 0x7F) << (7 * place)
    raise _wrong("counts", "cut short within a word", "whole words")


def _wrong(where: str, got: str, must: str) -> ValueError:
    return ValueError(f"HDR histogram, {where} = {got}: must be {must}.")
