"""What can be set about who may come in, and what every answer carries.

Declarations only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from typing_extensions import override

from hedgerow.serve.settings.fields import About, Record
from hedgerow.serve.settings.kinds import DURATION, SWITCH, TEXT, choice, list_of
from hedgerow.serve.settings.names import (
    FIELD_LIST,
    FIELD_NAME,
    FIELDS,
    FILE,
    METHOD_LIST,
    ORIGINS,
    REALM,
)

_ALGORITHM = choice(
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "HS256", "HS384", "HS512",
)  # fmt: skip


class Jwt(Record, frozen=True, kw_only=True):
    """Signed tokens that clients bring in Authorization: Bearer (RFC 6750, RFC 7519)."""

    SHORT: ClassVar[str] = "a file"
    EXAMPLE: ClassVar[str] = '{key = "public.pem", audience = "shop"}'

    key: Annotated[
        str,
        FILE,
        About("a public key in PEM, a set of keys (JWKS, RFC 7517), or a shared secret"),
    ]
    algorithms: Annotated[
        tuple[str, ...],
        list_of(_ALGORITHM, "algorithms"),
        About("how tokens may be signed; nothing else is believed"),
    ] = ("RS256",)
    issuer: Annotated[str | None, TEXT, About("who must have issued them", default="any")] = None
    audience: Annotated[
        str | None, TEXT, About("whom they must be meant for", default="anybody")
    ] = None
    leeway: Annotated[
        float, DURATION, About("how far clocks may differ", at_least=0, at_most=600)
    ] = 30.0

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        return {"key": value} if isinstance(value, str) else None


class Auth(Record, frozen=True, kw_only=True):
    """Who may come in: a user with a password, or whoever brings a signed token."""

    EXAMPLE: ClassVar[str] = '{basic = "users.htpasswd"}'

    basic: Annotated[
        str | None,
        FILE,
        About("a file of users and bcrypt hashes, as htpasswd -B makes it", default="none"),
    ] = None
    jwt: Annotated[
        Jwt | None, About("the keys of signed tokens: a file, or a table", default="none")
    ] = None
    realm: Annotated[str, REALM, About("what browsers call it when they ask for a password")] = (
        "hedgerow"
    )
    user_field: Annotated[
        str | None,
        FIELD_NAME,
        About(
            "the field that tells the upstream who it is; a client's own is left out",
            default="none",
        ),
    ] = None


class Cors(Record, frozen=True, kw_only=True):
    """What pages of other origins may do (CORS, in the Fetch standard)."""

    SHORT: ClassVar[str] = 'a list of origins, "*"'
    EXAMPLE: ClassVar[str] = '["https://app.example.com"]'

    origins: Annotated[
        tuple[str, ...], ORIGINS, About('whose pages: https://app.example.com, or "*" for all')
    ]
    methods: Annotated[tuple[str, ...], METHOD_LIST, About("the methods that they may use")] = (
        "GET",
        "HEAD",
        "POST",
    )
    headers: Annotated[
        tuple[str, ...] | None,
        FIELD_LIST,
        About('the fields that they may send; "*" for any', default="those that need no leave"),
    ] = None
    expose: Annotated[
        tuple[str, ...] | None,
        FIELD_LIST,
        About("the fields of answers that they may read", default="those that need no leave"),
    ] = None
    credentials: Annotated[
        bool, SWITCH, About("whether they may send cookies and passwords of the user")
    ] = False
    max_age: Annotated[
        float,
        DURATION,
        About("how long browsers may remember that they may", at_least=0, at_most=86_400),
    ] = 600.0

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        if isinstance(value, str):
            return {"origins": [value]}
        return {"origins": value} if isinstance(value, list) else None


class AnswerFields(Record, frozen=True, kw_only=True):
    """What is done to the head of every answer of a route."""

    EXAMPLE: ClassVar[str] = '{put = {X-Frame-Options = "DENY"}, remove = ["Server"]}'

    put: Annotated[
        Mapping[str, str] | None,
        FIELDS,
        About("fields that every answer has, in place of its own", default="none"),
    ] = None
    add: Annotated[
        Mapping[str, str] | None,
        FIELDS,
        About("fields that every answer has, beside its own", default="none"),
    ] = None
    remove: Annotated[
        tuple[str, ...] | None, FIELD_LIST, About("fields that no answer has", default="none")
    ] = None
