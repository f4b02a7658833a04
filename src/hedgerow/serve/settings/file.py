"""A settings file as TOML's own tables, or an error that says where it is broken.

Must not know any setting.  What the operating system refuses is a StartError; what is
in the file is a ConfigError with its line.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from hedgerow.errors import ConfigError, StartError
from hedgerow.serve.settings.kinds import nearest
from hedgerow.serve.settings.sources import AsWritten

#: How tomllib ends its messages; only Python 3.14 has the numbers as attributes.
_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE: Final = ("Cannot overwrite", "Cannot declare", "Duplicate inline table key")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file."""
    return parse_toml(_read(path), str(path))


def parse_toml(data: bytes, name: str) -> dict[str, Any]:
    """Parse UTF-8, with or without a byte order mark; errors call the file ``name``."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        got = AsWritten(f"byte 0x{error.object[error.start]:02x}")
        fix = "Save the file as UTF-8."
        raise ConfigError(f"{name} line {line}", got=got, must="UTF-8", fix=fix) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(name, text, str(error)) from error
    except (ValueError, RecursionError) as error:
        # A number with thousands of digits, or brackets nested as deep.
        got = AsWritten("more than the parser takes")
        fix = f"Make it simpler. ({error})"
        raise ConfigError(name, got=got, must="TOML of a sane size", fix=fix) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        near = nearest(path.name, [file.name for file in path.parent.glob("*.toml")])
        fix = f"Did you mean {path.with_name(near)}?" if near else "Check the path after -c."
        raise StartError(str(path), got="missing", must="a settings file", fix=fix) from error
    except IsADirectoryError as error:
        fix = f"Write for example -c {path / 'hedgerow.toml'}."
        raise StartError(str(path), got="a directory", must="a settings file", fix=fix) from error
    except OSError as error:
        fix = "Check the path after -c and its permissions."
        got = error.strerror or str(error)
        raise StartError(str(path), got=got, must="a file that can be read", fix=fix) from error


def _syntax_error(name: str, text: str, message: str) -> ConfigError:
    lines = text.splitlines() or [""]
    match = _POSITION.search(message)
    problem = message[: match.start()] if match else message
    if match and match[1]:
        line, column = int(match[1]), int(match[2])
        where = f"{name} line {line}, column {column}"
        shown = lines[min(line, len(lines)) - 1].strip()
    else:
        where, shown = f"{name} line {len(lines)}", lines[-1].strip()
    if problem.startswith(_TWICE):
        return ConfigError(where, got=shown, must="there only once", fix=f"Remove one. ({problem})")
    return ConfigError(where, got=shown, must="valid TOML", fix=f"{problem}.")
