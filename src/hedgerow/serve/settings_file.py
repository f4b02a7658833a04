"""A settings file as TOML's own tables, or an error that says where it is broken.

Must not know any setting.  What the operating system refuses is a StartError; what is
in the file is a ConfigError with its line.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from hedgerow.errors import ConfigError, StartError
from hedgerow.serve.settings_kinds import nearest
from hedgerow.serve.settings_sources import AsWritten

#: How tomllib ends its messages; only Python 3.14 has the numbers as attributes.
_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE: Final = ("Cannot overwrite", "Cannot declare", "Duplicate inline table key")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file, UTF-8 with or without a byte order mark."""
    data = _read(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path} line {line}",
            got=AsWritten(f"byte 0x{data[error.start]:02x}"),
            must="UTF-8",
            fix="Save the file as UTF-8.",
        ) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, str(error)) from error
    except (ValueError, RecursionError) as error:
        # A number with thousands of digits, or brackets nested as deep.
        raise ConfigError(
            str(path),
            got=AsWritten("too much for the parser"),
            must="TOML that a person could write",
            fix=f"({error})",
        ) from error


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


def _syntax_error(path: Path, text: str, message: str) -> ConfigError:
    lines = text.splitlines() or [""]
    match = _POSITION.search(message)
    problem = message[: match.start()] if match else message
    if match and match[1]:
        line, column = int(match[1]), int(match[2])
        where = f"{path} line {line}, column {column}"
        shown = lines[min(line, len(lines)) - 1].strip()
    else:
        where, shown = f"{path} line {len(lines)}", lines[-1].strip()
    if problem.startswith(_TWICE):
        return ConfigError(
            where, got=AsWritten(shown), must="there only once", fix=f"Remove one. ({problem})"
        )
    return ConfigError(where, got=AsWritten(shown), must="valid TOML", fix=f"{problem}.")
