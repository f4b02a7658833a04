"""``hedgerow report``: results become a page, each alone or several over one another."""

import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from msgspec.structs import replace

from hedgerow.errors import ConfigError, StartError
from hedgerow.report.document import Document, read_documents
from hedgerow.report.find_document import FindDocument, decode_find, is_find
from hedgerow.report.page import find_page, page


def report(
    results: Annotated[
        list[Path] | None,
        Parameter(negative="", help="result files, or pages: what --json and --html wrote"),
    ] = None,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o", help="the page to write")] = Path("report.html"),
    title: Annotated[str | None, Parameter(alias="-T", help="its heading")] = None,
    open_: Annotated[
        bool, Parameter(name="--open", negative="", help="show it in a browser")
    ] = False,
) -> int:
    """One self-contained page from one result or several.

    One result is shown whole. Several are drawn over one another, a colour each,
    with their figures side by side; a search (hedgerow find) stands alone. A page
    holds its results, so pages can be given like result files. The page fetches
    nothing: send it to whom you like.

    For example:
        hedgerow report run.json -o run.html
        hedgerow report blocking.json async.json -T 'BLOCKING against ASYNC' --open
        hedgerow report monday.html tuesday.html -o week.html
    """
    if not results:
        raise ConfigError(
            "RESULT", got="", must="one result file or more", fix="hedgerow load --json writes one."
        )
    _refuse_to_overwrite(results, output)
    html, told = _page(results, title)
    try:
        output.write_text(html, encoding="utf-8")
    except OSError as error:
        raise StartError(
            f"--output {output}", got=str(error.strerror), must="a file that can be written",
            fix="Write elsewhere with -o.",
        ) from error  # fmt: skip
    sys.stdout.write(f"{output}: {told}\n")
    if open_:
        webbrowser.open(output.resolve().as_uri())
    return 0


def _page(results: Sequence[Path], title: str | None) -> tuple[str, str]:
    """Return the page, and what is on it."""
    if (search := _search(results)) is not None:
        return find_page(search, title=title), "one search"
    documents = _all_documents(results)
    runs = "one run" if len(documents) == 1 else f"{len(documents)} runs"
    return page(documents, title=title), runs


def _search(results: Sequence[Path]) -> FindDocument | None:
    """Return the search when that is what was given; it stands alone."""
    for path in results:
        try:
            data = path.read_bytes()
        except OSError:
            continue  # told when results are read
        if not is_find(data):
            continue
        if len(results) > 1:
            raise ConfigError(
                "RESULT",
                got=" ".join(map(str, results)),
                must=f"one file where it is a search, as {path} is",
                fix="Give it alone; hedgerow find --vary searches several servers at once.",
            )
        try:
            return decode_find(data)
        except ValueError as error:
            raise ConfigError(
                "RESULT",
                got=str(path),
                must="a file that hedgerow find --json or --html wrote",
                fix=f"({error})",
            ) from error
    return None


def _all_documents(paths: Sequence[Path]) -> list[Document]:
    """Read every result; among several, one without a name is called as its file is."""
    found = [(path, document) for path in paths for document in read_documents(path)]
    if len(found) == 1:
        return [found[0][1]]
    return [
        document if document.name else replace(document, name=path.stem) for path, document in found
    ]


def _refuse_to_overwrite(results: Sequence[Path], output: Path) -> None:
    for path in results:
        if path.resolve() == output.resolve():
            raise ConfigError(
                "--output",
                got=str(output),
                must="another file than the results that are read",
                fix="Give the page a name of its own with -o.",
            )
