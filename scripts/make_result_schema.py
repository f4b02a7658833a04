"""Writes docs/result.schema.json from the records of the result document.

Run it as ``python scripts/make_result_schema.py``.  A test compares the file with what this
would write, so it cannot fall behind.
"""

import json
from pathlib import Path
from typing import Any, Final

from hedgerow.report.document import SCHEMA_VERSION, schema

FILE: Final = Path(__file__).parent.parent / "docs" / "result.schema.json"


def schema_text() -> str:
    """Return the whole file."""
    whole: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Result of hedgerow load, schema version {SCHEMA_VERSION}",
        **schema(),
    }
    return json.dumps(whole, indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
