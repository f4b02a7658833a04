import base64
import struct
import zlib

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.measure import Bucket, BucketLayout, Histogram, decode_hdr, encode_hdr
from tests.measure.oracle import counts_of, many_examples, ours, recordings, theirs

SMALL = BucketLayout(highest=1000, digits=1)

# Encoded by the C library: the sample of HdrHistogram_py's test_hdrhistogram.py.
FROM_C = "HISTFAAAACl4nJNpmSzMwMBgyAABzFCaEURcm7yEwf4DROA8/4I5jNM7mJgAlWkH9g=="
# One value of 2048 in 1..2048, the same bytes from the Java and the C library.
FROM_JAVA = "HISTFAAAACB4nJNpmSzMwMDAzAABMJoRQnEw2H+AsP7LMwEARZgDpQ=="

Recording = tuple[BucketLayout, list[int]]


def enveloped(payload: bytes, *, cookie: int = 0x1C849314, length: int | None = None) -> str:
    """A line around this payload, with the envelope as told."""
    packed = zlib.compress(payload)
    head = struct.pack(">II", cookie, len(packed) if length is None else length)
    return base64.b64encode(head + packed).decode()


def payload(
    counts: bytes, *, cookie: int = 0x1C849313, length: int | None = None, offset: int = 0
) -> bytes:
    """A payload of the layout SMALL with these encoded counts."""
    size = len(counts) if length is None else length
    return struct.pack(">IIIIQQd", cookie, size, offset, 1, 1, 1000, 1.0) + counts


def verdict(text: str) -> str:
    try:
        decode_hdr(text)
    except ValueError as error:
        return str(error)
    return "fine"


class TestOurs:
    @many_examples
    @given(recordings())
    def test_is_read_by_hdrhistogram(self, recording: Recording) -> None:
        decoded = HdrHistogram.decode(encode_hdr(ours(*recording)))
        assert counts_of(decoded) == counts_of(theirs(*recording))

    @many_examples
    @given(recordings())
    def test_is_the_very_text_that_hdrhistogram_writes(self, recording: Recording) -> None:
        assert encode_hdr(ours(*recording)) == theirs(*recording).encode().decode()

    @many_examples
    @given(recordings())
    def test_comes_back_as_it_was(self, recording: Recording) -> None:
        histogram = ours(*recording)
        assert decode_hdr(encode_hdr(histogram)) == histogram

    @pytest.mark.parametrize("count", [1, 63, 64, 2**13, 2**34, 2**55, 2**56, 2**62, 2**63 - 1])
    def test_keeps_counts_of_any_length(self, count: int) -> None:
        histogram = Histogram(SMALL)
        histogram.record_many(500, count)
        assert decode_hdr(encode_hdr(histogram)) == histogram

    def test_may_be_empty(self) -> None:
        assert decode_hdr(encode_hdr(Histogram(SMALL))) == Histogram(SMALL)

    def test_has_the_layout_with_it(self) -> None:
        layout = BucketLayout(lowest=1000, highest=10**9, digits=2)
        assert decode_hdr(encode_hdr(ours(layout, [5]))).layout == layout

    def test_with_a_count_beyond_64_bits_is_refused(self) -> None:
        histogram = Histogram(SMALL)
        histogram.record_many(500, 2**63)
        with pytest.raises(ValueError, match=f"{2**63}: must be at most {2**63 - 1}"):
            encode_hdr(histogram)


class TestTheirs:
    @many_examples
    @given(recordings(), st.integers(1, 2**62))
    def test_is_read_by_us(self, recording: Recording, times: int) -> None:
        oracle = theirs(*recording)
        oracle.record_value(recording[1][0], times)
        assert dict(decode_hdr(oracle.encode().decode()).indexed_counts()) == counts_of(oracle)

    def test_from_c_is_read(self) -> None:
        histogram = decode_hdr(FROM_C)  # 10,000 times 1,000 and once 100,000,000
        assert histogram.layout == BucketLayout(1, 3_600_000_000, 3)
        assert histogram.count == 10_001
        assert (histogram.quantile(0.99), histogram.max) == (1000, 100_007_935)

    def test_from_java_is_read(self) -> None:
        histogram = decode_hdr(FROM_JAVA)
        assert list(histogram.buckets()) == [Bucket(low=2048, high=2049, count=1)]

    def test_with_a_single_empty_bucket_written_as_zero_is_read(self) -> None:
        histogram = decode_hdr(enveloped(payload(bytes([2, 0, 4]))))
        assert dict(histogram.indexed_counts()) == {0: 1, 2: 2}

    def test_may_have_line_ends_around_it(self) -> None:
        assert decode_hdr(f"\n{FROM_C}\r\n").count == 10_001

    def test_may_end_with_empty_buckets(self) -> None:
        rest = 2 * (SMALL.bucket_count - 1) - 1
        words = bytes([2, rest & 0x7F | 0x80, rest >> 7])
        assert decode_hdr(enveloped(payload(words))).count == 1


