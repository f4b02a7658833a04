"""HTML that cannot be broken by what is shown in it.

A plain string is text and is escaped; only :class:`Html` is taken as it is, and only
:func:`tag` and the page's own assets make it.  Must not know what a page is about.
"""

import html
from typing import Final, TypeAlias

Child: TypeAlias = "str | Html | None"
_VOID: Final = frozenset({"br", "input", "link", "meta"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """Return what shows this text, inside an element or a quoted attribute."""
    return text if isinstance(text, Html) else Html(html.escape(text))


def tag(_name: str, *children: Child, **attributes: str | bool | None) -> Html:
    """One element; ``class_`` is the attribute class, ``data_x`` is data-x; None is left out."""
    words = [_name]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        key = name.rstrip("_").replace("_", "-")
        words.append(key if value is True else f'{key}="{html.escape(value)}"')
    opening = f"<{' '.join(words)}>"
    return Html(opening if _name in _VOID else f"{opening}{joined(*children)}</{_name}>")


def joined(*children: Child) -> Html:
    """Several pieces one after the other; None is left out."""
    return Html("".join(escaped(child) for child in children if child is not None))
