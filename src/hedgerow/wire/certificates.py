"""The certificates of a listening address: read, chosen by name, read again when they change.

Must not know settings, nor who connects.  What is in a certificate is found out by a handshake
with it in memory: that uses nothing but public interfaces, and shows that certificate and key
work together.

Every file is looked at again from time to time.  New ones go into new contexts, which only new
connections see; if they are no good the old ones stay, and that is said once.
"""

import contextlib
import os
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hedgerow.errors import ConfigError

#: Mozilla's intermediate list without DHE, which needs parameters of its own; TLS 1.3 has its own.
_CIPHERS: Final = ":".join([
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
])  # fmt: skip
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_CERTIFICATE_END: Final = b"-----END CERTIFICATE-----"
_KEY_END: Final = b"PRIVATE KEY-----"
#: OpenSSL's X509_V_FLAG_NO_CHECK_TIME: an expired certificate shall be read, too.
_NO_CHECK_TIME: Final = 0x200000
_EXPIRES_SOON: Final = 7 * 86400.0
_LOOK_EVERY: Final = 2.0
_WALL: Final = time.time  # noqa: TID251

_Wanted = tuple[tuple["PairFiles", ...], "ClientCheck | None"]
Stamps = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class PairFiles:
    """The files (PEM) of a certificate and its key, and what errors call them."""

    cert: str
    key: str | None = None  # None: in the same file
    cert_place: str = "cert"
    key_place: str = "key"


@dataclass(frozen=True, slots=True)
class ClientCheck:
    """Whom clients' own certificates must be from."""

    ca: str  # a file (PEM)
    required: bool = True
    place: str = "client_ca"


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A certificate that is ready to be used."""

    stamps: Stamps
    context: ssl.SSLContext
    names: tuple[str, ...]
    notice: str  # what the operator should know; empty: nothing


#: What was read last for each address, by its settings.  It outlives its owner on purpose: a
#: process that is forked, or a thread that is started, after somebody has read the files uses
#: the same contexts, and so can resume what another one has begun (their ticket keys are equal).
_READ: Final[dict[_Wanted, dict[PairFiles, _Loaded]]] = {}


class Certificates:
    """Those of one address; ``context`` is that of the first."""

    def __init__(
        self,
        pairs: Sequence[PairFiles],
        clients: ClientCheck | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Read the files; the first pair is for clients that ask for no name, or an unknown one.

        Raises ConfigError for files that are no good; ``say`` is told what is merely strange.
        """
        self._pairs = tuple(pairs)
        self._clients = clients
        self._say = say
        self._loaded: dict[PairFiles, _Loaded] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._look_at = 0.0
        self._seen = self._stamps()
        self.context = self._load()

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order in which they are preferred."""
        return tuple(name for loaded in self._loaded.values() for name in loaded.names)

    def choose(self, name: str) -> ssl.SSLContext:
        """Return the context for a name that a client asks for (RFC 6066 section 3)."""
        context = self._contexts.get(name)
        if context is None:  # a star stands for one label (RFC 6125 section 6.4.3)
            context = self._contexts.get("*." + name.partition(".")[2])
        return self.context if context is None else context

    def look(self, now: float) -> None:
        """Read files that have changed; looks once in two seconds at most."""
        if now >= self._look_at:
            self._look_at = now + _LOOK_EVERY
            if self._stamps() != self._seen:
                self.reload()

    def reload(self) -> None:
        """Read what has changed, now; if that is no good, keep what there is and say so."""
        self._seen = self._stamps()
        try:
            self.context = self._load()
        except ConfigError as error:
            self._say(f"the certificates stay as they are: {error}")
        else:
            self._say("the certificates have been read again")

    def _load(self) -> ssl.SSLContext:
        known = _READ.get((self._pairs, self._clients), {})
        loaded: dict[PairFiles, _Loaded] = {}
        for pair in self._pairs:
            stamps = (*_stamps_of(_files(pair)), *_stamps_of(self._client_files()))
            before = known.get(pair)
            is_same = before is not None and before.stamps == stamps and None not in stamps
            if before is None or not is_same:
                before = _load(pair, self._clients, stamps)
                if before.notice:
                    self._say(before.notice)
            loaded[pair] = before
        self._loaded = _READ[self._pairs, self._clients] = loaded
        self._contexts = _by_name(loaded.values())
        return loaded[self._pairs[0]].context

    def _stamps(self) -> Stamps:
        files = [file for pair in self._pairs for file in _files(pair)]
        return _stamps_of([*files, *self._client_files()])

    def _client_files(self) -> list[str]:
        return [] if self._clients is None else [self._clients.ca]


def subject_text(certificate: Mapping[str, Any] | None) -> str:
    """Write the subject of a verified certificate as RFC 4514 has it, in ASCII: ``CN=a,O=b``."""
    names = (certificate or {}).get("subject", ())
    parts = ["+".join(f"{_short(key)}={_escaped(value)}" for key, value in rdn) for rdn in names]
    return ",".join(reversed(parts))


def _by_name(loaded: Iterable[_Loaded]) -> dict[str, ssl.SSLContext]:
    contexts: dict[str, ssl.SSLContext] = {}
    for one in loaded:
        for name in one.names:
            contexts.setdefault(name, one.context)
    return contexts


# --- one pair ---


def _load(pair: PairFiles, clients: ClientCheck | None, stamps: Stamps) -> _Loaded:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    load_pair(context, pair)
    facts = _facts(context, _first_certificate(pair), pair)
    if clients is not None:
        _trust(context, clients)
    return _Loaded(stamps, context, _names(facts), _notice(pair, facts))


def load_pair(context: ssl.SSLContext, pair: PairFiles) -> None:
    """Give a context its certificate and key; raises ConfigError for files that are no good."""
    _first_certificate(pair)
    _check_key(pair)
    was_asked = False

    def password() -> str:
        nonlocal was_asked
        was_asked = True
        return ""

    try:
        context.load_cert_chain(pair.cert, pair.key, password)
    except (OSError, ValueError) as error:
        where, got = pair.cert_place, pair.cert
        reason = getattr(error, "reason", None)
        if was_asked:
            where, got, must = pair.key_place, pair.key or pair.cert, "a key without a password"
            fix = "Write it without one: openssl pkey -in old.key -out new.key."
        elif reason == "KEY_VALUES_MISMATCH":
            where, got, must = pair.key_place, pair.key or pair.cert, f"the key of {pair.cert}"
            fix = "They are of two different certificates, or the chain is not in order."
        else:
            must, fix = "a certificate and a key that OpenSSL takes", f"({reason or error})"
        raise ConfigError(where, got=got, must=must, fix=fix) from error


def _trust(context: ssl.SSLContext, clients: ClientCheck) -> None:
    try:
        context.load_verify_locations(clients.ca)
    except OSError as error:
        must, fix = "certificates (PEM) of authorities", f"({getattr(error, 'reason', error)})"
        raise ConfigError(clients.place, got=clients.ca, must=must, fix=fix) from error
    context.verify_mode = ssl.CERT_REQUIRED if clients.required else ssl.CERT_OPTIONAL


def _first_certificate(pair: PairFiles) -> str:
    data = _read(pair.cert, pair.cert_place)
    start = data.find(_CERTIFICATE)
    end = data.find(_CERTIFICATE_END, start)
    if start < 0 or end < 0:
        fix = f"It has no line {_CERTIFICATE.decode()}."
        raise ConfigError(pair.cert_place, got=pair.cert, must="a certificate (PEM)", fix=fix)
    return data[start : end + len(_CERTIFICATE_END)].decode("ascii", "replace")


def _check_key(pair: PairFiles) -> None:
    file, place = (pair.key, pair.key_place) if pair.key else (pair.cert, pair.cert_place)
    if _KEY_END not in _read(file, place):
        fix = "It has no line -----BEGIN PRIVATE KEY-----."
        if not pair.key:
            fix = f"{fix} Write key = with the file that has it."
        raise ConfigError(place, got=file, must="a private key (PEM)", fix=fix)


def _read(file: str, place: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError as error:
        must = "a file that can be read"
        raise ConfigError(place, got=file, must=must, fix=f"({error.strerror})") from error


def _facts(context: ssl.SSLContext, leaf: str, pair: PairFiles) -> dict[str, Any]:
    """Shake hands in memory with a client that believes just this certificate."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        client.load_verify_locations(cadata=leaf)
        ours = context.wrap_bio(to_server, to_client, server_side=True)
        theirs = client.wrap_bio(to_client, to_server)
        for _ in range(3):
            for side in (theirs, ours):
                with contextlib.suppress(ssl.SSLWantReadError):
                    side.do_handshake()
        return dict(theirs.getpeercert() or {})
    except (OSError, ValueError) as error:
        why = getattr(error, "verify_message", None) or getattr(error, "reason", None) or error
        must = "a certificate for a server"
        raise ConfigError(pair.cert_place, got=pair.cert, must=must, fix=f"({why})") from error


