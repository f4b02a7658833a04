"""What load looks like: decisions only, seeded, and sans-IO.

Says when requests are due; never sends one.  Times are seconds from the start of
the run, so the load generator, a simulator and the tests all replay the same plan.

    arrivals  open-model plans: evenly spaced or Poisson, at a constant rate
"""

from hedgerow.workload.arrivals import Arrivals, Spacing

__all__ = ["Arrivals", "Spacing"]
