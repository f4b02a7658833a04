"""A capacity search in words: a line for each probe, a table, a curve, and the answer.

Must not know how the search is carried out.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from hedgerow.cli.find_plot import ASCII, UNICODE, Mark, plot
from hedgerow.lab.find import Asked
from hedgerow.measure.slo import format_value, parse_slo
from hedgerow.report.document import SloResult
from hedgerow.report.find_document import By, FindDocument, ProbeRecord, Variant
from hedgerow.report.find_words import answer, load_text, purpose, scalability
from hedgerow.report.text_look import Look, columns
from hedgerow.units import format_duration, format_share

# --- while it goes on ---


def opening(asked: Asked) -> str:
    """Tell what is about to happen, and how long each step of it takes."""
    promise = " and ".join(slo.expr for slo in asked.order.slos)
    plan = asked.order.plan
    each = format_duration(plan.warm_up + asked.probe + asked.settle)
    return (
        f"searching the highest load that keeps {promise}, from"
        f" {load_text(asked.bounds.start, asked.by)}: some 10 to 20 probes of {each} each"
    )


def probe_line(record: ProbeRecord, by: By) -> str:
    """Tell of one probe as it ends."""
    parts = [
        f"{load_text(record.load, by):>12}",
        *(_promise(result) for result in record.promises),
        f"{record.came.upper() if record.came == 'invalid' else record.came:<7}",
        f"{purpose(record)}, {record.seconds:.1f} s",
    ]
    if record.stopped_because:
        parts.append(record.stopped_because)
    elif record.verdict.state != "VALID" and record.verdict.reasons:
        parts.append(f"{record.verdict.state}: {record.verdict.reasons[0].fact}")
    return "  ".join(parts)


def _promise(result: SloResult) -> str:
    slo = parse_slo(result.expr)
    value = "no samples" if result.value is None else format_value(result.value, slo.unit)
    return f"{slo.metric.name} {value:<7}"


# --- at the end ---


def report(document: FindDocument, look: Look, *, is_unicode: bool = True) -> Iterator[str]:
    """Yield the lines of the whole result."""
    if not document.variants:
        yield "Interrupted before anything was measured."
    for variant in document.variants:
        if document.varied:
            yield f"{document.varied} = {variant.value}"
        if variant.probes:
            yield from _table(variant, document.by, look)
            yield ""
        curve = list(_curve(variant, document, look, is_unicode=is_unicode))
        if curve:
            yield from curve
            yield ""
    if document.varied:
        yield from _capacities(document)
    for variant in document.variants:
        prefix = f"{document.varied} = {variant.value}: " if document.varied else ""
        yield prefix + answer(variant.capacity, document)
    yield from scalability(document)


def _table(variant: Variant, by: By, look: Look) -> Iterator[str]:
    """The curve in figures: loads in their order, repeats below each other."""
    signs = {"kept": look.passed, "broken": look.broken, "invalid": "?"}
    rows = [
        (
            load_text(record.load, by),
            f"{record.completed:.1f}/s",
            format_duration(record.p50_us / 1e6),
            format_duration(record.p99_us / 1e6),
            format_share(record.error_share),
            format_duration(record.seconds),
            f"{signs[record.came]} {record.came}",
        )
        for record in sorted(variant.probes, key=lambda record: record.load)
    ]
    table = [("asked", "completed", "p50", "p99", "errors", "for", ""), *rows]
    lines = columns(table)
    if max(map(len, lines)) > look.width:
        lines = columns([(row[0], row[3], row[4], row[6]) for row in table])
    yield from lines


def _curve(
    variant: Variant, document: FindDocument, look: Look, *, is_unicode: bool
) -> Iterator[str]:
    """Plot the first promise that has values above 0."""
    for number, expr in enumerate(document.promises):
        marks = _marks(variant.probes, number)
        if len({mark.x for mark in marks}) > 1:
            slo = parse_slo(expr)
            yield expr
            yield from plot(
                marks,
                slo.limit,
                show_x=partial(load_text, by=document.by),
                show_y=partial(format_value, unit=slo.unit),
                signs=UNICODE if is_unicode else ASCII,
                columns=look.width,
            )
            return


def _marks(probes: Sequence[ProbeRecord], number: int) -> list[Mark]:
    return [
        Mark(record.load, value, record.came == "kept")
        for record in probes
        if record.came != "invalid" and number < len(record.promises)
        if (value := record.promises[number].value) is not None and value > 0
    ]


def _capacities(document: FindDocument) -> Iterator[str]:
    rows = [(document.varied, "capacity", "")]
    for variant in document.variants:
        capacity = variant.capacity
        known = None if capacity.kind == "unstable" else capacity.load
        load = "-" if known is None else load_text(known, document.by)
        rows.append((variant.value, load, capacity.kind))
    yield from columns(rows)
    yield ""
