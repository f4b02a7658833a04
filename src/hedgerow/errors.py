"""Every error that Hedgerow raises on purpose, split by who must act on it.

===============  =================================================================
ConfigError      the operator: a setting is missing, unknown or out of range
StartError       the operator: the machine said no (port in use, file missing)
PeerError        the client: it sent something we refuse; carries the status
UpstreamError    the upstream: no usable answer came; carries how it failed
Overloaded       nobody: the request was shed; carries when to come back
HedgerowBug      us
===============  =================================================================

Exceptions take facts and build the sentence themselves: *where = value: must be
<limit>. <what to do>.*  Expected events on the request path are not exceptions:
shedding returns a step, a refused request becomes a response.
"""

import enum


class HedgerowError(Exception):
    """The root: everything that Hedgerow raises on purpose."""


class ConfigError(HedgerowError, ValueError):
    """A setting is missing, unknown or out of range."""

    def __init__(self, where: str, *, got: object, must: str, fix: str) -> None:
        super().__init__(f"{where} = {_shown(got)}: must be {must}. {fix}")
        self.where = where


class StartError(HedgerowError, OSError):
    """Something outside the settings prevents the start: a port, a file, a limit."""

    def __init__(self, what: str, *, got: str, must: str, fix: str) -> None:
        super().__init__(f"{what} = {got}: must be {must}. {fix}")
        self.what = what


class PeerError(HedgerowError):
    """A client sent a request that we refuse; ``status`` is what it is told."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Failure(enum.Enum):
    """How an attempt failed without leaving a usable answer."""

    UNUSABLE = "unusable"  # a whole answer, but not what the route asked for
    RESET = "reset"  # the connection broke, before or inside the answer
    PROTOCOL = "protocol"  # what came back is not HTTP/1.1
    CONNECT = "connect"  # no connection could be made
    TIMEOUT = "timeout"  # the attempt's own time ran out
    NO_CAPACITY = "no capacity"  # we had no connection or descriptor to spend on it


class UpstreamError(HedgerowError, OSError):
    """An upstream gave no usable answer."""

    def __init__(self, failure: Failure, upstream: str, detail: str) -> None:
        super().__init__(f"{upstream}: {failure.value}: {detail}")
        self.failure = failure
        self.upstream = upstream
        self.detail = detail


class Overloaded(HedgerowError):
    """A request was shed; the client may come back after ``retry_after`` seconds."""

    def __init__(self, what: str, *, limit: int, retry_after: float) -> None:
        super().__init__(f"{what} is at its limit of {limit}: retry after {retry_after:g}s")
        self.retry_after = retry_after


class HedgerowBug(HedgerowError):
    """Something that cannot happen has happened: please report it with this message."""


def _shown(value: object) -> str:
    """Quote strings as in TOML; let other values speak for themselves."""
    return repr(value) if isinstance(value, str) else str(value)
