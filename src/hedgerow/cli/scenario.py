"""``hedgerow scenario``: what people have at hand, a curl command or a recording, as a scenario.

Reads files and standard input; what is made of them is ``load.imports``' work.
"""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hedgerow.errors import ConfigError, StartError
from hedgerow.load.imports.curl import CurlCommand, parse_curl
from hedgerow.load.imports.har import parse_har
from hedgerow.load.imports.script import write_scenario
from hedgerow.load.imports.shell import shell_words
from hedgerow.load.imports.step import Step
from hedgerow.load.plan import Connecting
from hedgerow.units import format_duration

_STDIN: Final = "-"
_NEEDED: Final = "a HAR file, a curl command, or - for one of them on standard input"


def scenario(
    *source: Annotated[str, Parameter(help=_NEEDED, allow_leading_hyphen=True, show_default=False)],
    output: Annotated[
        str | None, Parameter(alias="-o", help="write to this file; without it to standard output")
    ] = None,
    host: Annotated[
        tuple[str, ...],
        Parameter(
            help="of a recording, keep requests to this host and below; again for more, or all "
            "[default: the host of the first request]",
            show_default=False,
            negative=(),
        ),
    ] = (),
    no_static: Annotated[
        bool,
        Parameter(
            help="of a recording, leave out images, scripts, styles, fonts",
            show_default=False,
            negative=(),
        ),
    ] = False,
) -> int:
    """Turn a curl command or a HAR file into a scenario.

    A scenario is a Python file that hedgerow load plays. Everything after the
    word curl is curl's: paste the command as the browser copied it, as words, in
    quotes, or on standard input.

    For example:
        hedgerow scenario shop.har -o shop.py --no-static
        hedgerow scenario curl https://shop.example/cart -H 'Accept: text/html'
        hedgerow scenario -o cart.py "curl https://shop.example/cart -d id=1"
        pbpaste | hedgerow scenario - -o shop.py
    """
    if not source:
        raise ConfigError("FILE", got="nothing", must=_NEEDED, fix="See hedgerow scenario --help.")
    words = list(source)
    play = f"Play it: hedgerow load {shlex.quote(output or 'FILE')}"
    if words[0] == "curl":
        text = _from_curl(words, play)
    elif len(words) > 1 or (words[0].startswith("-") and words[0] != _STDIN):
        raise _unexpected(words)
    elif words[0].split(maxsplit=1)[:1] == ["curl"]:
        text = _from_curl(shell_words(words[0]), play)
    else:
        text = _from_file(words[0], play, hosts=host, static=not no_static)
    _write(text, output)
    return 0


def _from_curl(words: list[str], play: str) -> str:
    command = parse_curl(words, _read)
    for note in command.notes:
        _say(note)
    options: dict[str, object] = {}
    if command.timeout is not None:
        options["timeout"] = format_duration(command.timeout)
    if not command.connecting.verify:
        options["insecure"] = True
    if not command.connecting.keep_alive:
        options["no_keepalive"] = True
    title = f"Made from a curl command. {play} {_flags(command)}-u 10 -d 30s"
    return write_scenario([Step(request=command.request)], title=title, options=options)


def _flags(command: CurlCommand) -> str:
    """What a scenario has no words for, as flags of hedgerow load; each with a space after it."""
    connecting = command.connecting
    flags = [
        "--connect-to " + shlex.quote(f"{_bracketed(given)}={other}")
        for given, other in connecting.connect_to
    ]
    if connecting.unix is not None:
        flags.append(f"--unix {shlex.quote(connecting.unix)}")
    if connecting.ca_file is not None:
        flags.append(f"--ca-file {shlex.quote(connecting.ca_file)}")
    if connecting.connect_timeout != Connecting().connect_timeout:
        flags.append(f"--connect-timeout {format_duration(connecting.connect_timeout)}")
    return "".join(f"{flag} " for flag in flags)


def _bracketed(place: str) -> str:
    """Write an IPv6 address and its port as a URL has them."""
    host, _, port = place.rpartition(":")
    return f"[{host}]:{port}" if ":" in host else place


def _from_file(name: str, play: str, *, hosts: tuple[str, ...], static: bool) -> str:
    data = _read(name)
    if data.split(maxsplit=1)[:1] == [b"curl"]:
        return _from_curl(shell_words(data.decode("utf-8", "replace")), play)
    recording = parse_har(data, hosts=hosts, static=static)
    for other, count in recording.other_hosts.items():
        _say(f"left out: {count} to {other} (--host {other} keeps it, --host all keeps all)")
    shown = "a recording" if name == _STDIN else Path(name).name
    return write_scenario(recording.steps, title=f"Made from {shown}. {play} -u 10 -d 30s")


def _read(name: str) -> bytes:
    if name == _STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise ConfigError(
            "file", got=name, must="a file that can be read", fix=f"({error.strerror})"
        ) from error


def _write(text: str, output: str | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StartError(
            output, got=error.strerror or "an error", must="written", fix="Choose another place."
        ) from error
    _say(f"wrote {output}")


def _unexpected(words: list[str]) -> ConfigError:
    flags = [word for word in words if word.startswith("-") and word != _STDIN]
    return ConfigError(
        "hedgerow scenario",
        got=(flags or words[1:])[0],
        must="one file, and flags that there are",
        fix="There are -o, --host and --no-static; curl's own flags come after the word curl.",
    )


def _say(text: str) -> None:
    sys.stderr.write(f"hedgerow: {text}\n")
