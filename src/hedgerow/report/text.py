"""A result as text for a terminal, in the order in which people read it.

First whether the measurement can be trusted, then whether the promises were kept, then the
figures: a block as hey and oha print it, percentiles, a histogram, status codes, errors,
JMeter's Summary Report, and at last what the generator and the watched server went through.
Must not know terminals: whoever prints it says how wide it is and what it can show.

Lines are plain and each says one thing, so that grep and awk find it:
``Requests/sec:    199.4``.
"""

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from hedgerow.report.document import Config, Document, SloResult
from hedgerow.report.text_latency import latency_lines
from hedgerow.report.text_look import (
    BAD,
    DOUBTFUL,
    GOOD,
    HEADING,
    Look,
    line,
    look,
    named,
    number,
    safe,
)
from hedgerow.report.text_tables import (
    error_lines,
    generator_line,
    server_line,
    status_lines,
    summary_lines,
)
from hedgerow.units import format_duration, format_share, format_size

_STATE_STYLES: Final = {"VALID": GOOD, "SUSPECT": DOUBTFUL, "INVALID": BAD}
_STATE_WORDS: Final = {
    "VALID": "the measurement can be trusted",
    "SUSPECT": "something disturbed the measurement",
    "INVALID": "do not use these figures",
}


def rich_text(
    document: Document, *, width: int = 100, unicode: bool = True, full_latency: bool = False
) -> Text:
    """Return the text with its colours; ``full_latency`` adds the spectrum.

    Print it with ``soft_wrap=True``; it ends with a line break.
    """
    signs = look(width=width, unicode=unicode)
    whole = Text()
    for part in _lines(document, signs, full=full_latency):
        whole.append_text(part).append("\n")
    return whole


def _lines(document: Document, signs: Look, *, full: bool) -> Iterator[Text]:
    yield from _verdict(document)
    yield from _promises(document, signs)
    yield line()
    yield line("Summary:", HEADING)
    yield from _summary(document)
    yield from latency_lines(document, signs, full=full)
    yield from status_lines(document)
    yield from error_lines(document, signs)
    if len(document.labels) > 1 or full:
        yield from summary_lines(document, signs)
    yield line()
    yield generator_line(document.generator)
    if document.server is not None:
        yield server_line(document.server)


# --- can it be trusted, and were the promises kept ---


def _verdict(document: Document) -> Iterator[Text]:
    state = document.verdict.state
    yield line().append(state, _STATE_STYLES[state]).append(f": {_STATE_WORDS[state]}")
    for reason in document.verdict.reasons:
        yield line(f"  {reason.state} {reason.kind}: {safe(reason.fact)}")
        if reason.hint:
            yield line(f"    -> {safe(reason.hint)}")
    if document.interrupted:
        yield line("INTERRUPTED: the figures are those of a part of the run", DOUBTFUL)
    if document.stopped_because:
        first, *rest = document.stopped_because.splitlines()
        yield line(f"Stopped early: {safe(first)}", DOUBTFUL)
        for more in rest:  # a traceback
            yield line(f"  {safe(more)}")


def _promises(document: Document, signs: Look) -> Iterator[Text]:
    if not document.slo:
        return
    yield line()
    yield line("Promises:", HEADING)
    width = max(len(safe(result.expr)) for result in document.slo)
    sign_width = max(len(signs.passed), len(signs.broken))
    for result in document.slo:
        sign, style = (signs.passed, GOOD) if result.ok else (signs.broken, BAD)
        told = f" {safe(result.expr):<{width}}  {_came_of(result)}"
        yield line("  ").append(f"{sign:<{sign_width}}", style).append(told)


def _came_of(result: SloResult) -> str:
    if result.detail:
        return safe(result.detail)
    return "there were no samples" if result.value is None else _value(result.value, result.unit)


def _value(value: float, unit: str) -> str:
    match unit:
        case "s":
            return format_duration(value)
        case "share":
            return format_share(value)
        case "B":
            return format_size(value)
        case "/s":
            return f"{value:.1f}/s"
        case _:
            return f"{value:.4g} {unit}".rstrip()


# --- the block that hey and oha print ---


def _summary(document: Document) -> Iterator[Text]:
    if document.name:
        yield named("Name", safe(document.name))
    if document.target:
        yield named("Target", safe(document.target))
    yield named("Load", _load(document.config))
    requests = document.requests
    if not requests.total:
        yield named("Requests", "none ended, so there are no times to show")
        return
    response = document.latency_us.response
    yield named("Total", format_duration(document.duration_s))
    if response.count:
        yield named("Slowest", format_duration(response.max / 1e6))
        yield named("Fastest", format_duration(response.min / 1e6))
        yield named("Average", format_duration(response.mean / 1e6))
    yield named("Requests/sec", _rates(document))
    yield named("Requests", _counts(document))
    yield named("Success rate", _success(document))
    yield named("Connections", _connections(document))
    yield named("Received", _bytes(document.bytes_in.total, document.bytes_in.mean, document))
    yield named("Sent", _bytes(document.bytes_out.total, document.bytes_out.mean, document))


def _load(config: Config) -> str:
    return ", ".join([f"{config.model} model", *_offered(config), *_extent(config)])


def _offered(config: Config) -> Iterator[str]:
    """Yield who asks, and how often."""
    if config.rate:
        yield f"{safe(config.rate)} requests/s"
    if config.arrivals:
        yield f"{config.arrivals} arrivals"
    if config.users is not None:
        yield number(config.users, "user")
    if config.stages:
        yield f"stages {safe(config.stages)}"
    if config.ramp_up_s:
        yield f"ramp-up {format_duration(config.ramp_up_s)}"
    if config.think_time:
        yield f"think time {safe(config.think_time)}"
    if config.connections is not None:
        yield number(config.connections, "connection")
    if not config.keep_alive:
        yield "a connection for each request"


def _extent(config: Config) -> Iterator[str]:
    """Yield how long, or how many."""
    if config.requests is not None:
        yield number(config.requests, "request")
    if config.iterations is not None:
        yield f"{number(config.iterations, 'iteration')} a user"
    if config.duration_s is not None:
        yield f"for {format_duration(config.duration_s)}"
    if config.warm_up_s:
        yield f"after {format_duration(config.warm_up_s)} of warm-up"


def _rates(document: Document) -> str:
    rate = document.rate
    asked = "" if rate.asked is None else f"asked {rate.asked:.1f}, "
    return f"{rate.completed:.1f} ({asked}sent {rate.sent:.1f}, ok {rate.ok:.1f})"


def _counts(document: Document) -> str:
    requests = document.requests
    unfinished = f", {requests.unfinished} of them unfinished" if requests.unfinished else ""
    return f"{requests.total} ({requests.ok} ok, {requests.failed} failed{unfinished})"


def _success(document: Document) -> str:
    """Cut and not rounded: 100% means that none failed."""
    requests = document.requests
    return f"{requests.ok * 100_000 // requests.total / 1000:g}%"


def _connections(document: Document) -> str:
    connect = document.latency_us.connect
    took = f", connecting took {format_duration(connect.mean / 1e6)}" if connect.count else ""
    return f"{document.connections_opened} opened{took}"


def _bytes(total: int, mean: float, document: Document) -> str:
    a_second = total / document.duration_s if document.duration_s else 0.0
    return f"{format_size(total)} ({format_size(mean)} a request, {format_size(a_second)}/s)"
