from pathlib import Path

import msgspec
import pytest

from hedgerow.report.find_document import (
    Capacity,
    FindDocument,
    ProbeRecord,
    Variant,
    decode_find,
    encode_find,
    is_find,
    write_find,
)


def result() -> FindDocument:
    probe = ProbeRecord(load=10, purpose="rising", came="kept", requests=100, failed=1)
    variant = Variant(capacity=Capacity(kind="found", load=10.0, broken=10.3), probes=[probe])
    return FindDocument(promises=["p99<1s"], variants=[variant])


class TestFile:
    def test_can_be_read_again(self, tmp_path: Path) -> None:
        file = tmp_path / "find.json"
        write_find(result(), file)
        assert decode_find(file.read_bytes()) == result()

    def test_says_what_it_is(self, tmp_path: Path) -> None:
        file = tmp_path / "find.json"
        write_find(result(), file)
        plain = msgspec.json.decode(file.read_bytes())
        assert (plain["kind"], plain["schema_version"]) == ("find", 1)

    def test_of_a_newer_version_is_refused(self) -> None:
        with pytest.raises(ValueError, match="schema_version 2: this version reads 1"):
            decode_find(b'{"kind": "find", "schema_version": 2}')

    def test_with_newer_keys_can_be_read(self) -> None:
        assert decode_find(b'{"kind": "find", "news": 1}').variants == []


class TestIsFind:
    def test_tells_searches_from_everything_else(self) -> None:
        assert is_find(encode_find(result()))
        assert not is_find(b'{"kind": "load"}')
        assert not is_find(b"[1, 2]")
        assert not is_find(b"<html></html>")
        assert not is_find(b"\xff hello")


class TestErrorShare:
    def test_is_failed_by_all(self) -> None:
        assert result().variants[0].probes[0].error_share == 0.01

    def test_without_requests_is_0(self) -> None:
        assert ProbeRecord(load=1, purpose="rising", came="broken").error_share == 0
