"""Tables: a caption, a head, a body that can be sorted, and rows at the foot that stay there.

Every table scrolls in a box of its own, so that a narrow screen never scrolls as a whole.
Must not know what is in them.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from hedgerow.report.page.markup import Child, Html, joined, tag


class Cell(NamedTuple):
    """What is shown, and the number it is sorted by."""

    shown: Child
    key: float | None = None


Content: TypeAlias = "Child | Cell"


class Column(NamedTuple):
    """A column's head; figures stand to the right, words to the left."""

    title: str
    is_figure: bool = True


def words(*titles: str) -> list[Column]:
    """Columns of words."""
    return [Column(title, is_figure=False) for title in titles]


def run_column(runs: int) -> list[Column]:
    """The column of the runs' names; none where there is one run."""
    return words("Run") if runs > 1 else []


def figures(*titles: str) -> list[Column]:
    """Columns of figures."""
    return [Column(title) for title in titles]


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Content]],
    *,
    foot: Sequence[Sequence[Content]] = (),
    sortable: bool = False,
) -> Html:
    """One table in its box; the first cell of a row is the row's head."""
    head = tag("tr", *(_head(column) for column in columns))
    parts = [
        tag("caption", caption),
        tag("thead", head),
        tag("tbody", *(_row(columns, row) for row in rows)),
    ]
    if foot:
        parts.append(tag("tfoot", *(_row(columns, row) for row in foot)))
    whole = tag("table", *parts, data_sortable=sortable)
    return tag("div", whole, class_="scroll", role="region", tabindex="0", aria_label=caption)


def facts(pairs: Sequence[tuple[str, Child]]) -> Html:
    """Names with their values; those without a value are left out."""
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value]
    return tag("dl", *shown, class_="facts")


def _head(column: Column) -> Html:
    return tag("th", column.title, scope="col", class_="figure" if column.is_figure else None)


def _row(columns: Sequence[Column], row: Sequence[Content]) -> Html:
    cells = []
    for number, (column, content) in enumerate(zip(columns, row, strict=True)):
        shown, key = content if isinstance(content, Cell) else (content, None)
        cells.append(
            tag(
                "td" if number else "th",
                shown,
                scope=None if number else "row",
                class_="figure" if column.is_figure else None,
                data_key=None if key is None else f"{key:.9g}",
            )
        )
    return tag("tr", joined(*cells))
