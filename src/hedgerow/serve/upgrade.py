"""Requests that would rather speak another protocol: WebSocket, mostly.

Such a request is proxied like any other, but once: a session cannot be had twice and one thrown
away.  When the upstream agrees (101) both connections become the ends of a tunnel, and HTTP, the
deadline and the place at the door are over; any other answer is passed on as it is.  Must not
know what is said in the tunnel.
"""

import time

from typing_extensions import override

from hedgerow.policy import Attempt, Exchange
from hedgerow.serve.attempt_call import AttemptCall
from hedgerow.serve.proxy import ProxiedRequest
from hedgerow.wire.forwarding import downstream_fields
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.tunnel import Tunnel


class UpgradedRequest(ProxiedRequest):
    """One request with ``Upgrade``, and the tunnel that may come of it."""

    __slots__ = ("_idle_timeout", "_protocol", "_tunnel")

    def ask_for(self, protocol: bytes, idle_timeout: float) -> None:
        """Set what is asked for, before the request starts; seconds."""
        self._protocol = protocol
        self._idle_timeout = idle_timeout
        self._tunnel: Tunnel | None = None

    @override
    def _call(self, now: float, attempt: Attempt) -> AttemptCall:
        call = super()._call(now, attempt)
        call.upgrade = self._protocol
        call.replayable = False
        return call

    @override
    def _forward(
        self, now: float, exchange: Exchange, head: ResponseHead, data: bytes, ended: bool
    ) -> None:
        call = self._winner()
        if head.status != 101 or call is None or call.switched is None:
            if head.status == 426:  # it must say what it wants instead (RFC 9110 section 15.5.22)
                self.request.own_fields += b"Upgrade: %b\r\n" % self._protocol
            super()._forward(now, exchange, head, data, ended)
            return
        exchange.answer_ended(now, call.attempt)
        self._arm(now)  # nothing is due any more
        fields = downstream_fields(head, self._surroundings.engine.date_line)
        fields += b"Connection: upgrade\r\nUpgrade: %b\r\n" % self._protocol
        client = self.request.upgrade(fields)
        if client is None:
            self._finish(now)  # it has left; the upstream's end is broken by whoever called us
            return
        end, from_client = client
        self._tunnel = Tunnel(end, call.switched, self._idle_timeout, self._tunnel_ended)
        self._tunnel.start(now, from_client=from_client, from_upstream=call.said_since)

    def _tunnel_ended(self) -> None:
        if self._tunnel is not None:
            self.request.body_sent = self._tunnel.to_client
            self._tunnel = None
        self._finish(time.monotonic())
