"""How an upstream misbehaves: decisions only, seeded, and sans-IO.

Says how long an answer takes, what goes wrong with it and who must wait; never does
it.  ``now: float`` (seconds, any epoch) is the first argument of whatever needs
time, and chance comes from a seed or a ``random.Random``, so the misbehaving server,
a simulator and the tests all meet the same upstream.

    latency       laws of how long an answer takes, with their cdf and mean
    latency_text  the same as people write them
    mishap        which fault a request meets, by share
    spells        slow spells
    capacity      workers and a queue: extra load costs
    behaviour     all of the above in one record of settings
    script        the fate of each request, drawn from a behaviour
    analysis      what a rule of hedging should achieve on such an upstream
    numerals      numbers written so that they read back exactly
"""

from hedgerow.faults.analysis import Expectation, success_of_burst_hedge
from hedgerow.faults.behaviour import SETTINGS, Behaviour, Setting
from hedgerow.faults.capacity import Admission, Capacity, Station, StationStatistics
from hedgerow.faults.latency import (
    Constant,
    Law,
    Lognormal,
    Mixture,
    Pareto,
    Replayed,
    ReplayedInOrder,
    Uniform,
)
from hedgerow.faults.latency_text import ReadSamples, parse_law
from hedgerow.faults.mishap import Mishap, MishapKind, Mishaps, parse_mishaps
from hedgerow.faults.script import Fate, Script
from hedgerow.faults.spells import SpellRule, Spells, parse_spells

__all__ = [
    "Behaviour",
    "SETTINGS",
    "Setting",
    "Script",
    "Fate",
    "Law",
    "Constant",
    "Uniform",
    "Lognormal",
    "Pareto",
    "Mixture",
    "Replayed",
    "ReplayedInOrder",
    "ReadSamples",
    "parse_law",
    "Mishap",
    "MishapKind",
    "Mishaps",
    "parse_mishaps",
    "Capacity",
    "Station",
    "StationStatistics",
    "Admission",
    "SpellRule",
    "Spells",
    "parse_spells",
    "Expectation",
    "success_of_burst_hedge",
]
