"""Who is answered in time when a crowd comes all at once, each with a new connection.

The spike tests of the report that Hedgerow grew from, repeated: N users, no
ramp-up, one ``GET /api/smart/1000`` each, one gateway process with the settings of
``examples/smart/hedgerow.toml``, and behind it the unreliable upstream of ``promise``.

before     what that report told
users      the crowd, a process of its own that measures its own lag too
trial      one gateway, and the rounds of one size of crowd
report     the table, what was promised, and when a row does not count
"""
