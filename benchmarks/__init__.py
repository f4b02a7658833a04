"""Benchmarks that anyone can run: they start the peers beside us and print ratios.

    python -m benchmarks.gateway     how many proxied requests one core carries
    python -m benchmarks.promise     how many callers of an unreliable upstream are served in time

``apparatus`` is what every experiment needs, ``peers`` starts the programs that we
are measured beside.  Nothing here imports ``hedgerow``: it is started by its
command line, like every other contender.  Method and limits: README.md.
"""
