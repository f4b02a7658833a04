"""Signed tokens (RFC 6750, RFC 7519): the verifying is PyJWT's.

Keys come from a file: a public key or a shared secret, or a set of keys (JWKS, RFC 7517) from
which the token's ``kid`` chooses.  A token must say when it expires.  Must not know routes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from hedgerow.errors import ConfigError

_LONGEST: Final = 16 * 1024
#: RFC 7518 section 3.2: as long as the digest, which is 32 bytes for HS256.
_SHORTEST_SECRET: Final = 32


class Bearer(NamedTuple):
    """Who a token speaks for, and until when (seconds since 1970)."""

    subject: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class TokenRule:
    """Which tokens are good."""

    algorithms: Sequence[str]
    issuer: str | None = None
    audience: str | None = None
    leeway: float = 30.0  # seconds that clocks may differ


class TokenVerifier:
    """Verifies tokens with the keys of one file."""

    def __init__(self, rule: TokenRule, path: str, where: str) -> None:
        """Read the keys; raises ConfigError where they cannot be used."""
        self._jwt = _library(where)
        self._rule = rule
        self._keys = self._read(path, where)

    def verify(self, authorization: bytes) -> Bearer | None:
        """Return who it is; None where the field has no good token."""
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or len(token) > _LONGEST:
            return None
        rule = self._rule
        try:
            text = token.strip().decode("ascii")
            key = self._key_for(text)
            claims = self._jwt.decode(
                text,
                key,
                algorithms=list(rule.algorithms),
                audience=rule.audience,
                issuer=rule.issuer,
                leeway=rule.leeway,
                options={"require": ["exp"], "verify_aud": rule.audience is not None},
            )
            return Bearer(str(claims.get("sub", "")), float(claims["exp"]) + rule.leeway)
        except (self._jwt.PyJWTError, UnicodeDecodeError, KeyError, ValueError, TypeError):
            return None

    def _key_for(self, token: str) -> Any:
        if len(self._keys) == 1 and None in self._keys:
            return self._keys[None]
        kid = self._jwt.get_unverified_header(token).get("kid")
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys[kid]

    def _read(self, path: str, where: str) -> Mapping[str | None, Any]:
        try:
            raw = Path(path).read_bytes()
        except OSError as error:
            raise ConfigError(where, got=path, must="a file of keys", fix=f"({error})") from error
        text = raw.strip()
        if not text.startswith(b"{"):
            self._prepare(text, path, where)
            return {None: text}
        try:
            found = self._jwt.PyJWKSet.from_dict(json.loads(text))
        except (ValueError, self._jwt.PyJWTError) as error:
            must = "a JSON Web Key Set (RFC 7517), a public key in PEM, or a secret"
            raise ConfigError(where, got=path, must=must, fix=f"({error})") from error
        keys = {key.key_id: key.key for key in found.keys}
        if len(keys) < len(found.keys):
            must = "a set in which each key has a kid of its own"
            raise ConfigError(where, got=path, must=must, fix="Tokens choose by it.")
        return keys

    def _prepare(self, key: bytes, path: str, where: str) -> None:
        """See that each algorithm can use the key, now and not when the first token comes."""
        for name in self._rule.algorithms:
            if name.startswith("HS") and len(key) < _SHORTEST_SECRET:
                must = f"a secret of at least {_SHORTEST_SECRET} bytes"
                raise ConfigError(where, got=path, must=must, fix="A shorter one can be guessed.")
            try:
                self._jwt.get_algorithm_by_name(name).prepare_key(key)
            except (NotImplementedError, ValueError, TypeError, self._jwt.PyJWTError) as error:
                must = f"a key for {name}"
                raise ConfigError(where, got=path, must=must, fix=f"({error})") from error


def _library(where: str) -> ModuleType:
    try:
        import jwt
    except ImportError as error:
        fix = 'Install it with: pip install "hedgerow[auth]"'
        raise ConfigError(where, got="no package PyJWT", must="installed", fix=fix) from error
    return jwt
