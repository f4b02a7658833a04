"""Simulation files and result files: reading the one, writing the other."""

import functools
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hedgerow import units
from hedgerow.errors import ConfigError, StartError
from hedgerow.simulate import SimulationDocument, Table, read_table


def read_file(path: Path) -> Table:
    """Read a simulation file; raises ConfigError that names the setting."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(
            "simulation", got=str(path), must="a file that can be read", fix=f"({why})"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            "simulation", got=str(path), must="a TOML file", fix=f"({error})"
        ) from error
    return read_table(data, name=path.stem)


@functools.cache
def read_samples(name: str) -> Sequence[float]:
    """Read recorded latencies, one a line: durations, or seconds without a unit."""
    try:
        lines = Path(name).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"a file that can be read ({name})") from error
    return tuple(_seconds(word) for word in lines)


def write_result(document: SimulationDocument, where: str) -> None:
    """Write the result as JSON, to a file or to standard output."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
    if where == "-":
        sys.stdout.write(text)
        return
    try:
        Path(where).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StartError(
            f"--json {where}",
            got=error.strerror or "an error",
            must="a file that can be written",
            fix="Choose another place.",
        ) from error


def _seconds(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return units.parse_duration(word)
