"""A simulation's result as a table; must not know how it came about."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hedgerow.report.text_look import columns, safe
from hedgerow.simulate.agreement import differing
from hedgerow.simulate.figures import Figures, RowResult, SimulationDocument
from hedgerow.simulate.tables import NamedTable
from hedgerow.units import format_duration, format_share

_TIMES: Final = {"mean": "mean", "p50": "p50", "p95": "p95", "p99": "p99", "p99_9": "p99.9"}
_SHARES: Final = {"slow_share": "slow", "extra": "extra", "utilisation": "busy", "wasted": "wasted"}
_OVERLOAD: Final = {"refused": "refused", "goodput": "good/s", "urgent_ok": "urgent"}
_HEADINGS: Final = {**_TIMES, **_SHARES, **_OVERLOAD}


def listing(tables: Iterable[NamedTable], *others: tuple[str, str]) -> Iterator[str]:
    """Yield a line for each named simulation; ``others`` are names and titles too."""
    yield from columns_left([*((table.name, table.title) for table in tables), *others])


def report(document: SimulationDocument) -> Iterator[str]:
    """Yield the whole result, line by line."""
    yield safe(f"{document.name}: {document.title}" if document.title else document.name)
    if document.interrupted:
        yield "INTERRUPTED: the last row is a part of what was asked for."
    if not document.rows:
        yield "Nothing was simulated."
        return
    names = _columns_of(document.rows)
    table = [("", *(_HEADINGS[name] for name in names))]
    for row in document.rows:
        table.append((safe(row.label), *(_cell(row.figures, name) for name in names)))
        if row.expected:
            cells = (_expected_cell(row, name) for name in names)
            table.append((f"    {row.source}", *cells))
    yield from columns(table)
    yield from _remarks(document.rows)


def columns_left(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield two columns, both to the left."""
    width = max(len(name) for name, _ in rows)
    return (f"{name:<{width}}  {text}" for name, text in rows)


def _columns_of(rows: Sequence[RowResult]) -> list[str]:
    """Choose what is shown: the mean and the slow only where somebody asks for them."""
    asked = {name for row in rows for name in row.expected}
    asked |= {"slow_share" for row in rows if row.figures.slow_share is not None}
    always = {"p50", "p95", "p99", "p99_9", "extra"}
    known = asked | always
    if any(row.figures.utilisation is not None for row in rows):
        known |= {"utilisation"}
    if any(row.figures.wasted > 0 for row in rows):
        known |= {"wasted"}
    if any(row.figures.urgent or row.figures.limit is not None for row in rows):
        known |= set(_OVERLOAD)
    return [name for name in _HEADINGS if name in known]


def _cell(figures: Figures, name: str) -> str:
    if name in _TIMES:
        estimate = figures.times.get(name)
        if estimate is None:
            return ""  # nothing was answered
        if not estimate.value or not estimate.error:
            return format_duration(estimate.value)
        return f"{format_duration(estimate.value)} ±{estimate.error / estimate.value:.1%}"
    if name == "slow_share":
        slow = figures.slow_share
        return "" if slow is None else f"{format_share(slow.value)} ±{slow.error:.2%}"
    if name == "goodput":
        return f"{figures.goodput:.0f}"
    if name == "refused":
        return format_share(figures.refused / figures.requests) if figures.requests else ""
    if name == "urgent_ok":
        return format_share(figures.urgent_ok / figures.urgent) if figures.urgent else ""
    value = getattr(figures, name)
    return "" if value is None else format_share(value)


def _expected_cell(row: RowResult, name: str) -> str:
    value = row.expected.get(name)
    if value is None:
        return ""
    return format_duration(value) if name in _TIMES else format_share(value)


def _remarks(rows: Sequence[RowResult]) -> Iterator[str]:
    yield ""
    yield "± is the standard error. extra: hedges and retries by requests; wasted: of the work."
    if any(row.figures.urgent for row in rows):
        yield "good/s: good answers a second; urgent: of the most urgent requests, those answered."
    compared = [row for row in rows if row.expected]
    if not compared:
        return
    found = [(row, differing(row.figures, row.expected, row.source)) for row in compared]
    same = sum(not names for _, names in found)
    yield f"{same} of {len(compared)} rows agree with what was expected, within chance."
    for row, names in found:
        if names:
            told = ", ".join(_HEADINGS.get(name, name) for name in names)
            yield f"Differs: {safe(row.label)}: {told}"
