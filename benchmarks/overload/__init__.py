"""More load than the upstream can take: who still gets answers, and how quickly others hear no.

    python -m benchmarks.overload

terms        what is offered, and what counts as good
sender       the client side, a process of its own
contenders   Hedgerow, its peers, and Hedgerow without protection
trial        one contender under one load
figures      from what a sender saw to figures
report       tables and verdicts
"""
