"""What an operator would ask of a route, counted where it is decided.

Plain integers, written by the exchange; the access log, the metrics and the tests
read the same ones, so that they cannot disagree.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Totals since the start; ``answered + failed + abandoned`` = finished requests."""

    requests: int = 0
    answered: int = 0  # a good or final answer was passed on whole
    failed: int = 0  # the client got an error, ours or the upstream's best
    expired: int = 0  # of the failed: because the deadline passed
    abandoned: int = 0  # the client left first
    aborted: int = 0  # of the failed: the answer broke after it had been committed to
    attempts: int = 0
    hedges: int = 0  # of the attempts: sent because the others were slow
    retries: int = 0  # of the attempts: sent because another had failed
    hedges_won: int = 0  # answers that came from a hedge
    denied: int = 0  # hedges and retries that the budget refused
    hedges_suppressed: int = 0  # not sent, because too little time was left for an answer
    wasted: float = 0.0  # seconds for which attempts had been running that were cancelled
    hedges_withheld: int = 0  # not sent, because the rule's coin said no
