"""What load looks like: decisions only, seeded, and sans-IO.

Says when requests are due and when users are there; never sends one.  Times are seconds
from the start of the run, so the load generator, a simulator and the tests all replay the
same plan.

    profile   a rate over time, and when the n-th arrival is due under it
    arrivals  open-model plans: evenly spaced or Poisson, dealt out in shares
    users     closed-model plans: when each user comes and goes
    template  requests that differ: {seq}, {email} and the like, unique over all shares
"""

from hedgerow.workload.arrivals import Arrivals, Spacing
from hedgerow.workload.profile import RateProfile
from hedgerow.workload.template import Draw, Template, near_misses
from hedgerow.workload.users import UserPlan

__all__ = ["Arrivals", "RateProfile", "Spacing", "UserPlan", "Draw", "Template", "near_misses"]
