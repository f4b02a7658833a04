"""Hedgerow keeps an HTTP service's latency promise, and measures that it does.

The rooms, high to low; each imports only the rooms below it (``lint-imports`` enforces it):

    cli                              one file a verb
    serve | load | flaky | client    the shells that carry decisions out
    wire                             HTTP/1.1 on asyncio protocols
    policy | faults | workload       decisions: no I/O, no clock, seeded
    measure                          histograms, windows, averages
    units, errors

This module imports no room, so that a user of one room never pays for another.
"""

__version__ = "0.1.0"
