"""The load generator itself: what a request costs it, whether its figures agree, whether it lasts.

Four experiments.  The first sets Hedgerow beside the generators that everybody has, all on one core
against the same nginx; the second lets them time a server whose law of latency is
known; the third watches memory over minutes; the fourth holds many users on one process.

contenders  the generators: their command lines and versions
outputs     what each of them says of its own run
started     a generator as a process: its CPU and its memory, children included
targets     nginx with a counter, and an upstream with a known law
speed       requests a CPU second: the trials;  speed_report: the table and the bar
agreement   percentiles side by side, and the law itself
soak        memory over time
users       many users on one process
"""
