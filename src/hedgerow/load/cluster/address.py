"""Where a cluster's scheduler is: ``dask://host:8786`` or ``tls://host:8786``.

``?shards=`` says what a shard is: ``hosts`` (as without it) is one for each machine,
however many workers it has; ``workers`` is one for each worker, for who starts several on
one machine on purpose.  Must not know how to connect.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from hedgerow.errors import ConfigError

Per = Literal["hosts", "workers"]

_ADDRESS: Final = re.compile(
    r"(?P<scheme>dask|tls)://(?P<host>\[[0-9a-fA-F:.]+\]|[^/\s:?\[\]]+):(?P<port>\d{1,5})/?"
    r"(?:\?shards=(?P<per>hosts|workers))?"
)


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """A scheduler, and who gets a shard."""

    host: str  # IPv6 in brackets
    port: int
    per: Per = "hosts"
    wants_tls: bool = False

    @classmethod
    def parse(cls, text: str) -> "ClusterAddress":
        """Read what follows ``--cluster``; raises ConfigError."""
        found = _ADDRESS.fullmatch(text)
        if found is None or not 0 < int(found["port"]) < 65536:
            raise ConfigError(
                "--cluster",
                got=text,
                must="local, or dask:// or tls:// with the host and port of a scheduler",
                fix="Write --cluster dask://host:8786; ?shards=workers after it makes each worker"
                " a shard of its own.",
            )
        per: Per = "workers" if found["per"] == "workers" else "hosts"
        return cls(found["host"], int(found["port"]), per, found["scheme"] == "tls")

    def url(self, *, is_tls: bool) -> str:
        """Return the address as dask wants it."""
        return f"{'tls' if is_tls else 'tcp'}://{self.host}:{self.port}"
