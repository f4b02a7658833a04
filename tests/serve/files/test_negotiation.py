"""Which encodings a client takes (RFC 9110 section 12.5.3)."""

import pytest

from hedgerow.serve.files.negotiation import accepted, weights


class TestAccepted:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (None, ("identity",)),
            (b"", ("identity",)),
            (b"gzip", ("gzip", "identity")),
            (b"x-gzip", ("gzip", "identity")),
            (b"GZIP", ("gzip", "identity")),
            (b"gzip, deflate, br, zstd", ("br", "zstd", "gzip", "identity")),
            (b"gzip;q=1.0, br;q=0.5", ("gzip", "br", "identity")),
            (b"gzip;q=0", ("identity",)),
            (b"*", ("br", "zstd", "gzip", "identity")),
            (b"*;q=0, gzip", ("gzip", "identity")),
            (b"br;q=0, *", ("zstd", "gzip", "identity")),
            (b"identity;q=1, gzip;q=0.5", ("identity", "gzip")),
            (b"identity;q=0.5, gzip;q=0.5", ("gzip", "identity")),
            (b"deflate", ("identity",)),
        ],
    )
    def test_is_best_first(self, value: bytes | None, expected: tuple[str, ...]) -> None:
        assert accepted(value) == expected

    @pytest.mark.parametrize(
        "value", [b"gzip;q=2", b"gzip;q=0.1234", b"gzip;x=1", b"\xff", b"gzip br"]
    )
    def test_is_the_file_as_it_is_where_the_field_is_not_well_formed(self, value: bytes) -> None:
        assert accepted(value) == ("identity",)

    def test_weighs_each_coding(self) -> None:
        assert weights(b"gzip;q=0.3 , br ; q=1") == {"gzip": 0.3, "br": 1.0}