class TestBadText:
    @pytest.mark.parametrize("text", ["not base64!", "ünïcode", "HIST"])
    def test_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"HDR histogram, (text|envelope)"):
            decode_hdr(text)

    def test_of_another_version_is_named_by_its_cookie(self) -> None:
        with pytest.raises(ValueError, match="envelope cookie = 0x1c849302"):
            decode_hdr(enveloped(payload(b""), cookie=0x1C849302))

    def test_with_another_payload_is_named_by_its_cookie(self) -> None:
        with pytest.raises(ValueError, match="payload cookie = 0x1c849301"):
            decode_hdr(enveloped(payload(b"", cookie=0x1C849301)))

    def test_of_the_wrong_length_says_both_lengths(self) -> None:
        size = len(zlib.compress(payload(b"")))
        with pytest.raises(ValueError, match=f"length = {size} bytes: must be the 999 bytes"):
            decode_hdr(enveloped(payload(b""), length=999))

    def test_that_is_not_compressed_is_refused(self) -> None:
        raw = struct.pack(">II", 0x1C849314, 3) + b"abc"
        with pytest.raises(ValueError, match="compressed part"):
            decode_hdr(base64.b64encode(raw).decode())

    def test_with_bytes_after_the_compressed_part_is_refused(self) -> None:
        packed = zlib.compress(payload(b"")) + b"more"
        raw = struct.pack(">II", 0x1C849314, len(packed)) + packed
        with pytest.raises(ValueError, match="4 bytes after its end"):
            decode_hdr(base64.b64encode(raw).decode())

    def test_without_a_whole_header_is_refused(self) -> None:
        with pytest.raises(ValueError, match="payload header = 39 bytes"):
            decode_hdr(enveloped(payload(b"")[:39]))

    def test_with_an_impossible_layout_names_the_setting(self) -> None:
        head = struct.pack(">IIIIQQd", 0x1C849313, 0, 0, 9, 1, 1000, 1.0)
        with pytest.raises(ValueError, match="digits = 9"):
            decode_hdr(enveloped(head))

    def test_of_a_shifted_histogram_is_refused(self) -> None:
        with pytest.raises(ValueError, match="offset = 3"):
            decode_hdr(enveloped(payload(b"", offset=3)))


class TestBadCounts:
    def test_longer_than_announced_are_refused(self) -> None:
        with pytest.raises(ValueError, match="more than 1 bytes"):
            decode_hdr(enveloped(payload(bytes([2, 2, 2]), length=1)))

    def test_shorter_than_announced_are_refused(self) -> None:
        with pytest.raises(ValueError, match="1 bytes, cut short"):
            decode_hdr(enveloped(payload(bytes([2]), length=7)))

    def test_announced_longer_than_the_range_can_need_are_refused(self) -> None:
        with pytest.raises(ValueError, match="length of the counts = 4294967295"):
            decode_hdr(enveloped(payload(b"", length=2**32 - 1)))

    def test_cut_within_a_word_are_refused(self) -> None:
        with pytest.raises(ValueError, match="cut short within a word"):
            decode_hdr(enveloped(payload(bytes([2, 0x80]))))

    def test_for_more_buckets_than_the_range_has_are_refused(self) -> None:
        with pytest.raises(ValueError, match=f"for {SMALL.bucket_count} in this range"):
            decode_hdr(enveloped(payload(bytes([2] * (SMALL.bucket_count + 1)))))

    def test_that_skip_beyond_the_range_are_refused(self) -> None:
        with pytest.raises(ValueError, match=f"for {SMALL.bucket_count} in this range"):
            decode_hdr(enveloped(payload(bytes([0xFF, 0x7F]))))


class TestDamage:
    def test_by_cutting_at_any_byte_is_noticed(self) -> None:
        whole = base64.b64decode(FROM_C)
        for end in range(len(whole)):
            with pytest.raises(ValueError, match="HDR histogram"):
                decode_hdr(base64.b64encode(whole[:end]).decode())

    def test_by_cutting_the_compressed_part_at_any_byte_is_noticed(self) -> None:
        packed = zlib.compress(payload(bytes([2, 4, 6])))
        for end in range(len(packed)):
            raw = struct.pack(">II", 0x1C849314, end) + packed[:end]
            with pytest.raises(ValueError, match="HDR histogram"):
                decode_hdr(base64.b64encode(raw).decode())

    @many_examples
    @given(st.binary(max_size=60))
    def test_of_the_payload_is_noticed_or_harmless(self, counts: bytes) -> None:
        assert verdict(enveloped(payload(counts))).startswith(("fine", "HDR histogram"))

    @many_examples
    @given(st.text("HISTFA09az+/= é", max_size=80))
    def test_of_everything_is_noticed(self, text: str) -> None:
        with pytest.raises(ValueError, match="HDR histogram"):
            decode_hdr(text)