def _names(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the DNS names; the common name only where there are none (RFC 6125 6.4.4)."""
    alternatives = facts.get("subjectAltName", ())
    names = [value for kind, value in alternatives if kind == "DNS"]
    if not names:
        subject = [pair for rdn in facts.get("subject", ()) for pair in rdn]
        names = [value for key, value in subject if key == "commonName"]
    return tuple(dict.fromkeys(name.lower().rstrip(".") for name in names))


def _notice(pair: PairFiles, facts: Mapping[str, Any]) -> str:
    ends = facts.get("notAfter")
    left = ssl.cert_time_to_seconds(str(ends)) - _WALL() if ends else _EXPIRES_SOON + 1
    if left <= 0:
        return f"the certificate in {pair.cert} has expired ({ends}): browsers refuse it"
    if left <= _EXPIRES_SOON:
        return f"the certificate in {pair.cert} expires soon ({ends})"
    starts = facts.get("notBefore")
    if starts and ssl.cert_time_to_seconds(str(starts)) > _WALL():
        return f"the certificate in {pair.cert} is not valid yet (from {starts})"
    return ""


def _files(pair: PairFiles) -> list[str]:
    return [pair.cert] if pair.key is None else [pair.cert, pair.key]


def _stamps_of(files: Sequence[str]) -> Stamps:
    return tuple(map(_stamp, files))


def _stamp(file: str) -> tuple[int, int, int] | None:
    """Return what changes with a file; a link that leads elsewhere has another number."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


# --- the subject of a certificate ---

_SHORT: Final = {
    "commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU",
    "countryName": "C", "stateOrProvinceName": "ST", "localityName": "L",
    "streetAddress": "STREET", "domainComponent": "DC", "userId": "UID",
}  # fmt: skip


def _short(key: str) -> str:
    return _SHORT.get(key, key)


def _escaped(value: str) -> str:
    """Escape what RFC 4514 section 2.4 says, and all that is not printable ASCII."""
    pieces = []
    for place, character in enumerate(value):
        at_edge = place in (0, len(value) - 1)
        if not (character.isascii() and character.isprintable()):
            pieces += [f"\\{byte:02X}" for byte in character.encode()]
        elif character in '",+;<>\\' or (at_edge and character in " #"):
            pieces.append("\\" + character)
        else:
            pieces.append(character)
    return "".join(pieces)
