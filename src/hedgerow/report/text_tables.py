"""The parts of a result's text that count: status codes, errors, labels, machines.

Must not know how anything was counted.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.text import Text

from hedgerow.report.document import Document, Generator, Server, SummaryRow
from hedgerow.report.summary import HEADER, cells
from hedgerow.report.text_look import ASIDE, BAD, HEADING, Look, columns, cut, line, number, safe
from hedgerow.units import format_duration, format_share, format_size

#: A label is not cut below this, though the table may become wider than the terminal.
_SHORTEST_LABEL: Final = 16


def status_lines(document: Document) -> Iterator[Text]:
    """Yield how often each status came."""
    if not document.status_codes:
        return
    yield line()
    yield line("Status code distribution:", HEADING)
    codes = sorted(document.status_codes.items())
    width = max(len(str(count)) for _, count in codes)
    for status, count in codes:
        yield line(f"  [{safe(status)}] {count:>{width}} responses")


def error_lines(document: Document, look: Look) -> Iterator[Text]:
    """Yield how often each class of error came, the commonest first, with one message."""
    if not document.errors:
        return
    yield line()
    yield line("Error distribution:", HEADING)
    errors = sorted(document.errors.items(), key=lambda item: -item[1])
    width = max(len(str(count)) for _, count in errors)
    for kind, count in errors:
        told = f"  [{count:>{width}}] {safe(kind)}"
        sample = safe(document.error_samples.get(kind, ""))
        if sample:
            told = cut(f"{told}: {sample}", look.width, look)
        yield line(told, BAD)


# --- JMeter's table ---


def summary_lines(document: Document, look: Look) -> Iterator[Text]:
    """Yield JMeter's Summary Report."""
    rows = [label.summary for label in document.labels]
    if document.total is not None:
        rows.append(document.total)
    if not rows:
        return
    yield line()
    yield line("Summary report (times in ms):", HEADING)
    yield from map(line, summary_table(rows, look))


def summary_table(rows: Iterable[SummaryRow], look: Look) -> list[str]:
    """Draw the rows under JMeter's column names, which go below each other where it is narrow."""
    body = [cells(row) for row in rows]
    labels = [safe(row[0]) for row in body]
    figures = [row[1:] for row in body]
    longest = max(map(len, labels), default=0)
    for headers, gap in (([list(HEADER)], 2), (_stacked(HEADER), 2), (_stacked(HEADER), 1)):
        room = look.width - _width([*(header[1:] for header in headers), *figures], gap)
        if room >= longest:
            break
    room = max(room, _SHORTEST_LABEL)
    shown = [[cut(label, room, look), *row] for label, row in zip(labels, figures, strict=True)]
    return columns([*headers, *shown], gap=gap)


def _width(rows: Sequence[Sequence[str]], gap: int) -> int:
    """Return the columns that these take, each with its gap before it."""
    return sum(max(map(len, cells)) + gap for cells in zip(*rows, strict=True))


def _stacked(names: Sequence[str]) -> list[list[str]]:
    """Write the second word of a name below the first."""
    split = [name.rpartition(" ") for name in names]
    return [[first for first, _, _ in split], [last for _, _, last in split]]


# --- machines ---


def generator_line(generator: Generator) -> Text:
    """Tell in one line what the measurement cost, and what disturbed it."""
    lag = generator.loop_lag_us
    parts = [
        f"{generator.processes} process{'' if generator.processes == 1 else 'es'}"
        + (f" on {generator.shards} machines" if generator.shards > 1 else ""),
        f"CPU {generator.cpu_mean:.0%} of a core each, at most {generator.cpu_max:.0%}",
    ]
    if lag.count:
        parts.append(f"loop lag p99 {_us(lag.p99)} max {_us(lag.max)}")
    if generator.gc_pause_max_s:
        parts.append(f"longest GC pause {format_duration(generator.gc_pause_max_s)}")
    if generator.steal_max:
        parts.append(f"steal up to {format_share(generator.steal_max)}")
    if generator.throttled_s:
        parts.append(f"throttled for {format_duration(generator.throttled_s)}")
    if generator.littles_law_gap is not None:
        parts.append(f"Little's law off by {format_share(generator.littles_law_gap)}")
    if generator.memory:
        parts.append(f"RSS {format_size(generator.memory)}")
    if generator.missing_shards:
        parts.append(f"lost shards: {', '.join(map(str, generator.missing_shards))}")
        parts += [safe(because) for because in generator.lost_because]
    if generator.start_spread_s:
        parts.append(f"begun within {format_duration(generator.start_spread_s)}")
    return line(f"Generator: {'; '.join(parts)}", ASIDE)


def server_line(server: Server) -> Text:
    """Tell in one line what the watched server used."""
    parts = [
        f"CPU {server.cpu_mean:.2f} cores, at most {server.cpu_max:.2f}",
        f"RSS at most {format_size(server.rss_max)}"
        + ("" if server.pss_max is None else f" (PSS {format_size(server.pss_max)})"),
        f"at most {number(server.fds_max, 'descriptor')}"
        f" and {number(server.threads_max, 'thread')}",
    ]
    told = line(f"Server {safe(server.name)}: {'; '.join(parts)}")
    if server.ended_early:
        told.append("; it was gone before the run was over", BAD)
    return told


def _us(microseconds: int) -> str:
    return format_duration(microseconds / 1e6)
