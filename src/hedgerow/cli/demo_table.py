"""The demo's last word: both sides beside each other, measured and computed.

Turns results into rows of text, and draws them; decides nothing but the words.  Must
not know how the figures came about.

A percentile is only told where enough requests stand behind it, p99 from 100 and p99.9
from 1,000 (the rule of Elastic's Rally): below that it is the maximum by another name.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from rich import box
from rich.table import Table

from hedgerow.cli.demo_counts import Results
from hedgerow.cli.demo_plan import noise
from hedgerow.cli.demo_result import DemoResult, Side
from hedgerow.cli.demo_timeline import Glyphs
from hedgerow.units import format_duration, format_share

#: Name, quantile, and how many requests it needs.
_PERCENTILES: Final = (
    ("p50", 0.5, 1),
    ("p90", 0.9, 10),
    ("p99", 0.99, 100),
    ("p99.9", 0.999, 1000),
    ("slowest", 1.0, 1),
)
#: A user who is sent this much late is not the one that was planned any more.
_LATE_SENDER: Final = 0.02
_NOTHING: Final = "-"


class Row(NamedTuple):
    """One line of the table."""

    name: str
    direct: str
    hedged: str
    style: str = ""


def rows(result: DemoResult, glyphs: Glyphs) -> list[list[Row]]:
    """Return everything that the table says, section by section."""
    return [list(_promise(result, glyphs)), list(_latencies(result)), list(_costs(result))]


def table(result: DemoResult, glyphs: Glyphs) -> Table:
    """Draw the rows."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    drawn.add_column("partial result" if result.interrupted else "", no_wrap=True)
    drawn.add_column("directly", justify="right", style="yellow", min_width=14)
    drawn.add_column("through Hedgerow", justify="right", style="green", min_width=17)
    for section in rows(result, glyphs):
        for name, direct, hedged, style in section:
            drawn.add_row(name, direct, hedged, style=style)
        drawn.add_section()
    return drawn


def remarks(result: DemoResult) -> list[str]:
    """Say what a reader of the table must know to trust it, or not to."""
    results = result.direct.results
    lag = max(
        side.results.send_lags.quantile(0.99) / 1e6 for side in (result.direct, result.hedged)
    )
    said = [
        f"{results.ended:,} requests a side at the same moments; times count from when a request"
        f" was due (99% left within {format_duration(lag)}), whatever came of it."
    ]
    if lag > _LATE_SENDER:
        said.append(
            "This machine was too busy to send in time: that lag is in the times of both sides."
        )
    if result.interrupted:
        said.append(
            "Interrupted: who had no answer yet is counted as unfinished, and not in the times."
        )
    return said


def _promise(result: DemoResult, glyphs: Glyphs) -> Iterator[Row]:
    sides = (result.direct, result.hedged)
    name = f"answered within {format_duration(result.plan.deadline)}"
    yield _row(name, (format_share(side.results.share_in_time) for side in sides), "bold")
    yield _row("  theory says", (_computed(side, glyphs) for side in sides), "dim")
    yield _row("answered later", (_share(side.results.late, side.results) for side in sides))
    yield _row("failed", (_share(side.results.failed, side.results) for side in sides))
    for kind in sorted({kind for side in sides for kind in side.results.failures}):
        counts = (side.results.failures.get(kind, 0) for side in sides)
        told = (_share(count, side.results) for count, side in zip(counts, sides, strict=True))
        yield _row(f"  {kind}", told, "dim")


def _latencies(result: DemoResult) -> Iterator[Row]:
    for name, quantile, least in _PERCENTILES:
        told = (
            f"{side.results.latencies.quantile(quantile) / 1000:,.0f} ms"
            if side.results.ended >= least
            else _NOTHING
            for side in (result.direct, result.hedged)
        )
        yield _row(name, told)


def _costs(result: DemoResult) -> Iterator[Row]:
    sides = (result.direct, result.hedged)
    yield _row("attempts a request", (f"{side.attempts_per_request:.2f}" for side in sides))
    yield _row("  theory says", (f"{side.expected.attempts:.2f}" for side in sides), "dim")
    yield _row("extra load", map(_extra_load, sides))
    yield Row("  cancelled half-way", _NOTHING, _cancelled(result), "dim")


def _computed(side: Side, glyphs: Glyphs) -> str:
    """What arithmetic says, and how far chance may take a run of this length from it."""
    share = side.expected.success
    return f"{format_share(share)} {glyphs.plus_minus} {noise(share, side.results.ended) * 100:.1f}"


def _row(name: str, told: Iterable[str], style: str = "") -> Row:
    direct, hedged = told
    return Row(name, direct, hedged, style)


def _share(count: int, results: Results) -> str:
    return format_share(count / results.ended) if count else _NOTHING


def _extra_load(side: Side) -> str:
    extra = side.attempts_per_request - 1
    return f"+{extra * 100:.0f}%" if extra >= 0.005 else _NOTHING


def _cancelled(result: DemoResult) -> str:
    attempts = result.hedged.attempts
    return f"{format_share(result.cancelled / attempts)} of all" if attempts else _NOTHING
