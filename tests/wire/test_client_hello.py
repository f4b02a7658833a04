import contextlib
import ssl

import pytest

from hedgerow.wire.client_hello import server_name


def hello(name: str | None = "a.example", *, newest: bool = True) -> bytes:
    """What OpenSSL's client sends first."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.set_alpn_protocols(["http/1.1"])
    if not newest:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


class TestName:
    @pytest.mark.parametrize("newest", [True, False])
    def test_is_read(self, newest: bool) -> None:
        assert server_name(hello("www.A.example", newest=newest)) == "www.a.example"

    def test_is_not_in_every_hello(self) -> None:
        assert server_name(hello(None)) == ""

    def test_that_is_not_ascii_is_none(self) -> None:
        assert server_name(hello().replace(b"a.example", b"a.ex\x9bmple")) == ""

    def test_with_a_dot_at_its_end_is_the_same(self) -> None:
        assert server_name(hello().replace(b"a.example", b"a.exampl.")) == "a.exampl"


class TestPieces:
    def test_are_waited_for_wherever_it_is_cut(self) -> None:
        whole = hello()
        for end in range(len(whole)):
            assert server_name(whole[:end]) is None
        assert server_name(whole + b"more") == "a.example"


class TestAnythingElse:
    @pytest.mark.parametrize(
        "data",
        [
            b"\x17\x03\x03\x00\x01x",
            b"\x16\x03\x01\xff\xff",
            b"\x16\x03\x01\x00\x00",
            b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
            b"\x16\x03\x01\x00\x04\x01\x00\x00\x00",
            b"\x16\x03\x01\x00\x06\x01\x00\x02\x00\x03\x03",
        ],
    )
    def test_has_no_name(self, data: bytes) -> None:
        assert server_name(data) == ""

    def test_is_read_without_an_exception(self) -> None:
        whole = hello()
        for place in range(5, len(whole)):
            for value in (0, 1, 0x7F, 0xFF):
                damaged = whole[:place] + bytes([value]) + whole[place + 1 :]
                assert isinstance(server_name(damaged), str)

    def test_that_is_cut_inside_its_record_has_no_name(self) -> None:
        whole = hello()
        for size in range(len(whole) - 5):
            record = whole[:3] + size.to_bytes(2, "big") + whole[5 : 5 + size]
            assert isinstance(server_name(record), str)
