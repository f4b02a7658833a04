"""From looks to a table over time and a verdict that says what leaks, and how sure that is."""

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.footprint import MEBIBYTE
from benchmarks.apparatus.table import table
from benchmarks.endurance.terms import SETTLED, THRESHOLDS
from benchmarks.endurance.trial import Look, Run

# Rows are printed one by one, so the head must be as wide as any of them.
_HEADER: Final = (
    "time ", "  requests", "RSS MiB", "descriptors", "established",
    "up: in flight", "connections", "  received", "cancelled",
)  # fmt: skip
_CERTAIN: Final = 10  # looks after memory has settled; with fewer its growth is a guess


@dataclass(frozen=True)
class Check:
    """One thing that must hold."""

    name: str
    seen: str
    must: str
    holds: bool


@dataclass(frozen=True)
class Verdict:
    """All checks, and what to know when reading them."""

    checks: list[Check]
    notes: list[str]
    growth: int | None  # of resident memory after the first 20 %, bytes
    is_certain: bool  # long enough, and not interrupted

    @property
    def is_clean(self) -> bool:
        return all(check.holds for check in self.checks)


def header() -> str:
    """The head of the table that grows while the run lasts."""
    return table(_HEADER, [])


def line(look: Look, name: str = "") -> str:
    """One row of it."""
    return table(_HEADER, [_cells(look, name)]).splitlines()[-1]


def verdict(run: Run) -> Verdict:
    """Judge a run, a whole one or one that was interrupted."""
    settled = [look for look in run.looks if look.done >= SETTLED * run.requests]
    growth = None
    if len(settled) > 1:
        growth = settled[-1].gateway.resident - settled[0].gateway.resident
    is_certain = len(settled) >= _CERTAIN and run.idle is not None
    return Verdict(_checks(run, growth), _notes(run, settled), growth, is_certain)


def text(run: Run, judged: Verdict) -> str:
    """Print-ready: how requests ended, the checks, the notes."""
    rows = [
        [check.name + ("" if check.holds else " !"), check.seen, check.must]
        for check in judged.checks
    ]
    ends = "\n".join(f"  {manner:7} {_listed(ends)}" for manner, ends in _by_manner(run).items())
    lines = [f"how requests ended, by what the client did\n{ends}", ""]
    lines += [table(("verdict", "seen", "must be"), rows), *(f"  {note}" for note in judged.notes)]
    lines.append(_conclusion(judged))
    return "\n".join(lines)


def _conclusion(judged: Verdict) -> str:
    if not judged.is_clean:
        return "! NOT CLEAN: see the lines with a !"
    return "nothing leaks" if judged.is_certain else "no leak was seen, but the run was too short"


def _checks(run: Run, growth: int | None) -> list[Check]:
    checks = []
    if growth is not None:
        limit = THRESHOLDS.resident
        checks.append(
            Check(
                f"RSS growth after the first {SETTLED:.0%}",
                f"{growth / MEBIBYTE:+.1f} MiB",
                f"at most {limit / MEBIBYTE:g} MiB",
                growth <= limit,
            )
        )
    idle = run.idle
    if idle is not None:
        counted = idle.upstream
        left = idle.gateway.descriptors - run.start.gateway.descriptors
        sum_of_ends = sum(counted[name] for name in ("answered", "broken", "cancelled"))
        checks += [
            _at_most("descriptors left, all clients gone", left, THRESHOLDS.descriptors),
            _at_most("sockets left established", idle.gateway.established, 0),
            _at_most("upstream: in flight", counted["in_flight"], THRESHOLDS.in_flight),
            _equal("upstream: received = all ends", counted["received"], sum_of_ends),
            _equal("requests that ended", idle.done, run.requests),
        ]
    silent = _ending(run, "silent") + _ending(run, "connect")
    cancelled = run.looks[-1].upstream["cancelled"] if run.looks else 0
    checks += [
        _at_most("requests without an answer", silent, THRESHOLDS.silent),
        Check("upstream: cancelled", f"{cancelled:,}", "more than 0", cancelled > 0),
    ]
    return checks


def _notes(run: Run, settled: Sequence[Look]) -> list[str]:
    notes = []
    if len(settled) > 1:
        requests = max(1, settled[-1].done - settled[0].done)
        notes.append(
            f"over the {requests:,} requests after the first {SETTLED:.0%} a leak below "
            f"{THRESHOLDS.resident / requests:,.0f} bytes a request would not be noticed"
        )
    if len(settled) < _CERTAIN:
        notes.append(
            f"only {len(settled)} looks after the first {SETTLED:.0%}: too short to tell a leak "
            "from a start; give more --requests"
        )
    if run.idle is None:
        notes.append("interrupted: what would have been left over is not known")
    return notes


def _by_manner(run: Run) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = collections.defaultdict(dict)
    for name, count in sorted(run.ends.items()):
        manner, _, end = name.partition(":")
        found[manner][end] = count
    return found


def _ending(run: Run, end: str) -> int:
    return sum(count for name, count in run.ends.items() if name.endswith(f":{end}"))


def _at_most(name: str, seen: int, limit: int) -> Check:
    return Check(
        name, f"{seen:,}", f"{limit:,}" if not limit else f"at most {limit:,}", seen <= limit
    )


def _equal(name: str, seen: int, must: int) -> Check:
    return Check(name, f"{seen:,}", f"{must:,}", seen == must)


def _listed(ends: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} x {end}" for end, count in ends.items())


def _cells(look: Look, name: str) -> list[str]:
    gateway, upstream = look.gateway, look.upstream
    return [
        name or f"{look.seconds:.0f}s",
        f"{look.done:,}",
        f"{gateway.resident / MEBIBYTE:.1f}",
        str(gateway.descriptors),
        str(gateway.established),
        str(upstream["in_flight"]),
        str(upstream["connections"] - 1),  # less our own question
        f"{upstream['received']:,}",
        f"{upstream['cancelled']:,}",
    ]
