import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import PeerError
from hedgerow.wire.chunked import LAST_CHUNK, ChunkedDecoder, chunk

BODY = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"


def decoded(*pieces: bytes) -> tuple[bytes, bytes, bool]:
    """Return the body, what came after it, and whether it ended."""
    decoder = ChunkedDecoder()
    results = [decoder.feed(piece) for piece in pieces]
    body, rest = (b"".join(parts) for parts in zip(*results, strict=True))
    return body, rest, decoder.ended


def refusal(*pieces: bytes) -> str:
    with pytest.raises(PeerError) as caught:
        decoded(*pieces)
    assert caught.value.status == 400
    return caught.value.detail


def outcome(*pieces: bytes) -> tuple[bytes, bytes, bool] | None:
    try:
        return decoded(*pieces)
    except PeerError:
        return None


class TestBody:
    def test_is_what_the_chunks_hold(self) -> None:
        assert decoded(BODY) == (b"hello world", b"", True)

    def test_is_the_same_cut_anywhere(self) -> None:
        for cut in range(1, len(BODY)):
            assert decoded(BODY[:cut], BODY[cut:]) == (b"hello world", b"", True)

    def test_is_the_same_byte_by_byte(self) -> None:
        assert decoded(*(bytes([byte]) for byte in BODY))[0] == b"hello world"

    def test_is_handed_out_as_it_comes(self) -> None:
        assert ChunkedDecoder().feed(b"5\r\nhe") == (b"he", b"")

    def test_has_not_ended_before_the_last_empty_line(self) -> None:
        assert not decoded(BODY[:-2])[2]


class TestRest:
    def test_is_what_follows_the_body(self) -> None:
        assert decoded(BODY + b"GET / ") == (b"hello world", b"GET / ", True)

    def test_is_all_that_is_fed_after_the_end(self) -> None:
        assert decoded(BODY + b"GET", b" / ") == (b"hello world", b"GET / ", True)


class TestSizeLine:
    def test_longer_than_any_extension_needs_is_refused_before_its_end(self) -> None:
        assert "256" in refusal(b"5;" + b"e" * 300)

    def test_of_the_greatest_length_may_be_cut_before_its_line_feed(self) -> None:
        line = b"5;" + b"e" * 254
        assert decoded(line + b"\r", b"\nhello\r\n0\r\n\r\n")[0] == b"hello"

    def test_of_16_digits_is_refused(self) -> None:
        assert "hexadecimal" in refusal(b"0" * 16 + b"\r\n")

    def test_with_a_bare_cr_is_refused_before_its_end(self) -> None:
        assert "bare CR" in refusal(b"5\rx")


class TestChunk:
    def test_longer_than_its_size_is_refused_at_the_first_byte_too_many(self) -> None:
        assert "longer" in refusal(b"5\r\nhello", b"!")

    def test_may_be_greater_than_memory(self) -> None:
        decoder = ChunkedDecoder()
        assert decoder.feed(b"fffffffffffffff\r\nhello") == (b"hello", b"")


class TestTrailers:
    def test_of_many_lines_are_bounded_together(self) -> None:
        assert "trailer" in refusal(b"0\r\n" + b"X-A: b\r\n" * 1100)

    def test_of_one_endless_line_are_bounded(self) -> None:
        assert "8192" in refusal(b"0\r\n" + b"X-A: " + b"b" * 9000)

    def test_up_to_the_bound_are_dropped(self) -> None:
        assert decoded(b"0\r\n" + b"X-A: b\r\n" * 1024 + b"\r\n") == (b"", b"", True)


class TestEncoder:
    def test_writes_the_size_in_hexadecimal(self) -> None:
        assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"

    @given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.data())
    def test_is_read_back_by_the_decoder_however_it_is_cut(
        self, parts: list[bytes], data: st.DataObject
    ) -> None:
        raw = b"".join(map(chunk, parts)) + LAST_CHUNK
        cuts = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=8)))
        pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
        assert decoded(*pieces) == (b"".join(parts), b"", True)


class TestAnyBytes:
    @given(st.text('01a;=\r\n "x:', max_size=30).map(str.encode))
    def test_have_the_same_outcome_however_they_are_cut(self, raw: bytes) -> None:
        for cut in range(1, len(raw)):
            assert outcome(raw[:cut], raw[cut:]) == outcome(raw)
