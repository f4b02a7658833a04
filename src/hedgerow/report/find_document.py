"""What a capacity search leaves behind: one JSON document, with a schema of its own.

Holds the answer, and of every probe the figures that led to it.  Must not know how they
came about.  Keys and units are those of ``report.document``.
"""

from pathlib import Path
from typing import Final, Literal

import msgspec

from hedgerow.report.document import Config, Machine, SloResult, Verdict, results_in

SCHEMA_VERSION: Final = 1

By = Literal["rate", "users"]
Came = Literal["kept", "broken", "invalid"]


class ProbeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One probe: what was asked, and what came of it."""

    load: float  # requests a second, or users
    purpose: str  # "rising", "falling", "bisecting", "confirming", "above", "below", "far_above"
    came: Came
    seconds: float = 0.0  # that were measured
    completed: float = 0.0  # requests a second
    requests: int = 0
    failed: int = 0
    p50_us: int = 0  # of the response time, like the next two
    p95_us: int = 0
    p99_us: int = 0
    promises: list[SloResult] = []
    verdict: Verdict = Verdict()
    stopped_because: str = ""

    @property
    def error_share(self) -> float:
        """The share of the requests that failed."""
        return self.failed / self.requests if self.requests else 0.0


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """The answer; see ``lab.search.Answer``."""

    kind: Literal["found", "above", "below", "unstable", "generator", "unfinished"]
    load: float | None = None
    broken: float | None = None
    confirmed: bool = False
    seconds: float = 0.0  # of the confirmation


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One search; ``value`` is what was varied in the server's command line."""

    capacity: Capacity
    probes: list[ProbeRecord]
    value: str = ""


class Scalability(msgspec.Struct, frozen=True, kw_only=True):
    """The Universal Scalability Law, fitted to the capacities of all variants."""

    lam: float
    sigma: float
    kappa: float
    r2: float
    peak_n: float | None = None
    peak_x: float | None = None


class _Kind(msgspec.Struct, frozen=True):
    kind: str = ""


class FindDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A search, or one for each variant of the server."""

    schema_version: int = SCHEMA_VERSION
    tool: str = ""
    kind: Literal["find"] = "find"
    target: str = ""
    started: str = ""  # ISO 8601, UTC
    by: By = "rate"
    promises: list[str] = []
    tolerance: float = 0.0
    varied: str = ""  # the name of what was varied
    variants: list[Variant] = []
    scalability: Scalability | None = None
    interrupted: bool = False
    config: Config = Config()
    machine: Machine = Machine()


def encode_find(document: FindDocument) -> bytes:
    """Write a document that people can read and diff too."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def write_find(document: FindDocument, path: Path) -> None:
    """Write the result file."""
    path.write_bytes(encode_find(document))


def decode_find(data: bytes) -> FindDocument:
    """Read a document from JSON, or from a page; ValueError says what is wrong."""
    document = msgspec.json.decode(results_in(data)[0], type=FindDocument)
    if document.schema_version > SCHEMA_VERSION:
        raise ValueError(
            f"schema_version {document.schema_version}: this version reads {SCHEMA_VERSION}"
        )
    return document


def is_find(data: bytes) -> bool:
    """Tell whether JSON or a page holds a search; False too for what is no result at all."""
    try:
        kinds = {msgspec.json.decode(found, type=_Kind).kind for found in results_in(data)}
    except ValueError:
        return False
    return "find" in kinds
