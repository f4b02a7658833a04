"""A discrete-event simulator around the gateway's own policy objects.

Answers in seconds what a load test answers in hours: what a rule of hedging does to the tail,
to the load, and to itself when the upstream is nearly full.  A shell like ``serve`` and
``client``: it carries the steps of ``policy.Exchange`` out, here on a heap of events.  It is
pure: time is a number in it, chance has a seed, and the same seed gives the same result.

    agenda       the events to come, in order
    gateway      the shell: steps in, events out
    door         who may begin, who waits, who is refused
    flight       requests and attempts under way
    replicas     the upstream: workers, queues, latencies, errors, slowness
    clients      who sends and waits; fan-out
    recorder     what is counted meanwhile
    chance       balancer and budget by pure chance, as theory has them
    laws         the laws of faults, and the exponential one
    description  what is simulated, as a file says it
    assembly     from a description to the parts above
    run          one simulation, step by step
    figures      what came out, with its noise; the result file
    theory       closed formulas of queueing
    reissue      the best delay and probability of a copy, exactly
    tables       named simulations that reproduce known figures
"""

from hedgerow.simulate.description import Row, Simulation, Table, read_simulation, read_table
from hedgerow.simulate.figures import Estimate, Figures, RowResult, SimulationDocument
from hedgerow.simulate.run import Run, figures_of

__all__ = [
    "Simulation",
    "Table",
    "Row",
    "read_simulation",
    "read_table",
    "Run",
    "figures_of",
    "Figures",
    "Estimate",
    "RowResult",
    "SimulationDocument",
]
