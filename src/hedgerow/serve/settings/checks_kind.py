"""Whether a route is of one kind, and has only what that kind takes.

A part of ``settings.checks``.
"""

import re
from typing import Final

from hedgerow.serve.settings import Redirect, Route
from hedgerow.serve.settings.names import parameters
from hedgerow.serve.settings.shown import REMOVE, is_set
from hedgerow.serve.settings.sources import AsWritten, Place

_KINDS: Final = ("root", "redirect", "respond")
#: What says how requests are sent on, and is of no use where none is.
_OF_PROXIES: Final = (
    "rewrite", "deadline", "hedge", "success", "replies", "priority", "max_body",
    "max_replay", "max_held", "upgrade", "upgrade_idle",
)  # fmt: skip
#: A name other than {host} before the first slash of a URL; {path} begins with one.
_IN_AUTHORITY: Final = re.compile(r"https?://[^/?#{]*(?:\{host\}[^/?#{]*)?\{(?!host\}|path\})")
#: What every redirect may name; see ``settings.redirect``.
_OF_REQUEST: Final = ("host", "path", "rest")


def check_kind(route: Route, place: Place) -> None:
    """Raise ConfigError for the first place where a route contradicts its kind."""
    kinds = [name for name in _KINDS if getattr(route, name) is not None]
    if not kinds:
        return
    if route.upstream:
        kinds.append("upstream")
    if len(kinds) > 1:
        must = f"left out where there is {kinds[1]}: a route does one of the two"
        raise (place / kinds[0]).refuse(AsWritten("..."), must, "Write two routes.")
    for name in _OF_PROXIES:
        if is_set(route, name):
            must = f"left out where there is {kinds[0]}: nothing is sent to an upstream"
            raise (place / name).refuse(AsWritten("..."), must, REMOVE)
    if route.root is not None and not route.path.endswith("/"):
        must = f"a prefix where there is root: {route.path} is one path, and root is a directory"
        raise (place / "path").refuse(route.path, must, f'Write "{route.path}/".')
    if route.rate is not None and route.rate.by is not None:
        must = '"address" where nothing is sent to an upstream'
        raise (place / "rate" / "by").refuse(".".join(route.rate.by), must, REMOVE)
    if route.redirect is not None:
        _check_redirect(route, route.redirect, place / "redirect")


def _check_redirect(route: Route, redirect: Redirect, place: Place) -> None:
    if _IN_AUTHORITY.match(redirect.to):
        must = "a URL whose host is not made of what a client writes"
        fix = "Write a / before what follows the host: https://www.example.com/{rest}."
        raise (place / "to").refuse(redirect.to, must, fix)
    known = [*_OF_REQUEST, *parameters(route.path)]
    for name in parameters(redirect.to):
        if name not in known:
            listed = ", ".join(f"{{{one}}}" for one in known)
            raise (place / "to").refuse(redirect.to, f"without {{{name}}}", f"There are {listed}.")
