"""Bodies too large to keep: at what rate they flow through, and whether memory stays flat.

A body of a gibibyte in each direction, with Content-Length and in chunks, by curl,
whose code shares nothing with ours.  Every byte is compared where it arrives.  Then
what goes wrong in the middle: the upstream dies, the client leaves, the client
reads slowly, the upstream reads slowly.

pattern    the body, and the comparison with it
upstream   sends and takes such bodies, and can die in the middle
curl       the client
bench      gateway and upstream, and one transfer between them
transfers  whole bodies: MB/s and memory
mishaps    what goes wrong in the middle
report     the tables
"""
