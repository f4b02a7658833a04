"""Sends load over HTTP/1.1, counts what came of it, and says whether to believe the figures.

Response times count from when a request was due and not from when it was sent, or a slow
moment of the target, or of this process, would hide itself (*coordinated omission*).
Sending and counting are different processes, because counting costs more than sending.
Must not know the command line, nor how a result is shown; the server under test is an
address and maybe some process ids, whatever it is.

What is asked for:

    plan         the run: what is sent, when, by how many, until when
    order        ... and besides: who watches, what is promised, what is written
    scenario     what the author of a scenario writes
    imports      scenarios from curl command lines and browsers' recordings

Who carries it out:

    runner       one run from its order to its result
    crew         all shards of a run, wherever they are
    muster       which crew it is;  cluster: the one with shards on many machines
    shard        one machine's part: its processes, and what they tell
    preparation  what they must be given besides the plan
    channel      how a shard and its processes talk;  batch: what they tell
    generator    one process: sends its share of the plan

What came of it:

    outcome      how a request ended, in classes
    book         many requests in constant memory;  accounts: batches into books
    totals       the whole run so far;  series: a point a second
    moment       how it stands, for whoever looks at it meanwhile
    figures      what is promised, held against it
    evidence     how it was measured;  verdict: whether it can be trusted
    result       the document of all this;  jtl_log: every request in a file

Who looks at machines and servers:

    machine      the one that load comes from, and how it is doing
    server       the one under test: started, found, watched

Nothing is imported here, so that reading a plan does not load the engine.
"""
