"""Which clients may come in, by their address.

Decides; must not know sockets.  A client without an address (it came through a unix socket) is
on this machine, and is called ``unix``.
"""

import functools
import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX = "unix"


class AddressRule:
    """Networks that may come in, and networks that may not, which wins."""

    def __init__(self, allow: Sequence[str], deny: Sequence[str]) -> None:
        """Take networks as ``10.0.0.0/8``; an empty ``allow`` is everybody."""
        self._allow, self._allows_unix = _networks(allow)
        self._deny, self._denies_unix = _networks(deny)
        self._is_open = not allow
        # A server sees the same few thousand addresses again and again: 0.1 us against 3.
        self.admits = functools.lru_cache(maxsize=8192)(self._admits)

    def _admits(self, peer: str) -> bool:
        """Say whether a client with this address may come in."""
        if not peer:
            return not self._denies_unix and (self._is_open or self._allows_unix)
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in self._deny):
            return False
        return self._is_open or any(address in network for network in self._allow)


def _networks(texts: Sequence[str]) -> tuple[list[Network], bool]:
    return [ipaddress.ip_network(text) for text in texts if text != UNIX], UNIX in texts
