"""What makes an answer good and how connections are made, from their flags.

Must not know what is sent, nor when.
"""

import re
from pathlib import Path
from typing import Final

from hedgerow.cli.load_flags import ConnectionFlags, JudgingFlags
from hedgerow.cli.load_values import positive_duration
from hedgerow.errors import ConfigError
from hedgerow.load.plan import Connecting, Expectation
from hedgerow.load.scenario.options import ScenarioDefaults

_STATUS: Final = re.compile(r"[1-5]\d\d|[1-5]xx|[1-5]\d\d-[1-5]\d\d")
_HOST: Final = r"(\[[^]]*\]|[^:=\[\]]*)"
_CURLS: Final = re.compile(rf"{_HOST}:(\d*):{_HOST}:(\d*)")
_OURS: Final = re.compile(rf"(?:{_HOST}:(\d+))?=(?:{_HOST}:(\d+))")


def expectation_of(flags: JudgingFlags) -> Expectation:
    """Read the flags; raises ConfigError."""
    return Expectation(
        status=_statuses(flags.expect_status),
        body=_pattern(flags.expect_body),
        json=tuple(_json(text) for text in flags.expect_json),
    )


def connecting_of(flags: ConnectionFlags, options: ScenarioDefaults) -> Connecting:
    """Read the flags; raises ConfigError."""
    insecure = flags.insecure or (options.insecure and flags.ca_file is None)
    if flags.insecure and flags.ca_file is not None:
        raise ConfigError(
            "--ca-file", got=flags.ca_file, must="given without -k", fix="-k trusts everybody."
        )
    limit = flags.connect_timeout
    return Connecting(
        connect_to=tuple(_redirection(text) for text in flags.connect_to),
        unix=flags.unix,
        verify=not insecure,
        ca_file=_ca_file(flags.ca_file),
        keep_alive=not (flags.no_keepalive or options.no_keepalive),
        connect_timeout=5.0 if limit is None else positive_duration("--connect-timeout", limit),
    )


# --- answers ---


def _statuses(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    words = tuple(word.strip().lower() for word in text.split(","))
    for word in words:
        if _STATUS.fullmatch(word) is None:
            raise ConfigError(
                "--expect-status",
                got=text,
                must="statuses, classes or ranges with commas between them",
                fix="Write --expect-status 200,3xx,404-410.",
            )
    return words


def _pattern(text: str | None) -> str | None:
    if text is not None:
        try:
            re.compile(text)
        except re.error as error:
            raise ConfigError(
                "--expect-body", got=text, must="a regular expression", fix=f"({error})"
            ) from None
    return text


def _json(text: str) -> str:
    path, equals, value = text.partition("==")
    if not path.strip() or (equals and not value.strip()):
        raise ConfigError(
            "--expect-json",
            got=text,
            must="'path.to.value', or 'path == value'",
            fix="Write --expect-json 'status == \"ok\"'.",
        )
    return text.strip()


# --- connections ---


def _redirection(text: str) -> tuple[str, str]:
    """Read ``HOST:PORT=OTHER:PORT``, or curl's form, in which the other parts may be empty."""
    if ours := _OURS.fullmatch(text):
        host, port, other, other_port = ours.groups()
    elif curls := _CURLS.fullmatch(text):
        host, port, other, other_port = curls.groups()
    else:
        raise _not_a_redirection(text)
    if bool(host) != bool(port):
        raise _not_a_redirection(text)
    if not port and not (other and other_port):
        raise _not_a_redirection(text)
    # Names are compared as they are connected to: addresses without their brackets.
    given = f"{host.strip('[]')}:{port}" if port else ""
    return given, f"{other or host}:{other_port or port}"


def _not_a_redirection(text: str) -> ConfigError:
    return ConfigError(
        "--connect-to",
        got=text,
        must="HOST:PORT=OTHER:PORT or HOST:PORT:OTHER:PORT, the first HOST:PORT whole or empty",
        fix="Write --connect-to api.example:443=127.0.0.1:8443.",
    )


def _ca_file(text: str | None) -> str | None:
    if text is not None and not Path(text).is_file():
        raise ConfigError("--ca-file", got=text, must="a PEM file", fix="There is none.")
    return text
