"""Which of the field lines that were recorded are worth sending again.

Must not know where they were recorded.
"""

from collections.abc import Iterable
from typing import Final

#: About one connection, about framing, or HTTP/2's own: all of them are written anew.
_OF_THE_CONNECTION: Final = frozenset({
    "connection", "content-length", "host", "http2-settings", "keep-alive", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
#: What the browser knew when it was recorded: a new user does not.
_OF_THE_BROWSER: Final = frozenset({"cookie", "if-modified-since", "if-none-match"})


def worth_sending(name: str, *, to_new_user: bool = False) -> bool:
    """Say whether a field is about the request itself."""
    lower = name.lower()
    if lower == "host" and not to_new_user:
        return True  # whoever writes it by hand means it
    if lower.startswith(":") or lower in _OF_THE_CONNECTION:
        return False
    return not (to_new_user and lower in _OF_THE_BROWSER)


def gzip_only(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Ask for gzip where a browser asks for several codings: it is what checks can read."""
    return tuple(
        (name, "gzip" if name.lower() == "accept-encoding" and "gzip" in value else value)
        for name, value in fields
    )
