"""A handler with a path for each way in which a server can be used."""

import threading

from hedgerow.wire.request import Request
from tests.fakes.path_sinks import Collect, Echo, Never, Stream


class Paths:
    """``/echo`` ``/collect`` ``/refuse`` ``/never`` ``/abort``; ``/<size>`` bytes; else hello."""

    def __init__(self) -> None:
        self.asked = threading.Event()  # somebody asked for what is never answered
        self.left = threading.Event()  # and went away

    def handle(self, request: Request) -> None:
        path = request.head.target
        if path == b"/echo":
            request.sink = Echo(request)
        elif path == b"/collect":
            request.sink = Collect(request)
        elif path == b"/refuse":
            request.respond(403, b"", b"no")
        elif path == b"/abort":
            request.begin(200, b"", 100, b"some", ended=False)
            request.abort()
        elif path == b"/never":
            request.sink = Never(self.left.set)
            self.asked.set()
        elif path[1:].isdigit():
            Stream(request, int(path[1:]))
        else:
            request.respond(200, b"", b"hello")
