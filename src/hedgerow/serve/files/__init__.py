"""Static files: what a path of a route with ``root`` stands for, and how it is sent.

    names        from the path of a request to a name beneath the directory
    media        media types, and which of them are worth compressing
    negotiation  which encoding a client takes
    conditions   If-Match and its relatives;  ranges: Range
    page         a directory's listing
    rules        what the settings say
    stored       what is known of a file, ready to be sent
    shelf        which small files are kept in memory;  shrinking: making them smaller
    tree         opening a name without leaving the directory
    finding      the file that a name stands for: an index, a compressed sibling
    sending      large ones, piece by piece
    answering    from a file to an answer
    plan, route  one ``[[route]]`` that ties them together

The first eight decide and touch neither disk nor socket.
"""
