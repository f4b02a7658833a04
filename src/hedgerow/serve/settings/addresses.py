"""The kinds of values that are addresses: where to listen, and what stands behind.

Decides whether a text is well-formed, and brings it to one form; must not know whether
anything listens there, nor what a name resolves to.
"""

import contextlib
import ipaddress
import re
import urllib.parse
from collections.abc import Mapping
from typing import Final, NamedTuple

from hedgerow.serve.settings.kinds import Kind, Refused, list_of, nearest, read_text, toml

_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]"
#: A name or an address, the latter in brackets where it has colons.
HOST_FORM: Final = re.compile(_HOST)
_LISTEN_FORM: Final = re.compile(rf"({_HOST}|\*|):([0-9]{{1,5}})")
_AUTHORITY_FORM: Final = re.compile(rf"(?:{_HOST})(?::[0-9]{{1,5}})?")
_HANDED_DOWN: Final = re.compile(r"fd:([0-9]{1,4})")
#: All sockets that systemd has opened for us.
SYSTEMD: Final = "systemd"
_EVERY_HOST: Final = frozenset({"", "0.0.0.0", "[::]"})
#: Of weights: a replica that has a millionth of another's traffic has none.
_MOST_WEIGHT: Final = 1_000_000


class ReplicaUrl(NamedTuple):
    """One address of an upstream."""

    scheme: str  # "http" or "https"
    host: str  # without brackets
    port: int
    weight: float = 1.0  # of the traffic, beside the others' weights; of each address of a name

    @property
    def authority(self) -> str:
        """Host and port as a Host field has them; without the scheme's own port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        own = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == own else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"{self.scheme}://{self.authority}"

    @property
    def is_name(self) -> bool:
        """Say whether the host is a name, which can be resolved, and not an address."""
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(self.host)
            return False
        return True


def read_port(value: object) -> int:
    """Read a port: a number, or a word on a command line."""
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535):
        raise Refused("a port from 0 (any that is free) to 65535")
    return int(text)


def _read_address(value: object) -> str:
    text = str(value) if type(value) is int else read_text(value)
    if text.startswith("unix:"):
        if len(text) == len("unix:"):
            raise Refused("unix: and a path", 'Write for example "unix:/run/hedgerow.sock".')
        return text
    if text.isdecimal():
        # A bare port could mean this machine or the whole network: too different to guess.
        fix = f'Write "127.0.0.1:{text}" for this machine only, or ":{text}" for everybody.'
        raise Refused("an address and a port", fix)
    match = _LISTEN_FORM.fullmatch(text)
    if match is None:
        raise Refused("host:port, [v6 address]:port, :port or unix:/path")
    host = "" if match[1] == "*" else match[1]
    return f"{host}:{read_port(match[2])}"


def _read_listen_address(value: object) -> str:
    """Read an address, or what stands for sockets that whoever starts us has opened."""
    if value == SYSTEMD:
        return SYSTEMD
    found = _HANDED_DOWN.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        return f"fd:{int(found[1])}"
    try:
        return _read_address(value)
    except Refused as error:
        raise Refused(f"{error.must}; or fd:3, or systemd", error.fix) from error


def is_handed_down(address: str) -> bool:
    """Say whether somebody else opens what is listened at."""
    return address == SYSTEMD or _HANDED_DOWN.fullmatch(address) is not None


def _read_network(value: object) -> str:
    """Read an address, a network, or ``unix``; brought to the one form of each."""
    text = read_text(value)
    if text == "unix":
        return text
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        fix = ""
        with contextlib.suppress(ValueError):
            fix = f'Write "{ipaddress.ip_network(text, strict=False)}".'  # its host bits are zero
        raise Refused('a network such as 10.0.0.0/8, an address, or "unix"', fix) from error
    return str(network) if network.prefixlen < network.max_prefixlen else str(network[0])


def same_address(one: str, other: str) -> bool:
    """Say whether two sockets cannot listen at both; port 0 is never the same."""
    if any(address.startswith("unix:") or is_handed_down(address) for address in (one, other)):
        return one == other
    (host, _, port), (other_host, _, other_port) = one.rpartition(":"), other.rpartition(":")
    if port != other_port or not int(port):
        return False
    return host == other_host or not _EVERY_HOST.isdisjoint((host, other_host))


ADDRESS: Final = Kind("address", '"127.0.0.1:8080"', _read_address)
LISTEN_ADDRESS: Final = Kind("address", '"127.0.0.1:8080"', _read_listen_address)


def _read_replica(value: object) -> ReplicaUrl:
    if not isinstance(value, Mapping):
        return _read_url(value)
    for key in value:
        if key not in _REPLICA_KEYS:
            meant = nearest(key, list(_REPLICA_KEYS))
            fix = f"Did you mean {meant}?" if meant else f"Write for example {_WEIGHTED}."
            raise Refused("a URL, or a table of url and weight", fix)
    if "url" not in value:
        raise Refused("a table with a url", f"Write for example {_WEIGHTED}.")
    return _read_url(value["url"])._replace(weight=_read_weight(value.get("weight", 1)))


def _read_weight(value: object) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    weight = float(str(value)) if is_number else 0.0
    if not 0 < weight <= _MOST_WEIGHT:
        fix = "It counts beside the others' weights; to send nothing there, leave the replica out."
        raise Refused(f"a weight above 0, at most {_MOST_WEIGHT}", fix)
    return weight


def _read_url(value: object) -> ReplicaUrl:
    text = read_text(value)
    if "://" not in text:
        fix = f'Write "http://{text}".' if _AUTHORITY_FORM.fullmatch(text) else ""
        raise Refused("a URL with http:// or https://", fix)
    try:
        url = urllib.parse.urlsplit(text)
        port = url.port
    except ValueError as error:
        raise Refused("a URL with a valid host and port", f"({error})") from error
    if url.scheme not in ("http", "https"):
        raise Refused("a URL with http:// or https://")
    host = url.hostname or ""
    if HOST_FORM.fullmatch(f"[{host}]" if ":" in host else host) is None:
        raise Refused("a URL with a host, such as http://10.0.0.1:9000")
    replica = ReplicaUrl(url.scheme, host, port or (443 if url.scheme == "https" else 80))
    if "@" in url.netloc:
        fix = f'Write "{replica.url}"; credentials belong into the requests.'
        raise Refused("a URL without user and password", fix)
    if url.path not in ("", "/") or url.query or url.fragment:
        fix = f'Write "{replica.url}"; paths are set by the rewrite of a [[route]].'
        raise Refused("a URL without path, query and fragment", fix)
    if port == 0:
        raise Refused("a URL with a port from 1 to 65535")
    return replica


def _write_replica(replica: ReplicaUrl) -> str:
    if replica.weight == 1:
        return toml(replica.url)
    weight = replica.weight
    return toml({"url": replica.url, "weight": int(weight) if weight.is_integer() else weight})


def _without_weight(replica: ReplicaUrl) -> ReplicaUrl:
    return replica._replace(weight=1.0)


_REPLICA_KEYS: Final = ("url", "weight")
_WEIGHTED: Final = '{url = "http://10.0.0.1:9000", weight = 2}'
_REPLICA: Final = Kind("URL", '"http://10.0.0.1:9000"', _read_replica, _write_replica)


_NETWORKS: Final = list_of(Kind("network", '"10.0.0.0/8"', _read_network), "networks")


def _read_networks(value: object) -> tuple[str, ...]:
    return () if value == [] else tuple(_NETWORKS.read(value))


NETWORKS: Final = Kind(
    _NETWORKS.name, _NETWORKS.example, _read_networks, _NETWORKS.write, _NETWORKS.from_word
)
REPLICAS: Final = list_of(_REPLICA, "URLs", identity=_without_weight)
