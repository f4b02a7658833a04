"""Latencies from logs that others wrote: lines in, counts out.

Reads a line, says how long its request took and whether that can be used, and counts.
Pure: lines are handed in, and nobody here opens a file; must not know what the latencies
are used for.  It belongs to the lab because a log is an experiment that production has
already made; what our own tools write as results is read by ``report``.

    entry      one request of a log, and when its time can be used
    patterns   nginx's log_format and Envoy's format strings as regular expressions
    text       logs in such formats, and our own
    json_lines logs of one JSON object a line
    numbers    one latency a line
    detect     which of these a log is
    gather     what a whole log holds: a histogram in all and by route, and what was left out
"""
