"""A capacity search in words: a line for each probe, a table, a curve, and the answer.

Must not know how the search is carried out.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from hedgerow.cli.find_plot import ASCII, UNICODE, Mark, plot
from hedgerow.lab.find_result import By, Capacity, FindDocument, ProbeRecord, Scalability, Variant
from hedgerow.measure.slo import format_value, parse_slo
from hedgerow.report.document import SloResult
from hedgerow.report.text_look import Look, columns
from hedgerow.units import format_duration, format_share

_PURPOSE: Final = {
    "rising": "rising",
    "falling": "falling",
    "bisecting": "bisecting",
    "confirming": "confirming",
    "above": "once more",
    "below": "clearly lower",
    "far_above": "clearly higher",
}

#: A fitted peak this many times beyond what was measured is made of rounding and noise.
_FAR_BEYOND: Final = 3.0


def load_text(load: float, by: By) -> str:
    """Write a load with its unit."""
    if by == "rate":
        return f"{load:g}/s" if load < 1e5 else f"{load:.0f}/s"
    return f"{load:.0f} user{'s' if load != 1 else ''}"


# --- while it goes on ---


def probe_line(record: ProbeRecord, by: By) -> str:
    """Tell of one probe as it ends."""
    parts = [
        f"{load_text(record.load, by):>12}",
        *(_promise(result) for result in record.promises),
        f"{record.came.upper() if record.came == 'invalid' else record.came:<7}",
        f"{_PURPOSE.get(record.purpose, record.purpose)}, {record.seconds:.1f} s",
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
    for variant in document.variants:
        if document.varied:
            yield f"{document.varied} = {variant.value}"
        yield from _table(variant, document.by, look)
        yield ""
        curve = list(_curve(variant, document, is_unicode=is_unicode))
        if curve:
            yield from curve
            yield ""
    if document.varied:
        yield from _capacities(document)
    for variant in document.variants:
        prefix = f"{document.varied} = {variant.value}: " if document.varied else ""
        yield prefix + answer(variant.capacity, document)
    if document.scalability is not None:
        yield from _scalability(document.scalability, document)


def answer(capacity: Capacity, document: FindDocument) -> str:
    """Say in a sentence or two what is known."""
    promise = " and ".join(document.promises)
    load = None if capacity.load is None else load_text(capacity.load, document.by)
    broken = None if capacity.broken is None else load_text(capacity.broken, document.by)
    match capacity.kind:
        case "found":
            over = format_duration(capacity.seconds)
            return f"{load} keeps {promise}, confirmed over {over}. {broken} breaks it."
        case "above":
            over = format_duration(capacity.seconds)
            return f"{load} keeps {promise}, confirmed over {over}. Nothing above --max was tried."
        case "below":
            return f"{promise} is broken even at {broken}, the lowest load that was tried."
        case "unstable":
            return (
                f"Unstable: {_range(load, broken)}, so there is no number to give. Something"
                " else than the load decides; look at the server, or measure for longer (--probe)."
            )
        case "generator":
            known = f"The server keeps {promise} at {load}. " if load else ""
            return (
                f"{known}At {broken} the load generator, not the server, was at its limit: use"
                " more processes (-w) or machines (--cluster)."
            )
        case "unfinished":
            if load is None:
                return "Interrupted before any load was known to keep the promise."
            above = f", and {broken} breaks it" if broken else ""
            return f"Interrupted: so far {load} keeps {promise}{above}; not confirmed."


def _range(kept: str | None, broken: str | None) -> str:
    if kept is None or broken is None:
        return f"no load was kept twice, {broken or kept} among them"
    return f"the promise was broken at {broken} and kept at {kept}"


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
    yield from columns([("asked", "completed", "p50", "p99", "errors", "for", ""), *rows])


def _curve(variant: Variant, document: FindDocument, *, is_unicode: bool) -> Iterator[str]:
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
        load = "-" if capacity.load is None else load_text(capacity.load, document.by)
        rows.append((variant.value, load, capacity.kind))
    yield from columns(rows)
    yield ""


def _scalability(fit: Scalability, document: FindDocument) -> Iterator[str]:
    few = ", of which three points say nothing" if len(document.variants) == 3 else ""
    yield (
        f"Universal Scalability Law: contention sigma {fit.sigma:.3g}, coherency kappa"
        f" {fit.kappa:.3g}, one alone {fit.lam:.3g}/s (r2 {fit.r2:.3f}{few})."
    )
    most = max(float(variant.value) for variant in document.variants if _is_number(variant))
    if fit.peak_n is not None and fit.peak_n > _FAR_BEYOND * most:
        yield f"More of {document.varied} are more, as far as can be told from up to {most:g}."
    elif fit.peak_n is not None and fit.peak_x is not None:
        yield (
            f"Most at {document.varied} = {fit.peak_n:.1f}: {fit.peak_x:.3g}/s; beyond it more"
            " are less."
        )
    elif fit.peak_x is not None:
        yield f"It levels off at {fit.peak_x:.3g}/s, however many there are."
    else:
        yield "No limit is in sight: it grows in proportion."


def _is_number(variant: Variant) -> bool:
    return variant.value.isdecimal()
