"""What a listening address does with those who come in, before HTTP is spoken.

In this order: the PROXY protocol's header, the TLS handshake, HTTP.  An :class:`Entrance` is
the factory of protocols for one :class:`~hedgerow.wire.listening.Listening`.  Must not know
routes or settings.
"""

import asyncio
import ssl
from functools import partial

from hedgerow.wire.certificates import Certificates, subject_text
from hedgerow.wire.listener import Listener
from hedgerow.wire.proxy_protocol import ProxyProtocolLine
from hedgerow.wire.server import ServerConnection
from hedgerow.wire.tls import TlsLine


class Entrance:
    """One listening address; call it for the protocol of a new connection."""

    def __init__(
        self,
        listener: Listener,
        *,
        certificates: Certificates | None = None,
        proxy_protocol: bool = False,
        own_fields: bytes = b"",
        subject_field: bytes = b"",
    ) -> None:
        """``own_fields`` are lines for every answer given here.

        ``subject_field`` is the field in which upstreams are told the subject of a client's
        certificate; empty: they are not.
        """
        self.listener = listener
        self.certificates = certificates
        self._takes_headers = proxy_protocol
        self._own_fields = own_fields
        self._subject_field = subject_field

    def __call__(self) -> asyncio.Protocol:
        if self._takes_headers:
            return ProxyProtocolLine(self.listener, self._admit)
        return self._admit(None)

    def _admit(self, client: str | None) -> asyncio.Protocol:
        """Make what comes first for a client, whose address is known if it was told."""
        if self.certificates is None:
            return self._connection(client, None)
        return TlsLine(self.listener, self.certificates.choose, partial(self._connection, client))

    def _connection(self, client: str | None, tls: ssl.SSLObject | None) -> ServerConnection:
        connection = ServerConnection(self.listener)
        connection.told_peer = client
        connection.own_fields = self._own_fields
        if self._subject_field and tls is not None:
            subject = subject_text(tls.getpeercert())
            if subject:
                connection.client_fields = b"%b: %b\r\n" % (self._subject_field, subject.encode())
        return connection
