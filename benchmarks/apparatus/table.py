"""Columns of plain text: read in a terminal, pasted in a review, grepped in a log."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """First column to the left, all others to the right."""
    widths = [max(len(line[at]) for line in (header, *rows)) for at in range(len(header))]
    lines = [_line(header, widths), "  ".join("-" * width for width in widths)]
    return "\n".join([*lines, *(_line(row, widths) for row in rows)])


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give the same as a Markdown table, for the documentation."""
    aligned = [":--", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, aligned, *rows))


def facts(title: str, known: dict[str, str]) -> str:
    """A title and one indented line a fact."""
    width = max(len(name) for name in known)
    return "\n".join([title, *(f"  {name:{width}}  {value}" for name, value in known.items())])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.ljust(width) if at == 0 else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *rest]).rstrip()
