"""The kinds of values for processes and what they share.

How many workers there are (``4``, ``"auto"`` or ``"2..8"``), and the permissions of a path.
Must not know how many processors there are: ``auto`` stays what it is.
"""

import re
from typing import Final, NamedTuple

from hedgerow.serve.settings.kinds import Kind, Refused, toml

#: More processes than any machine has processors.
MOST: Final = 1024
_RANGE: Final = re.compile(r"(\d{1,4})\.\.(\d{1,4})")


class WorkerCount(NamedTuple):
    """At least and at most so many processes; both 0: as many as there are processors."""

    least: int
    most: int
    is_range: bool = False  # by which it was written

    @property
    def is_auto(self) -> bool:
        return self.least == 0

    @property
    def needs_supervisor(self) -> bool:
        """Whether somebody looks after them; one alone is looked after where a range says so."""
        return self.is_range or self.least != 1


ONE: Final = WorkerCount(1, 1)


def _read(value: object) -> WorkerCount:
    if value == "auto":
        return WorkerCount(0, 0)
    must = f'a number of processes from 1 to {MOST}, "auto", or a range such as "2..8"'
    if isinstance(value, str):
        found = _RANGE.fullmatch(value)
        if found is None:
            raise Refused(must, f"Write {value}, without quotes." if value.isdecimal() else "")
        least, most, is_range = int(found[1]), int(found[2]), True
    elif type(value) is int:
        least, most, is_range = value, value, False
    else:
        raise Refused(must)
    if not 1 <= least <= most <= MOST:
        raise Refused(must)
    return WorkerCount(least, most, is_range)


def _write(count: WorkerCount) -> str:
    if count.is_auto:
        return toml("auto")
    return toml(f"{count.least}..{count.most}") if count.is_range else str(count.least)


def _from_word(word: str) -> object:
    return int(word) if word.isascii() and word.isdecimal() and len(word) <= 18 else word


WORKERS: Final = Kind('whole number, "auto" or a range', "4", _read, _write, _from_word)


def _read_mode(value: object) -> int:
    if not isinstance(value, str) or _MODE_FORM.fullmatch(value) is None:
        raise Refused('permissions in octal and in quotes, such as "0660"')
    return int(value, 8)


def _write_mode(mode: int | None) -> str:
    return toml("off" if mode is None else f"0{mode:o}")


_MODE_FORM: Final = re.compile(r"0?[0-7]{3}")
MODE: Final = Kind("octal number", '"0660"', _read_mode, _write_mode)
