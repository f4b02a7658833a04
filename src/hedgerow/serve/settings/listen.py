"""What can be set about the addresses that clients connect to: ``listen`` of ``[server]``.

Declarations only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from typing_extensions import override

from hedgerow.serve.settings.addresses import LISTEN_ADDRESS
from hedgerow.serve.settings.fields import About, Record
from hedgerow.serve.settings.kinds import DURATION, SWITCH, choice, or_off
from hedgerow.serve.settings.names import FIELD_NAME, FILE
from hedgerow.serve.settings.workers import MODE


class KeyPair(Record, frozen=True, kw_only=True):
    """A certificate and its private key."""

    EXAMPLE: ClassVar[str] = '{cert = "a.pem", key = "a.key"}'

    cert: Annotated[str, FILE, About("the file (PEM) with the certificate, and those that vouch")]
    key: Annotated[
        str | None, FILE, About("the file (PEM) with its private key", default="the one of cert")
    ] = None


class Tls(Record, frozen=True, kw_only=True):
    """How connections are encrypted: TLS 1.2 or 1.3."""

    SHORT: ClassVar[str] = "a list of tables with cert and key"
    EXAMPLE: ClassVar[str] = '{cert = "a.pem", key = "a.key"}'
    ABSENT: ClassVar[Mapping[str, str]] = {
        "password": "Write the key without one: openssl pkey -in old.key -out new.key.",
        "ciphers": "They are those of Mozilla's intermediate list: leave ciphers out.",
        "min_version": "It is TLS 1.2: leave min_version out.",
    }

    cert: Annotated[
        str | None, FILE, About("the file (PEM) with the certificate, and those that vouch for it")
    ] = None
    key: Annotated[
        str | None, FILE, About("the file (PEM) with its private key", default="the one of cert")
    ] = None
    certificates: Annotated[
        tuple[KeyPair, ...],
        About(
            "several, each a table of cert and key: clients get the first that has the name they"
            " ask for, else the first",
            default="cert and key",
        ),
    ] = ()
    client_ca: Annotated[
        str | None,
        FILE,
        About("the certificates (PEM) that clients' own are checked with", default="not asked for"),
    ] = None
    client_cert: Annotated[
        Literal["require", "optional"],
        choice("require", "optional"),
        About("whether a client must have a certificate, where client_ca is set"),
    ] = "require"
    client_subject: Annotated[
        str | None,
        FIELD_NAME,
        About(
            "the field in which upstreams are told the subject of a client's certificate;"
            " a client's own field of that name is removed",
            default="upstreams are not told",
        ),
    ] = None

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        return {"certificates": value} if isinstance(value, list) else None

    @property
    def pairs(self) -> tuple[KeyPair, ...]:
        """All certificates, the default one first."""
        own = (KeyPair(cert=self.cert, key=self.key),) if self.cert is not None else ()
        return own + self.certificates


class Listen(Record, frozen=True, kw_only=True):
    """An address that clients connect to."""

    SHORT: ClassVar[str] = "an address"
    EXAMPLE: ClassVar[str] = '"127.0.0.1:8080"'

    address: Annotated[
        str,
        LISTEN_ADDRESS,
        About(
            "host:port, [v6]:port, :port for everybody, unix:/path, or systemd for the sockets that"
            " it has opened (fd:3 for one of them)"
        ),
    ]
    mode: Annotated[
        int | None,
        MODE,
        About("who may connect to a unix socket, in octal", default="as the umask says"),
    ] = None
    tls: Annotated[
        Tls | None, About("the certificates, where clients speak TLS", default="plain HTTP")
    ] = None
    redirect: Annotated[
        Literal["https"] | None,
        or_off(choice("https")),
        About("https: whoever comes here is sent to the same URL with https (status 308)"),
    ] = None
    hsts: Annotated[
        float | None,
        or_off(DURATION),
        About(
            "how long browsers shall come with TLS only (Strict-Transport-Security, RFC 6797)",
            at_least=0,
        ),
    ] = None
    proxy_protocol: Annotated[
        bool,
        SWITCH,
        About("what stands in front says whose connection it is: PROXY protocol, version 1 or 2"),
    ] = False

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        is_short = isinstance(value, (str, int)) and not isinstance(value, bool)
        return {"address": value} if is_short else None

    @override
    def short(self) -> object:
        return self.address if self == Listen(address=self.address) else None
