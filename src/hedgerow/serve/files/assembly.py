"""From the settings of files to a route that serves them."""

from hedgerow.errors import ConfigError
from hedgerow.serve.durations import Durations
from hedgerow.serve.files.route import FileRoute
from hedgerow.serve.files.rules import CacheRule, FileRules
from hedgerow.serve.files.shelf import Shelf
from hedgerow.serve.files.tree import Tree
from hedgerow.serve.settings import Files, Route
from hedgerow.serve.settings.names import cache_control
from hedgerow.serve.surroundings import Surroundings

#: Bytes of small files that each route of a process keeps in memory.
ROOM = 32 * 1024 * 1024


def file_route(
    name: str, route: Route, surroundings: Surroundings, durations: Durations | None
) -> FileRoute:
    """Make the route for a directory; raises ConfigError where it cannot be opened."""
    files = route.root
    assert files is not None  # it is a route of files
    try:
        tree = Tree(files.dir, files.links)
    except OSError as error:
        must, fix = "a directory that can be opened", f"({error.strerror})"
        raise ConfigError(f"{name} root", got=files.dir, must=must, fix=fix) from error
    return FileRoute(
        name,
        tree,
        file_rules(files),
        Shelf(ROOM),
        surroundings,
        depth=route.path.count("/"),
        durations=durations,
    )


def file_rules(files: Files) -> FileRules:
    """Return the rules that settings stand for."""
    return FileRules(
        tuple(name.encode() for name in files.index),
        listing=files.listing,
        shows_hidden=files.hidden,
        fallback=None if files.fallback is None else files.fallback.encode(),
        not_found=None if files.not_found is None else files.not_found.encode(),
        cache=tuple(
            CacheRule(pattern, cache_control(text).encode())
            for pattern, text in (files.cache or {}).items()
        ),
        precompressed=files.precompressed,
        compress=files.compress,
    )
