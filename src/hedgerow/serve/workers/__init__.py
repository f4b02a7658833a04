"""Worker processes and threads: many loops that serve one gateway's settings.

    crew         decides who is started, replaced and drained; sans-IO
    slot, waits  what is known of a place and of a process in it;  how long a place waits
    supervisor   carries the decisions out: forks, signals, waits
    listeners    every listening socket, opened by the supervisor and handed down
    steering     which of the sockets of one port get new connections
    worker       the body of a worker: a loop (or several, a thread each) and a gateway on it
    board        what workers say of themselves, in memory that all processes share
    notify       what systemd is told, and what it hands down
    admin_child  the process of its own that answers operators

Nothing is imported here, so that serving with one process loads none of it.
"""
