"""The one request of a URL run, from its flags: method, fields, body.

Reads files and stdin where a flag says so.  What may stand in a request is the business of
``request_maker``, which is asked; must not know how requests are sent.  As with curl a body
makes a POST.
"""

import random
import re
import sys
import urllib.parse
from pathlib import Path
from typing import Final

from hedgerow.cli.load_flags import RequestFlags
from hedgerow.cli.load_values import count
from hedgerow.errors import ConfigError
from hedgerow.load.generator.request_maker import RequestMaker, basic_auth, read_url
from hedgerow.load.plan import RequestPlan
from hedgerow.workload.template import Draw, near_misses

Fields = tuple[tuple[str, str], ...]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: What stands in a template's braces must survive the encoding of a form.
_KEPT_IN_FORMS: Final = "{}:.|/"


def request_of(url: str, flags: RequestFlags) -> RequestPlan:
    """Read the flags; raises ConfigError for a request that cannot be sent."""
    whole = whole_url(url)
    body, content_type = _body(flags)
    fields = tuple(_field(text) for text in flags.headers)
    given = {name.lower() for name, _ in fields}
    ours = (("Content-Type", content_type), *_authorization(flags.auth))
    fields += tuple((name, text) for name, text in ours if text and name.lower() not in given)
    method = flags.method.upper() if flags.method else "POST" if body else "GET"
    request = RequestPlan(
        url=whole,
        label=f"{method} {read_url(whole).target.partition('?')[0]}",
        method=method,
        fields=fields,
        body=body,
        is_template=flags.template,
        follow=count("--follow", flags.follow, least=0) if flags.follow else 0,
    )
    RequestMaker(request, Draw(0, 1, random.Random(0)))  # refuses what cannot be sent
    return request


def whole_url(text: str) -> str:
    """Complete ``localhost:8080`` and ``:8080``; raises ConfigError for no URL at all."""
    whole = text.strip()
    if whole.startswith(":"):
        whole = f"127.0.0.1{whole}"
    if _SCHEME.match(whole) is None:
        whole = f"http://{whole}"
    read_url(whole)
    return whole


def doubtful_words(request: RequestPlan) -> dict[str, str]:
    """Find what is sent as it is and may have been meant as a template, and what was meant."""
    if not request.is_template:
        return {}
    found = near_misses(request.url) | near_misses(request.body)
    for _, value in request.fields:
        found |= near_misses(value)
    return found


def _field(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ConfigError("-H", got=text, must="'Name: value'", fix="Write -H 'Accept: text/html'.")
    return name.strip(), value.strip()


def _authorization(text: str | None) -> Fields:
    if text is None:
        return ()
    if ":" not in text:
        raise ConfigError("-a", got=text, must="user:password", fix=f"Write -a {text}:password.")
    return (basic_auth(text),)


# --- the body ---


def _body(flags: RequestFlags) -> tuple[bytes, str]:
    """Return the body and the type that goes with it, if a flag says which."""
    kinds = {"-b": flags.body, "--json-body": flags.json_body, "--form": flags.form or None}
    given = [flag for flag, value in kinds.items() if value is not None]
    if len(given) > 1:
        raise ConfigError(
            given[1], got="set", must=f"given without {given[0]}", fix="Keep one of them."
        )
    if flags.form:
        safe = _KEPT_IN_FORMS if flags.template else ""
        pairs = urllib.parse.urlencode([_pair(text) for text in flags.form], safe=safe)
        return pairs.encode(), "application/x-www-form-urlencoded"
    if flags.json_body is not None:
        return _text_or_file("--json-body", flags.json_body), "application/json"
    return (b"" if flags.body is None else _text_or_file("-b", flags.body)), ""


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError("--form", got=text, must="name=value", fix=f"Write {text}=1.")
    return name, value


def _text_or_file(flag: str, text: str) -> bytes:
    if text == "-":
        return sys.stdin.buffer.read()
    if not text.startswith("@"):
        return text.encode()
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        raise ConfigError(
            flag, got=text, must="@ and a file that can be read", fix=f"({error.strerror})"
        ) from None
