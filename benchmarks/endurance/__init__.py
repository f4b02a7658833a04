"""Whether anything leaks, over a hundred thousand requests of every unpleasant kind.

One gateway, a fast upstream that fails in every way it knows, and clients that hedge
its patience: kept and single-use connections, uploads, people who leave before the
answer or in the middle of their own request.  Memory, descriptors and sockets of
the gateway are looked at from outside, and the upstream says what it still works on.

terms      settings, the upstream's behaviour, the mix of clients, what counts as a leak
clients    the clients, a process of their own
trial      the run, with a look every few seconds
report     the table over time, and the verdict
"""
