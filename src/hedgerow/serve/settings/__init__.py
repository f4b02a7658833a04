"""What can be set for ``hedgerow serve``: the tree of records is the TOML file.

Must not know where values come from, nor who uses them: ``settings.reader`` makes the
tree from a file, or from URLs and flags; ``settings.policy`` turns it into the records
of other rooms.

::

    [server]            Server           [[route]]           Route
      listen = {...}    Listen, Tls      deadline = {...}    Deadline
    [server.limits]     Limits
    [upstream.NAME]     Upstream         hedge = {...}       Hedge
    queue = {...}       Queue            success = {...}     Success
    health = {...}      Health           priority = {...}    Priority
    check = {...}       Check            rate = {...}        Rate
                                         root = {...}        Files
                                         redirect = {...}    Redirect
                                         respond = {...}     Reply
                                         [route.replies]     Replies of Reply

Times are seconds, sizes bytes, rates a second, shares 0 to 1.  None is what ``"off"`` is
read as, or says that nothing is set.
"""

from collections.abc import Mapping

import msgspec

from hedgerow.serve.settings.addresses import ReplicaUrl
from hedgerow.serve.settings.deadline import Deadline
from hedgerow.serve.settings.fields import help_of
from hedgerow.serve.settings.files import Files
from hedgerow.serve.settings.hedge import Hedge
from hedgerow.serve.settings.listen import KeyPair, Listen, Tls
from hedgerow.serve.settings.names import AskedIn
from hedgerow.serve.settings.redirect import Redirect
from hedgerow.serve.settings.route import Priority, Rate, Replies, Reply, Route, Success
from hedgerow.serve.settings.server import Limits, Server
from hedgerow.serve.settings.sources import Sources
from hedgerow.serve.settings.upstream import Check, Health, Queue, Upstream

__all__ = [
    "Settings",
    "Server",
    "Limits",
    "Listen",
    "Tls",
    "KeyPair",
    "Upstream",
    "Queue",
    "Health",
    "Check",
    "Route",
    "Deadline",
    "Hedge",
    "Success",
    "Priority",
    "Rate",
    "Replies",
    "Reply",
    "Files",
    "Redirect",
    "ReplicaUrl",
    "AskedIn",
    "Sources",
    "help_of",
]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is set, and where each value came from."""

    server: Server
    upstreams: Mapping[str, Upstream]
    routes: tuple[Route, ...]
    sources: Sources
