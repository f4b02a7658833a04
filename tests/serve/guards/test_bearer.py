"""Signed tokens, made by the same library that verifies them, and forged by hand."""

import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hedgerow.errors import ConfigError
from hedgerow.serve.guards.bearer import TokenRule, TokenVerifier

SECRET = "a shared secret that is long enough to be one"
LATER = 4_000_000_000.0
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


def public(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem: bytes = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    return pem.decode()


def verifier(tmp_path: Path, text: str, *algorithms: str, **rule: Any) -> TokenVerifier:
    path = tmp_path / "key"
    path.write_text(text)
    return TokenVerifier(TokenRule(algorithms or ("ES256",), **rule), str(path), "here")


def token(key: Any = KEY, algorithm: str = "ES256", kid: str | None = None, **claims: Any) -> bytes:
    claims = {"sub": "ann", "exp": LATER} | claims
    headers = {"kid": kid} if kid is not None else None
    return b"Bearer " + jwt.encode(claims, key, algorithm, headers=headers).encode()


class TestToken:
    def test_says_who_it_is_and_until_when(self, tmp_path: Path) -> None:
        found = verifier(tmp_path, public(KEY), leeway=10.0).verify(token())
        assert found == ("ann", LATER + 10.0)

    def test_may_be_signed_with_a_shared_secret(self, tmp_path: Path) -> None:
        found = verifier(tmp_path, SECRET, "HS256").verify(token(SECRET, "HS256"))
        assert found is not None
        assert found.subject == "ann"

    def test_may_be_signed_with_one_of_a_set_of_keys(self, tmp_path: Path) -> None:
        keys = []
        for kid, key in (("one", KEY), ("two", OTHER)):
            entry = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
            keys.append({**entry, "kid": kid, "alg": "ES256", "use": "sig"})
        guard = verifier(tmp_path, json.dumps({"keys": keys}))
        assert guard.verify(token(OTHER, kid="two")) is not None
        assert guard.verify(token(OTHER, kid="one")) is None
        assert guard.verify(token(OTHER, kid="three")) is None

    @pytest.mark.parametrize(
        "field",
        [
            b"",
            b"Bearer",
            b"Bearer a.b.c",
            b"Bearer \xff",
            b"Basic YTpi",
            b"Bearer " + b"x" * 20_000,
        ],
        ids=["none", "empty", "not signed", "not ASCII", "another scheme", "too long"],
    )
    def test_is_none_where_the_field_is_something_else(self, tmp_path: Path, field: bytes) -> None:
        assert verifier(tmp_path, public(KEY)).verify(field) is None

    def test_of_another_key_is_not_good(self, tmp_path: Path) -> None:
        assert verifier(tmp_path, public(KEY)).verify(token(OTHER)) is None

    def test_that_has_expired_is_not_good(self, tmp_path: Path) -> None:
        assert verifier(tmp_path, public(KEY)).verify(token(exp=1_000_000_000)) is None

    def test_that_never_expires_is_not_good(self, tmp_path: Path) -> None:
        forever = b"Bearer " + jwt.encode({"sub": "ann"}, KEY, "ES256").encode()
        assert verifier(tmp_path, public(KEY)).verify(forever) is None

    def test_without_a_signature_is_not_good(self, tmp_path: Path) -> None:
        parts = [{"alg": "none", "typ": "JWT"}, {"sub": "ann", "exp": LATER}]
        coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
        assert verifier(tmp_path, public(KEY)).verify(b"Bearer " + b".".join(coded) + b".") is None

    def test_is_for_whom_it_is_meant(self, tmp_path: Path) -> None:
        guard = verifier(tmp_path, public(KEY), audience="shop", issuer="us")
        assert guard.verify(token(aud="shop", iss="us")) is not None
        assert guard.verify(token(aud="bank", iss="us")) is None
        assert guard.verify(token(aud="shop", iss="them")) is None
        assert guard.verify(token(iss="us")) is None


class TestKey:
    @pytest.mark.parametrize("text", ["{", '{"keys": []}', "no key"])
    def test_that_is_none_is_told_at_the_start(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(ConfigError, match="here"):
            verifier(tmp_path, text)

    def test_that_is_too_short_is_told_at_the_start(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="at least 32 bytes"):
            verifier(tmp_path, "secret", "HS256")

    def test_that_nobody_could_choose_is_told_at_the_start(self, tmp_path: Path) -> None:
        entry = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
        with pytest.raises(ConfigError, match="a kid of its own"):
            verifier(tmp_path, json.dumps({"keys": [entry, entry]}))

    def test_of_another_kind_is_told_at_the_start(self, tmp_path: Path) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        with pytest.raises(ConfigError, match="a key for ES256"):
            verifier(tmp_path, public(key))

    def test_that_is_public_is_no_shared_secret(self, tmp_path: Path) -> None:
        """Else everybody could sign: RFC 8725 section 2.1."""
        with pytest.raises(ConfigError, match="a key for HS256"):
            verifier(tmp_path, public(KEY), "HS256")
