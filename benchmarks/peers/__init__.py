"""The programs that are measured, Hedgerow among them: found, versioned, given settings.

Each module knows one program.  Settings are the sane best of that program for a
bare reverse proxy: keep-alive on both sides, no access log, one worker.  What was
chosen, and why, stands beside it.

contender    what an experiment needs to know of a program
nginx, haproxy, envoy, hedgerow
"""
