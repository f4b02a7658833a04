"""The page's style sheet and scripts, which travel inside the package and inside each page."""

import base64
import functools
import hashlib
from importlib import resources
from typing import Final

from hedgerow.report.page.markup import Html, tag

_SCRIPTS: Final = ("uPlot.iife.min.js", "page.js", "charts.js")


@functools.cache
def _text(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text(encoding="utf-8").strip()


def styles() -> Html:
    """Return the style sheets: uPlot's and our own."""
    return tag("style", Html(f"\n{_text('uPlot.min.css')}\n{_text('page.css')}\n"))


def scripts() -> list[Html]:
    """Return the scripts: uPlot with its licence, and our own."""
    return [tag("script", Html(script)) for script in _script_texts()]


def policy() -> Html:
    """Forbids the page everything but these very scripts: no network, no foreign script."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in _script_texts())
    rules = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {hashes}"
    return tag("meta", http_equiv="Content-Security-Policy", content=rules)


@functools.cache
def _script_texts() -> tuple[str, ...]:
    licence = f"/*!\n{_text('uPlot.LICENSE.txt')}\n*/\n"
    return tuple(
        "\n" + (licence if name.startswith("uPlot") else "") + _text(name) + "\n"
        for name in _SCRIPTS
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
