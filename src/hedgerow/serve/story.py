"""A request told attempt by attempt: for ``--trace`` and ``Server-Timing``.

Reads what the exchange wrote down anyway, so a request that nobody asks about costs
nothing here.  Must not change anything, and must not know sockets.
"""

from hedgerow.policy import Attempt, Exchange
from hedgerow.units import format_duration


def attempt_fate(attempt: Attempt) -> str:
    """Say how an attempt went, in a few words: ``200``, ``503``, ``reset``, ``cancelled``."""
    if attempt.failure is not None:
        return attempt.failure.value
    if attempt.status:
        return str(attempt.status)
    return "in flight" if attempt.outcome is None else "cancelled"


def timeline(exchange: Exchange, arrived_at: float) -> list[str]:
    """Return a line per attempt; times count from the request's arrival."""
    lines = []
    for attempt in exchange.attempts:
        until = attempt.answered_at if attempt.answered_at is not None else attempt.ended_at
        took = "" if until is None else f" after {format_duration(until - attempt.started_at)}"
        mark = "  <- answered" if attempt is exchange.winner else ""
        if attempt.failure is not None and attempt.detail:
            mark = f": {attempt.detail}{mark}"
        lines.append(
            f"  {format_duration(attempt.started_at - arrived_at):>7}  {attempt.kind.value:<7} "
            f"{attempt.number} to {attempt.replica.name}: {attempt_fate(attempt)}{took}{mark}"
        )
    return lines


def server_timing(exchange: Exchange, arrived_at: float, now: float) -> bytes:
    """Return a Server-Timing field (W3C Server Timing): the whole, then each attempt."""
    entries = [f"total;dur={(now - arrived_at) * 1000:.1f}"]
    for attempt in exchange.attempts:
        until = attempt.answered_at or attempt.ended_at or now
        entries.append(
            f"attempt-{attempt.number};dur={(until - attempt.started_at) * 1000:.1f};"
            f'desc="{attempt.kind.value} {attempt_fate(attempt)}"'
        )
    return f"Server-Timing: {', '.join(entries)}\r\n".encode()
