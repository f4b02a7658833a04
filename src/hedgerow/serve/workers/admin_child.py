"""The process of its own that answers operators, where there are several workers.

A worker knows only itself; this one reads the board, where all of them write.  Being no
worker it answers also while they are busy.  Must not know how workers are started.
"""

import asyncio
import os
import signal
import socket
from typing import Final

import uvloop

from hedgerow.serve.admin.crew import CrewSource
from hedgerow.serve.admin.server import AdminServer
from hedgerow.serve.workers.board import Board
from hedgerow.serve.workers.line import Line
from hedgerow.wire import Engine, Listening
from hedgerow.wire.descriptors import Descriptors

#: Operators and scrapers.
_DESCRIPTORS: Final = 256


def answer(board: Board, address: str, sock: socket.socket, line: Line) -> int:
    """Answer until told to end; returns the exit code."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_answer(board, Listening(address, sock), line))


async def _answer(board: Board, listening: Listening, line: Line) -> int:
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    loop.add_reader(line, told.set)  # the supervisor is gone, or wants us to end
    engine = Engine(loop, Descriptors(_DESCRIPTORS))
    others = {"supervisor": os.getppid(), "admin": os.getpid()}
    admin = AdminServer(CrewSource(board, others, lambda: engine.wall), engine)
    await admin.listen(listening)
    await told.wait()
    loop.remove_reader(line)
    admin.close()
    engine.close()
    return 0
