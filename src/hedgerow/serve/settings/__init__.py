"""What can be set for ``hedgerow serve``: the tree of records is the TOML file.

Must not know where values come from, nor who uses them: ``settings.reader`` makes the
tree from a file, or from URLs and flags; ``settings.policy`` turns it into the records
of other rooms.

::

    [server]            Server           [[route]]           Route
    [server.limits]     Limits           deadline = {...}    Deadline
    [upstream.NAME]     Upstream         hedge = {...}       Hedge
                                         success = {...}     Success
                                         [route.replies]     Replies of Reply

Times are seconds, sizes bytes, shares 0 to 1.  None is what ``"off"`` is read as, or
says that nothing is set.
"""

from collections.abc import Mapping

import msgspec

from hedgerow.serve.settings.fields import help_of
from hedgerow.serve.settings.route import Deadline, Hedge, Replies, Reply, Route, Success
from hedgerow.serve.settings.server import Limits, Server, Upstream
from hedgerow.serve.settings.sources import Sources

__all__ = [
    "Settings",
    "Server",
    "Limits",
    "Upstream",
    "Route",
    "Deadline",
    "Hedge",
    "Success",
    "Replies",
    "Reply",
    "Sources",
    "help_of",
]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is set, and where each value came from."""

    server: Server
    upstreams: Mapping[str, Upstream]
    routes: tuple[Route, ...]
    sources: Sources
