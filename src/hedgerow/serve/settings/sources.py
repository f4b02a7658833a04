"""Where each value came from, and what errors call the place where it stands.

Must not know what the values mean.  A *path* is the way through the tree of settings
by TOML's names, such as ``("route", 1, "hedge", "delay")``; people read it as
``hedgerow.toml [route 2] hedge.delay``, or as ``--hedge-delay`` if it came from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from hedgerow.errors import ConfigError
from hedgerow.serve.settings.kinds import toml

Path = tuple[str | int, ...]

DEFAULT: Final = "default"
_LONGEST_SHOWN: Final = 100


class AsWritten:
    """A value that errors show as TOML has it, and shortened."""

    def __init__(self, text: str) -> None:
        self._text = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."

    @override
    def __str__(self) -> str:
        return self._text


#: What errors show where a value is missing.
NOTHING: Final = AsWritten("nothing")


class Sources:
    """The origin of every value that is not a default."""

    def __init__(self, file: str = "", flags: Mapping[Path, str] | None = None) -> None:
        """``flags`` says which flag each overridden value came from; the rest is ``file``'s."""
        self._file = file
        self._flags = dict(flags or {})
        self._given: set[Path] = set()
        self._short: set[Path] = set()

    def note(self, path: Path, *, short: bool = False) -> None:
        """Remember that something was given; ``short``: as one value instead of a table."""
        (self._short if short else self._given).add(path)

    def of(self, path: Path) -> str:
        """Return where a value came from: ``default``, the file's name, or a flag."""
        if path not in self._given:
            return DEFAULT
        return self._flag(path) or self._file

    def where(self, path: Path) -> str:
        """Return what an error calls a place."""
        flag = self._flag(path)
        if flag:
            return flag
        table, *keys = _table_and_keys(self._as_written(path))
        return " ".join(filter(None, (self._file, table, *keys)))

    def called(self, path: Path) -> str:
        """Return what to write to set this place: a flag, or a key."""
        return self._flag(path) or _table_and_keys(self._as_written(path))[-1]

    def _as_written(self, path: Path) -> Path:
        """Leave out the names that a short form stands for."""
        lengths = range(1, len(path) + 1)
        end = next((end for end in lengths if path[:end] in self._short), len(path))
        return path[:end] + path[end + 1 :]

    def _flag(self, path: Path) -> str:
        lengths = range(len(path), 0, -1)
        return next((self._flags[path[:end]] for end in lengths if path[:end] in self._flags), "")


@dataclass(frozen=True, slots=True)
class Place:
    """One place in the tree."""

    sources: Sources
    path: Path = ()

    def __truediv__(self, name: str | int) -> "Place":
        return Place(self.sources, (*self.path, name))

    def refuse(self, got: object, must: str, fix: str) -> ConfigError:
        """Make the error for a value that stands here; ``got`` as TOML gave it."""
        shown = got
        if not isinstance(got, (str, AsWritten)):
            shown = AsWritten(toml(got))
        elif isinstance(got, str) and len(got) > _LONGEST_SHOWN:
            shown = f"{got[:_LONGEST_SHOWN]}..."
        return ConfigError(self.sources.where(self.path), got=shown, must=must, fix=fix)


def _table_and_keys(path: Path) -> list[str]:
    """``[route 2]`` and ``hedge.delay``: the table as TOML has it, and the key in it.

    Where the key holds a list: ``[server]``, ``listen 2`` and ``tls.cert``, the key in that.
    """
    if path[0] == "route" and len(path) > 1 and isinstance(path[1], int):
        table, keys = f"[route {path[1] + 1}]", path[2:]
    elif path[0] == "upstream" and len(path) > 1:
        table, keys = f"[upstream.{path[1]}]", path[2:]
    elif path[:2] == ("server", "limits"):
        table, keys = "[server.limits]", path[2:]
    elif path[0] in ("server", "upstream", "route"):
        table, keys = f"[{path[0]}]", path[1:]
    else:
        table, keys = "", path
    parts, words = [table], list[str]()
    for key in keys:
        if isinstance(key, int):
            parts.append(f"{'.'.join(words)} {key + 1}")
            words = []
        else:
            words.append(key)
    return [*parts, ".".join(words)] if words or len(parts) == 1 else parts
