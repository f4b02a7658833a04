"""An address that sends everybody to https.

Must not know sockets, nor the routes: what is exempt goes to whoever takes it otherwise.
"""

from collections.abc import Callable
from typing import Final

from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.request import Request

#: Where an authority looks for its answer, in plain HTTP (RFC 8555 section 8.3).
_ACME: Final = b"/.well-known/acme-challenge/"


class HttpsRedirect:
    """Answers with status 308, which keeps the method, wherever a request goes."""

    def __init__(
        self, port: int, surroundings: Surroundings, otherwise: Callable[[Request], None]
    ) -> None:
        """``port`` is where we speak TLS ourselves."""
        self._port = b"" if port == 443 else b":%d" % port
        self._surroundings = surroundings
        self._otherwise = otherwise

    def handle(self, request: Request) -> None:
        """Redirect a request, unless it is an authority's, or came in TLS to a trusted proxy."""
        head = request.head
        if request.is_tls or head.target.startswith(_ACME):
            self._otherwise(request)
            return
        around = self._surroundings
        name, has_port = _split(head.host)
        if not name:
            detail = "the request has no Host field, so there is no address to go to"
            request.problem(400, detail, fields=around.engine.date_line)
            around.refused(request)
            return
        # Who came without a port came to 80, and finds TLS at 443: whatever the ports are that
        # we listen at, something maps them.  Who names a port is as near as that.
        port = self._port if has_port else b""
        path = b"/" if head.target == b"*" else head.target
        location = b"Location: https://%b%b%b\r\n" % (name, port, path)
        request.respond(308, location + around.engine.date_line, b"")
        if around.answered is not None:
            around.answered(request, 0.0, None)


def _split(host: bytes) -> tuple[bytes, bool]:
    """Return a host without its port, and whether it had one."""
    name, colon, port = host.rpartition(b":")
    if colon and port.isdigit():
        return name, True
    return host, False
