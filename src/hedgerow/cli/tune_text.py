"""What tuning found, in words: tables, the answer in a sentence, and what to beware of.

Must not know how it was worked out, nor what settings look like.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hedgerow.cli.tune_settings import delay_text, first_taken, share_text
from hedgerow.lab.logs.gather import Gathered
from hedgerow.policy.tuning import HedgePoint
from hedgerow.policy.tuning_advice import (
    ENOUGH_BEYOND,
    QUANTILES,
    Advice,
    Case,
    Interval,
    Outlook,
    values_needed,
)
from hedgerow.policy.tuning_laws import Latencies, Paired
from hedgerow.report.text_look import columns, safe
from hedgerow.units import format_duration, format_share

#: From here on what nobody saw decides about the tail.
_MANY_LONGER: Final = 0.2
_WIDEST_ROUTE: Final = 48
#: With fewer requests beyond the percentile than this, a route is offered no setting.
_FEWEST_BEYOND: Final = 5


def opening(logs: Sequence[str], forms: Sequence[str], gathered: Gathered) -> Iterator[str]:
    """Tell what was read, and what was left out."""
    read = ", ".join(f"{safe(log)} ({form})" for log, form in zip(logs, forms, strict=True))
    yield f"{read}: {gathered.total.count:,} requests"
    for reason, count in gathered.left_out.most_common():
        if count:
            yield f"  left out: {count:,} {reason.value}"
    if longer := gathered.total.longer.count:
        yield f"  known only to be longer (given up, or a copy was faster): {longer:,}"
    if gathered.malformed and gathered.example is not None:
        example = gathered.example
        yield f"  not understood: {gathered.malformed:,} lines, the first at {example.where}:"
        yield f"    {safe(example.text)}"


def ladder(advice: Advice, target: str) -> Iterator[str]:
    """Tell what each budget buys."""
    rows = [
        ("budget", target, "delay", "probability", "each 1% of load takes off"),
        ("none", format_duration(advice.none.at_target), "", "", ""),
    ]
    for rung in advice.ladder:
        point = rung.outlook.point
        rows.append(
            (
                share_text(rung.budget),
                format_duration(rung.outlook.at_target),
                "" if point.is_none else delay_text(point),
                "" if point.is_none else format_share(point.probability),
                format_share(rung.gain),
            )
        )
    yield from columns(rows)
    yield f"Taken: {share_text(advice.budget)}, beyond which little is gained."


def before_and_after(advice: Advice) -> Iterator[str]:
    """Tell the tail without copies and with them."""
    names = [f"p{quantile * 100:g}" for quantile in QUANTILES]
    rows = [("", *names, "extra load"), _row("without copies", advice.none)]
    if advice.helps:
        rows.append(_row(described(advice.best.point), advice.best))
    if not advice.by_delay.point.is_none and advice.by_delay.point != advice.best.point:
        rows.append(_row(f"{described(advice.by_delay.point)} (steered)", advice.by_delay))
    if advice.third_copy is not None and not advice.third_copy.point.is_none:
        rows.append(_row(described(advice.third_copy.point), advice.third_copy))
    yield from columns(rows)


def answer(advice: Advice, target: str, intervals: Sequence[Interval]) -> str:
    """Give the answer in a sentence; intervals are those without copies and with them."""
    without, best = advice.none, advice.best
    if not advice.helps:
        return (
            f"No copy within {share_text(advice.budget)} of extra load makes {target} smaller "
            f"than {format_duration(without.at_target)}: leave hedging by time out."
        )
    share = best.point.probability
    whom = "every request" if share >= 0.995 else f"{format_share(share)} of the requests"
    told = (
        f"Copy {whom} not answered after {delay_text(best.point)}: {target} falls from "
        f"{format_duration(without.at_target)} to {format_duration(best.at_target)} "
        f"({best.at_target / without.at_target - 1:+.0%}) for {format_share(best.extra)} more "
        "requests."
    )
    if intervals:
        told += f" By chance alone (95%): {_range(intervals[0])}, and {_range(intervals[1])}."
    return told


def cases(rows: Sequence[Case], target: str) -> Iterator[str]:
    """Tell what the same point does in other worlds."""
    head = ("if", f"{target} without", "with copies", "extra load", "without a budget")
    body = [
        (
            case.name,
            format_duration(case.without),
            format_duration(case.with_copies),
            format_share(case.extra),
            format_share(case.unfused),
        )
        for case in rows
    ]
    yield from columns([head, *body])


def by_route(advices: Mapping[str, tuple[int, Advice]], target: str) -> Iterator[str]:
    """Tell of each route by itself, and what to set for it."""
    wanted = max(values_needed(advice.quantile) for _, advice in advices.values())
    rows = [("route", "requests", target, "with copies", "extra load", "hedge =")]
    for route, (count, advice) in advices.items():
        name = safe(route)
        few = "*" if count < wanted else ""
        is_anecdote = count * (1 - advice.quantile) < _FEWEST_BEYOND
        rows.append(
            (
                name if len(name) <= _WIDEST_ROUTE else name[: _WIDEST_ROUTE - 3] + "...",
                f"{count:,}{few}",
                format_duration(advice.none.at_target),
                format_duration(advice.best.at_target),
                format_share(advice.best.extra),
                "-" if is_anecdote else first_taken(advice),
            )
        )
    yield from columns(rows)
    if any("*" in row[1] for row in rows[1:]):
        yield f"* few for {target}: {wanted:,} wanted"


def warnings(
    advice: Advice, gathered: Gathered, latencies: Latencies, target: str
) -> Iterator[str]:
    """Tell what makes the figures less than they seem."""
    count, beyond = gathered.total.count, latencies.primary.beyond
    if isinstance(latencies, Paired) and advice.helps:
        known = latencies.known_beyond(advice.best.point.delay)
        if known < ENOUGH_BEYOND:
            yield f"only {known} of the copies that would be sent are in the log"
    if count < values_needed(advice.quantile):
        yield (
            f"{target} rests on {count * (1 - advice.quantile):.0f} of {count:,} requests, where "
            f"{ENOUGH_BEYOND} are wanted: log {values_needed(advice.quantile):,}"
        )
    longer = gathered.total.longer.count / count
    if beyond > 1 - advice.quantile:
        yield (
            f"{format_share(beyond)} of the requests took longer than any that was answered: "
            f"{target} is not known, and told too low"
        )
    elif longer > _MANY_LONGER:
        yield (
            f"{format_share(longer)} of the requests are only known to be longer: "
            "the tail is an estimate"
        )


def described(point: HedgePoint) -> str:
    """Say what a point is."""
    if point.is_none:
        return "without copies"
    if point.copies > 1:
        return f"up to {point.copies} copies, {delay_text(point)} apart"
    share = "" if point.probability >= 0.995 else f", {format_share(point.probability)} of them"
    return f"a copy after {delay_text(point)}{share}"


def _row(name: str, outlook: Outlook) -> tuple[str, ...]:
    return (name, *map(format_duration, outlook.times), format_share(outlook.extra))


def _range(interval: Interval) -> str:
    return f"{format_duration(interval.low)} to {format_duration(interval.high)}"
