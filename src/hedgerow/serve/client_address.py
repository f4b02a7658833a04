"""Who the client is where proxies of our own stand in front: the address that they tell.

Each proxy adds the address of whoever connected to it at the end of a list.  Only what a trusted
proxy has added counts, so the list is read from its end: the first address that is not that of
a trusted proxy is the client's.  All that stands before it is hearsay.

Decides from text, and must not know sockets.  One field is believed and no other: a proxy that
writes one of them may well pass on what a client has made up in another.
"""

import functools
import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from hedgerow.wire.heads import RequestHead

AddressField = Literal["X-Forwarded-For", "Forwarded"]

#: What stands for a peer without an address.
UNIX: Final = "unix"
#: As proxies write it: 192.0.2.7, 192.0.2.7:80, 2001:db8::7, [2001:db8::7], [2001:db8::7]:80
_NODE: Final = re.compile(r"\[([^\]]*)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
#: A parameter of Forwarded (RFC 7239 section 4): a token or a quoted string as its value.
_PAIR: Final = re.compile(
    r'[ \t]*([A-Za-z0-9!#$%&\'*+.^_`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^",; \t]*))[ \t]*(;|,|$)'
)
#: A longer chain is nobody's real one; of such a list only the end is looked at.
_MOST_HOPS: Final = 32


class Told(NamedTuple):
    """What trusted proxies tell of a request."""

    client: str  # an address; what the connection says, where they tell nothing
    is_tls: bool | None  # whether it came to them in TLS; None: they do not tell


@dataclass(frozen=True, slots=True)
class _Hop:
    """What one proxy says of whoever connected to it."""

    address: str | None  # None: it will not say, or what it says is no address
    scheme: str = ""


class TrustedProxies:
    """The proxies whose word counts."""

    def __init__(self, networks: Sequence[str], field: AddressField = "X-Forwarded-For") -> None:
        """``networks`` as ``10.0.0.0/8``; ``unix`` is whoever comes through a unix socket."""
        self._unix = UNIX in networks
        parsed = [ipaddress.ip_network(text) for text in networks if text != UNIX]
        self._networks = {
            version: [one for one in parsed if one.version == version] for version in (4, 6)
        }
        self._field = field.lower().encode()
        # Both are asked again and again about the same few.
        self.includes = functools.lru_cache(maxsize=4096)(self._includes)
        self._client_in = functools.lru_cache(maxsize=4096)(self._read)

    def tell(self, head: RequestHead, peer: str) -> Told:
        """Return what the peer, which must be one of them, says of this request."""
        said = [value for name, value in head.apart if name == self._field]
        proto = [value for name, value in head.apart if name == b"x-forwarded-proto"]
        if not said:
            return Told(peer, _is_tls(proto))
        value = b",".join(said).decode("latin-1")
        # A long one will not come again, and would only cost memory.
        told = self._client_in(value, peer) if len(value) <= 256 else self._read(value, peer)
        return told if told.is_tls is not None else Told(told.client, _is_tls(proto))

    def _includes(self, peer: str) -> bool:
        """Say whether a peer's address is that of a trusted proxy."""
        if not peer:
            return self._unix
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        found = mapped or address
        return any(found in network for network in self._networks[found.version])

    def _read(self, said: str, peer: str) -> Told:
        hops = _forwarded(said) if self._field == b"forwarded" else _listed(said)
        client, is_tls = peer, None
        for hop in hops:
            if hop.address is None:
                break  # the nearest that is known will have to do
            client = hop.address
            if hop.scheme:
                is_tls = hop.scheme == "https"
            if not self.includes(client):
                break
        return Told(client, is_tls)


def _listed(said: str) -> Iterator[_Hop]:
    """Read X-Forwarded-For, the nearest first."""
    for text in reversed(said.rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]):
        if text.strip():
            yield _Hop(_address(text.strip()))


def _forwarded(said: str) -> Iterator[_Hop]:
    """Read Forwarded (RFC 7239), the nearest first; nothing of what is not well-formed."""
    hops: list[_Hop] = []
    pairs: dict[str, str] = {}
    position = 0
    while position < len(said):
        match = _PAIR.match(said, position)
        if match is None:
            return iter(())
        name, value = match[1].lower(), match[3] or ""
        if match[2] is not None:
            value = re.sub(r"\\(.)", r"\1", match[2])
        if name in pairs:
            return iter(())
        pairs[name] = value
        if match[4] != ";":
            hops.append(_Hop(_address(pairs.get("for", "")), pairs.get("proto", "").lower()))
            pairs = {}
        position = match.end()
    return iter(hops[::-1][:_MOST_HOPS])


def _address(text: str) -> str | None:
    """Read an address with or without a port, in its one form; None where it is something else."""
    match = _NODE.fullmatch(text)
    bare = (match[1] or match[2]) if match is not None else text
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None  # unknown, or a name that only its proxy understands (RFC 7239 section 6)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _is_tls(proto: Sequence[bytes]) -> bool | None:
    """Read X-Forwarded-Proto: the last is what the nearest proxy says."""
    if not proto:
        return None
    return proto[-1].rpartition(b",")[2].strip().lower() == b"https"
