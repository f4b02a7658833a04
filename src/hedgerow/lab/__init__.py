"""Experiments: where a promise breaks, and what a log of latencies tells.

Decides what to measure next and when it is known well enough.  Starts what it measures by
its command line, like any contender; must not know how the gateway works inside.

    search      the decisions of a capacity search: double, bisect, confirm
    saturation  whether what waits grows: more is asked than answered
    probing     what one run says about a load: kept, broken or nothing
    find        carries a search out, one run a probe
    logs        access logs as samples: an experiment that production has made already
"""
