"""How a result looks in a terminal: its width, its signs, and texts that cannot harm it.

The small things that every part of the text shares.  Must not know what is shown.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from rich.text import Text

HEADING: Final = "bold"
GOOD: Final = "green"
BAD: Final = "bold red"
DOUBTFUL: Final = "bold yellow"
ASIDE: Final = "dim"


class Look(NamedTuple):
    """A terminal's width in columns, and the signs that it can show."""

    width: int = 100
    passed: str = "✓"
    broken: str = "✗"
    bar: str = "■"
    ellipsis: str = "…"


def look(*, width: int, unicode: bool) -> Look:
    """Choose the signs."""
    return Look(width) if unicode else Look(width, "[ok]", "[FAILED]", "#", "...")


def safe(text: str) -> str:
    """Return a foreign text on one line: what could steer a terminal is told as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def cut(text: str, width: int, sign: Look) -> str:
    """Shorten a text to ``width`` columns, and show that it was."""
    if len(text) <= width:
        return text
    return text[: max(0, width - len(sign.ellipsis))] + sign.ellipsis


def line(text: str = "", style: str = "") -> Text:
    """Make one line; nothing in it is read as markup."""
    return Text(text, style=style)


def named(name: str, value: str) -> Text:
    """Make a line of the summary block: ``  Name:      value``."""
    return Text(f"  {name + ':':<15} {value}")


def number(count: int, of: str) -> str:
    """Count things: ``1 user``, ``2 users``."""
    return f"{count} {of}" if count == 1 else f"{count} {of}s"


def columns(rows: Sequence[Sequence[str]], *, gap: int = 2) -> list[str]:
    """Align cells: the first column to the left, the others to the right."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [
        (" " * gap).join(_padded(row, widths)).rstrip()  # the last column may be empty
        for row in rows
    ]


def _padded(row: Sequence[str], widths: Iterable[int]) -> list[str]:
    return [
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
