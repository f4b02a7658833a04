"""How many callers of an unreliable upstream are served in time, and what that costs it.

One upstream, now slow and now failing, with the same seed for everybody; the same
open-loop arrivals for each contender; a deadline.  Counted are the good answers
within the deadline, the latency from the moment a request was *due* (never from
when it could be sent), and the attempts that the upstream received.

terms        the promise: deadline, hedge delay, copies; and the upstream's behaviour
expected     what the rule gives on that upstream, by calculation: no measurement
contenders   no gateway, Envoy with its hedging, Hedgerow
upstream     starts the misbehaving upstream and reads its counters
arrivals     when requests are due
sender       a process of its own that sends them; ``connection`` is its HTTP client
trial        one contender, one round
report       the table
"""
