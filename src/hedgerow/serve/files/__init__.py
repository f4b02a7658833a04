"""Static files: what a path of a route with ``root`` stands for, and how it is sent.

    names        from the path of a request to a name beneath the directory
    tree         opening that name without leaving the directory
    media        media types, and which of them are worth compressing
    negotiation  which encoding a client takes
    conditions   If-Match and its relatives;  ranges: Range
    page         a directory's listing
    rules        what the settings say
    stored       small files, ready to be sent, in memory
    shelf        which of them are kept;  shrinking: making them smaller
    sending      large ones, piece by piece
    route        one ``[[route]]`` that ties them together

The first seven decide and have no sockets; only ``tree``, ``shelf`` and ``sending`` touch a disk.
"""
