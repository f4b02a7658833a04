"""A directory's listing, as a page for people.

Draws; must not know the disk.  One file of HTML without scripts, in the colours that the reader's
system prefers; names are escaped for where they stand.
"""

import datetime
import html
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.units import format_size

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8883; --quiet: #777; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.2rem; font-weight: 600; overflow-wrap: anywhere; }
h1 a { color: inherit; text-decoration: none; } h1 a:hover { text-decoration: underline; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th { font-weight: 500; color: var(--quiet); font-size: .85rem; }
td:first-child { overflow-wrap: anywhere; } td a { text-decoration: none; }
td a:hover { text-decoration: underline; }
.n { text-align: right; white-space: nowrap; color: var(--quiet); }
tr:hover td { background: #8881; }
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a listing."""

    name: bytes
    is_directory: bool
    size: int
    modified_at: float  # seconds since 1970


def page(path: bytes, entries: Sequence[Entry], *, is_top: bool) -> bytes:
    """Return the page of a directory whose path, escapes included, is ``path``.

    ``is_top``: nothing above it belongs to it.
    """
    shown = html.escape(urllib.parse.unquote(path.decode("latin-1"), errors="replace"))
    ordered = sorted(entries, key=lambda entry: (not entry.is_directory, entry.name.lower()))
    rows = "".join(_row(entry) for entry in ordered)
    up = "" if is_top else '<tr><td><a href="../">../</a></td><td></td><td></td></tr>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{shown}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{_crumbs(path)}</h1>"
        "<table><thead><tr><th>Name</th><th class=n>Size</th><th class=n>Changed (UTC)</th></tr>"
        f"</thead><tbody>{up}{rows}</tbody></table></body></html>"
    ).encode()


def _crumbs(path: bytes) -> str:
    """Link each directory on the way."""
    parts = [part for part in path.decode("latin-1").split("/") if part]
    pieces = ['<a href="/">/</a>']
    for number, part in enumerate(parts, 1):
        href = html.escape("/" + "/".join(parts[:number]) + "/", quote=True)
        text = html.escape(urllib.parse.unquote(part, errors="replace"))
        pieces.append(f'<a href="{href}">{text}</a>/')
    return " ".join(pieces)


def _row(entry: Entry) -> str:
    slash = "/" if entry.is_directory else ""
    # A name like "a:b" would be taken for a URL with a scheme; "./" says that it is none.
    href = "./" + urllib.parse.quote(entry.name) + slash
    text = html.escape(entry.name.decode("utf-8", "replace")) + slash
    size = "" if entry.is_directory else format_size(entry.size)
    changed = datetime.datetime.fromtimestamp(entry.modified_at, datetime.UTC)
    when = changed.strftime("%Y-%m-%d %H:%M")
    return (
        f'<tr><td><a href="{html.escape(href, quote=True)}">{text}</a></td>'
        f"<td class=n>{size}</td><td class=n>{when}</td></tr>"
    )


def as_json(entries: Iterable[Entry]) -> list[dict[str, object]]:
    """Return the same for programs."""
    return [
        {
            "name": entry.name.decode("utf-8", "replace"),
            "type": "directory" if entry.is_directory else "file",
            "size": entry.size,
            "modified": datetime.datetime.fromtimestamp(
                int(entry.modified_at), datetime.UTC
            ).isoformat(),
        }
        for entry in sorted(entries, key=lambda entry: (not entry.is_directory, entry.name))
    ]
