import pytest

from hedgerow.errors import PeerError
from hedgerow.wire.body import BodyReader, Framing


class TestNoBody:
    def test_has_ended_before_it_began(self) -> None:
        assert BodyReader(Framing.NONE).ended


class TestBodyOfALength:
    def test_ends_with_its_last_byte(self) -> None:
        reader = BodyReader(Framing.LENGTH, 5)
        assert reader.feed(b"hel") == (b"hel", b"")
        assert not reader.ended
        assert reader.feed(b"lo") == (b"lo", b"")
        assert reader.ended

    def test_leaves_what_follows(self) -> None:
        reader = BodyReader(Framing.LENGTH, 5)
        assert reader.feed(b"helloGET /") == (b"hello", b"GET /")
        assert reader.ended

    def test_of_zero_has_ended_before_it_began(self) -> None:
        assert BodyReader(Framing.LENGTH, 0).ended

    def test_is_the_same_cut_anywhere(self) -> None:
        raw = b"hello" + b"GET /"
        for cut in range(1, len(raw)):
            reader = BodyReader(Framing.LENGTH, 5)
            body, rest = reader.feed(raw[:cut])
            more = reader.feed(raw[cut:]) if not reader.ended else (b"", raw[cut:])
            assert (body + more[0], rest + more[1]) == (b"hello", b"GET /")


class TestChunkedBody:
    def test_ends_with_its_last_chunk(self) -> None:
        reader = BodyReader(Framing.CHUNKED)
        assert reader.feed(b"5\r\nhello\r\n0\r\n\r\nGET /") == (b"hello", b"GET /")
        assert reader.ended

    def test_counts_what_was_in_the_chunks_only(self) -> None:
        reader = BodyReader(Framing.CHUNKED)
        reader.feed(b"5;x=y\r\nhello\r\n")
        assert reader.received == 5

    def test_with_a_broken_coding_is_refused(self) -> None:
        with pytest.raises(PeerError):
            BodyReader(Framing.CHUNKED).feed(b"x\r\n")


class TestBodyUntilClose:
    def test_takes_everything_and_never_ends_by_itself(self) -> None:
        reader = BodyReader(Framing.UNTIL_CLOSE)
        assert reader.feed(b"hello") == (b"hello", b"")
        assert not reader.ended
