"""What queueing theory says: closed formulas to check the simulator against.

Arithmetic only; must not know the simulator.  Times are in the unit of the mean service
time, rates in its inverse; ``load`` is the share of capacity asked for, below 1.
"""

import math


def wait_probability(servers: int, load: float) -> float:
    """Erlang's C: how likely an arrival at M/M/c finds all servers busy."""
    offered = servers * load
    blocked = 1.0  # Erlang's B, by its recursion, which neither over- nor underflows
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked / (1 - load * (1 - blocked))


def mean_response(servers: int, load: float, service: float = 1.0) -> float:
    """Mean time in M/M/c, waiting and service together."""
    return service * (1 + wait_probability(servers, load) / (servers * (1 - load)))


def response_quantile(quantile: float, load: float, service: float = 1.0) -> float:
    """Quantile of the time in M/M/1, which is exponential with mean service / (1 - load)."""
    return -math.log1p(-quantile) * service / (1 - load)


def mean_response_constant(load: float, service: float = 1.0) -> float:
    """Mean time in M/D/1 (Pollaczek and Khinchine): half the wait of M/M/1."""
    return service * (1 + load / (2 * (1 - load)))


def mean_of_two_copies(load: float, service: float = 1.0) -> float:
    """Mean of the faster of two copies in M/M/1, neither of which is ever cancelled.

    Each server has twice the load; of many servers two are as good as independent (Vulimiri
    et al., "Low latency via redundancy", CoNEXT 2013).  It is below 1 / (1 - load), what one
    copy takes, as long as the load is below 1/3.
    """
    return service / (2 * (1 - 2 * load)) if load < 0.5 else math.inf


def mean_of_two_copies_constant(load: float, service: float = 1.0) -> float:
    """Mean of the faster of two copies in M/D/1; below what one takes for loads under 0.272.

    The square of the share that waits longer, integrated by the midpoint rule; in units of the
    service time, in which all but a billionth of the waits are below 20 up to a load of 0.35.
    """
    cells, longest = 2000, 20.0
    width = longest / cells
    longer = (1 - _waits_at_most((cell + 0.5) * width, 2 * load) for cell in range(cells))
    return service * (1 + width * math.fsum(share**2 for share in longer))


def _waits_at_most(time: float, load: float) -> float:
    """Erlang's cdf of the waiting time in M/D/1, in units of the service time."""
    terms = (
        (load * (count - time)) ** count / math.factorial(count) * math.exp(load * (time - count))
        for count in range(int(time) + 1)
    )
    return (1 - load) * math.fsum(terms)


def slower_than(share: float, leaves: int) -> float:
    """Share of fanned-out requests with at least one leaf among the slowest ``share``."""
    return -math.expm1(leaves * math.log1p(-share))
