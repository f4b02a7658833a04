"""From the settings of addresses to what is done there before HTTP is spoken.

Must not know sockets: whoever opens them gives each its entrance.
"""

from collections.abc import Callable, Sequence

from hedgerow.serve.client_address import TrustedProxies
from hedgerow.serve.gateway import Gateway
from hedgerow.serve.https_redirect import HttpsRedirect
from hedgerow.serve.settings import Listen, Server, Settings, Tls
from hedgerow.wire.certificates import Certificates, ClientCheck, PairFiles
from hedgerow.wire.entrance import Entrance
from hedgerow.wire.listener import Listener
from hedgerow.wire.request import Request


def open_entrances(gateway: Gateway, server: Server, say: Callable[[str], None]) -> None:
    """Let clients in as the settings say; raises ConfigError for bad certificates."""
    redirect = HttpsRedirect(https_port(server), gateway.surroundings, gateway.take)

    def send_to_https(request: Request) -> None:
        gateway.believe(request)
        redirect.handle(request)

    instead = {
        number: send_to_https
        for number, listen in enumerate(server.listen)
        if listen.redirect is not None
    }
    gateway.open_by(_entrances(server, gateway.listeners(len(server.listen), instead), say))
    if server.trusted:
        gateway.trust(TrustedProxies(server.trusted, server.trusted_field))


def _entrances(
    server: Server, listeners: Sequence[Listener], say: Callable[[str], None]
) -> list[Entrance]:
    made = []
    for number, (listen, listener) in enumerate(zip(server.listen, listeners, strict=True)):
        tls = listen.tls
        subject = tls.client_subject if tls is not None else None
        made.append(
            Entrance(
                listener,
                certificates=None if tls is None else _certificates(server, number, tls, say),
                proxy_protocol=listen.proxy_protocol,
                own_fields=_hsts(listen),
                subject_field=(subject or "").encode(),
            )
        )
    return made


def check_certificates(settings: Settings, say: Callable[[str], None]) -> None:
    """Read all certificates; raises ConfigError where they are no good.

    What is read here is used again by processes that are forked afterwards: sessions that one
    of them has begun can then be resumed with another.
    """
    for number, listen in enumerate(settings.server.listen):
        if listen.tls is not None:
            _certificates(settings.server, number, listen.tls, say)


def subject_fields(server: Server) -> frozenset[bytes]:
    """Return the fields, in lower case, that only we may write: no client's own is passed on."""
    named = (listen.tls.client_subject for listen in server.listen if listen.tls is not None)
    return frozenset(name.lower().encode() for name in named if name is not None)


def https_port(server: Server) -> int:
    """Return the port where TLS is spoken, for redirects to it."""
    ports = [
        int(listen.address.rpartition(":")[2])
        for listen in server.listen
        if listen.tls is not None and not listen.address.startswith(("unix:", "fd:"))
    ]
    return 443 if not ports or 443 in ports or not ports[0] else ports[0]


def _certificates(
    server: Server, number: int, tls: Tls, say: Callable[[str], None]
) -> Certificates:
    place = "listen" if len(server.listen) == 1 else f"listen {number + 1}"
    several = tls.cert is None
    pairs = []
    for count, pair in enumerate(tls.pairs, 1):
        where = f"[server] {place} tls {count} " if several else f"[server] {place} tls."
        pairs.append(PairFiles(pair.cert, pair.key, f"{where}cert", f"{where}key"))
    clients = None
    if tls.client_ca is not None:
        required = tls.client_cert == "require"
        clients = ClientCheck(tls.client_ca, required, f"[server] {place} tls.client_ca")
    return Certificates(pairs, clients, say)


def _hsts(listen: Listen) -> bytes:
    if listen.hsts is None:
        return b""
    return b"Strict-Transport-Security: max-age=%d\r\n" % listen.hsts
