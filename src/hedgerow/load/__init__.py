"""Sends load over HTTP/1.1 and writes down what came of every request.

Carries out a plan of ``workload``: each request goes out when it is due, whether or not
the earlier ones were answered (an *open* model).  Latency counts from when a request
was due and not from when it was sent, or a slow moment of the target, or of this
process, would hide itself (*coordinated omission*).  Must not know who is at the other
end, nor who looks at the figures.

When to send, what happened and when it is over are objects of their own, so that each
can be exchanged without touching the others:

    pacing     when: calls for each request as it falls due, never before
    target     what: a URL, as the bytes of a request's head
    player     the shell: due requests onto connections; ends by its plan or when told
    sample     one request: when it was due, sent and over, and how it ended
    recording  all of them: counts by ending, a histogram of latencies
"""

from hedgerow.load.player import Player
from hedgerow.load.recording import Recorder, Results
from hedgerow.load.sample import Ending, Sample
from hedgerow.load.target import Target

__all__ = ["Ending", "Player", "Recorder", "Results", "Sample", "Target"]
