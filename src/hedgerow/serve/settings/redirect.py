"""What can be set about redirects: ``redirect`` of a route.

Declarations only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.
"""

from typing import Annotated, ClassVar

from typing_extensions import override

from hedgerow.serve.settings.fields import About, Record
from hedgerow.serve.settings.kinds import SWITCH
from hedgerow.serve.settings.names import LOCATION, REDIRECT_STATUS


class Redirect(Record, frozen=True, kw_only=True):
    """Another address for what is asked for."""

    SHORT: ClassVar[str] = "a URL or a path"
    EXAMPLE: ClassVar[str] = '"https://www.example.com{path}"'

    to: Annotated[
        str,
        LOCATION,
        About(
            "where clients are sent: a URL, or a path on the same host; may use {host}, {path},"
            " {rest} (what follows a path that is a prefix) and the parameters of the path"
        ),
    ]
    status: Annotated[
        int,
        REDIRECT_STATUS,
        About("301 and 308 may be remembered by clients; 307 and 308 keep the method"),
    ] = 308
    keep_query: Annotated[bool, SWITCH, About("append the query that the request has")] = True

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        return {"to": value} if isinstance(value, str) else None
