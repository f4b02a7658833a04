"""What each generator says of its own run, in one form: counts, percentiles, errors.

Must not know how they are started.  Times are seconds; None is what a program does not tell.
"""

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

AB_PERCENTILES: Final = "ab.csv"
HEDGEROW_RESULT: Final = "hedgerow.json"

_WRK_ERRORS: Final = ("connect", "read", "write", "timeout", "status")


@dataclass(frozen=True)
class Told:
    """One run, as its generator reports it."""

    requests: int
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    errors: dict[str, int] = field(default_factory=dict)  # only the kinds that occurred
    remark: str = ""  # what it says of its own measurement
    cpu_seconds: float | None = None  # of its generator processes, by its own account


class UnreadableError(Exception):
    """A program did not print what its version was expected to print."""


def wrk(text: str, _: Path) -> Told:
    """Read the line of ``wrk_figures.lua``."""
    line = next((line for line in text.splitlines() if line.startswith("{")), None)
    if line is None:
        raise UnreadableError("no line of figures")
    told: dict[str, Any] = json.loads(line)
    return Told(
        requests=told["requests"],
        p50=told["p50"],
        p90=told["p90"],
        p99=told["p99"],
        errors={kind: told[kind] for kind in _WRK_ERRORS if told[kind]},
    )


def h2load(text: str, _: Path) -> Told:
    """It tells a mean and a deviation, no percentiles."""
    counts = {
        kind: int(_found(rf"(\d+) {kind}", text))
        for kind in ("succeeded", "failed", "errored", "timeout")
    }
    requests = counts.pop("succeeded")
    return Told(requests=requests, errors=_occurred(counts))


def ab(text: str, directory: Path) -> Told:
    """Percentiles from its file: the printed ones are whole milliseconds."""
    with (directory / AB_PERCENTILES).open(newline="") as file:
        shares = {row[0]: float(row[1]) / 1e3 for row in csv.reader(file) if row[0].isdecimal()}
    bad = re.search(r"Non-2xx responses:\s+(\d+)", text)
    errors = {
        "failed": int(_found(r"Failed requests:\s+(\d+)", text)),
        "status": int(bad[1]) if bad else 0,
    }
    return Told(
        requests=int(_found(r"Complete requests:\s+(\d+)", text)),
        p50=shares["50"],
        p90=shares["90"],
        p99=shares["99"],
        errors=_occurred(errors),
    )


def hey(text: str, _: Path) -> Told:
    """Counts are in its tables of status codes and of errors; times are printed to 0.1 ms."""
    codes = re.findall(r"\[(\d{3})\]\s+(\d+) responses", text)
    after = text.partition("Error distribution:")[2]
    errors = {
        "status": sum(int(count) for code, count in codes if int(code) >= 400),
        "other": sum(map(int, re.findall(r"^\s*\[(\d+)\]", after, re.MULTILINE))),
    }
    times = {share: re.search(rf"{share}% in ([\d.]+) secs", text) for share in (50, 90, 99)}
    p50, p90, p99 = (float(time[1]) if time else None for time in times.values())
    requests = sum(int(count) for _, count in codes)
    return Told(requests=requests, p50=p50, p90=p90, p99=p99, errors=_occurred(errors))


def locust(text: str, _: Path) -> Told:
    """Read its JSON; it keeps times rounded to a millisecond, and coarser above 100 ms."""
    start = text.find("[")
    if start < 0:
        raise UnreadableError("no JSON")
    entries: list[dict[str, Any]] = json.JSONDecoder().raw_decode(text[start:])[0]
    times: dict[float, int] = {}
    for entry in entries:
        for time, count in entry["response_times"].items():
            times[float(time) / 1e3] = times.get(float(time) / 1e3, 0) + count
    failures = sum(entry["num_failures"] for entry in entries)
    return Told(
        requests=sum(entry["num_requests"] for entry in entries),
        p50=_counted_quantile(times, 0.50),
        p90=_counted_quantile(times, 0.90),
        p99=_counted_quantile(times, 0.99),
        errors=_occurred({"failures": failures}),
    )


def hedgerow(_: str, directory: Path) -> Told:
    """Read its result document."""
    document = read_result(directory)
    response, verdict = document["latency_us"]["response"], document["verdict"]
    reasons = ", ".join(reason["kind"] for reason in verdict["reasons"])
    return Told(
        requests=document["requests"]["total"],
        p50=response["p50"] / 1e6,
        p90=response["p90"] / 1e6,
        p99=response["p99"] / 1e6,
        errors=_occurred(document["errors"]),
        remark="" if verdict["state"] == "VALID" else f"{verdict['state']} ({reasons})",
        cpu_seconds=document["generator"]["cpu_seconds"],
    )


def read_result(directory: Path) -> dict[str, Any]:
    """Give the result document that Hedgerow wrote, as plain JSON: other tools see no more."""
    path = directory / HEDGEROW_RESULT
    if not path.exists():
        raise UnreadableError("it wrote no result")
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def _occurred(counts: Mapping[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in counts.items() if count}


def _counted_quantile(counts: Mapping[float, int], share: float) -> float | None:
    left = share * sum(counts.values())
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return None


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise UnreadableError(f"nothing like {pattern!r} in what it printed")
    return match[1]
