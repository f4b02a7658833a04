"""One of three replicas goes bad: what its neighbours' callers notice, behind each proxy.

A healthy upstream of three replicas; at a given moment one of them turns slow, fails
fast, hangs or dies.  Counted from that moment on: latency from when a request was *due*,
good answers within a deadline, and what the replicas received more than the clients sent.
In the storm all replicas turn slow at once: there no copy helps, and none may harm.

terms        the upstream's law, the load, the deadline
situations   the ways in which a replica goes bad
contenders   Hedgerow, Envoy, HAProxy and nginx, each set up for this as well as it can be
replicas     the upstream: started, told to go bad, killed, counted
sender       the client side, a process of its own
drive        one load through one proxy, with things happening at their moments
trial        one contender in one situation, once
report       the table and the verdict
turns        who takes a turn when, and what came of it
storm        all replicas slow at once: second by second
"""
