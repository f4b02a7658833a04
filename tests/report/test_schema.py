import json
from collections.abc import Iterator
from typing import Any

import msgspec

from hedgerow.report.document import SCHEMA_VERSION, Document, decode_document, schema
from scripts.make_result_schema import FILE, schema_text

SCHEMA: dict[str, Any] = json.loads(schema_text())
DEFINITIONS: dict[str, Any] = SCHEMA["$defs"]


def references(part: object) -> Iterator[str]:
    """Every definition that is referred to, however deep."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield str(part["$ref"])
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


class TestFile:
    def test_is_what_the_code_says(self) -> None:
        written = FILE.read_text(encoding="utf-8")
        assert written == schema_text(), "run: python scripts/make_result_schema.py"

    def test_names_its_version(self) -> None:
        assert SCHEMA["title"].endswith(f"version {SCHEMA_VERSION}")


class TestSchema:
    def test_is_that_of_the_document(self) -> None:
        assert SCHEMA["$ref"] == "#/$defs/Document"
        assert SCHEMA["$defs"] == json.loads(json.dumps(schema()["$defs"]))

    def test_defines_everything_that_it_refers_to(self) -> None:
        defined = {f"#/$defs/{name}" for name in DEFINITIONS}
        assert set(references(SCHEMA)) <= defined

    def test_has_a_definition_for_no_other_reason(self) -> None:
        assert {f"#/$defs/{name}" for name in DEFINITIONS} == set(references(SCHEMA))

    def test_requires_no_key_of_the_document_itself(self) -> None:
        assert DEFINITIONS["Document"].get("required", []) == []

    def test_requires_every_figure_of_a_summary_row(self) -> None:
        row = DEFINITIONS["SummaryRow"]
        assert row["required"] == list(row["properties"])

    def test_lets_newer_keys_pass(self) -> None:
        closed = [
            name for name, part in DEFINITIONS.items() if part.get("additionalProperties") is False
        ]
        assert closed == []


class TestSample:
    def test_has_the_keys_that_the_schema_names(self) -> None:
        sample = msgspec.json.decode(msgspec.json.encode(Document()))
        assert list(sample) == list(DEFINITIONS["Document"]["properties"])

    def test_is_what_every_default_of_the_schema_says(self) -> None:
        properties: dict[str, dict[str, Any]] = DEFINITIONS["Document"]["properties"]
        defaults = {name: told["default"] for name, told in properties.items()}
        assert decode_document(json.dumps(defaults).encode()) == Document()
