"""How a request ended, in classes that say who must look: one word each, the same everywhere.

The words stand in result files, tables and SLOs.  Must not know how a failure was noticed.
"""

import enum


class Outcome(enum.StrEnum):
    """How a request ended."""

    OK = "ok"  # a whole answer that was expected
    STATUS_4XX = "status_4xx"
    STATUS_5XX = "status_5xx"
    STATUS_OTHER = "status_other"  # below 400, and not the status that was expected
    CHECK_FAILED = "check_failed"  # a whole answer whose content is not what was expected
    DNS = "dns"  # the name has no address
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_FAILED = "connect_failed"  # another error of the network while connecting
    TLS = "tls"  # the handshake or the certificate
    NO_CAPACITY = "no_capacity"  # this machine had no descriptor or local port left
    RESET = "reset"  # the connection was reset before the answer was whole
    CLOSED = "closed_before_response"  # ... or closed in good order, but too early
    PROTOCOL = "protocol"  # what came back is not HTTP/1.1
    TIMEOUT = "timeout"  # no whole answer in time, or before the scenario gave it up
    DEADLINE = "deadline"  # given up before it was sent: it had waited too long for a connection
    UNFINISHED = "unfinished"  # the run was over first
    EXCEPTION = "exception"  # a scenario's own code failed

    @property
    def is_answer(self) -> bool:
        """True where a whole answer came."""
        return self in _ANSWERS


_ANSWERS = frozenset({
    Outcome.OK, Outcome.STATUS_4XX, Outcome.STATUS_5XX, Outcome.STATUS_OTHER, Outcome.CHECK_FAILED,
})  # fmt: skip


def outcome_of_status(status: int) -> Outcome:
    """The outcome of an unexpected status."""
    if status >= 500:
        return Outcome.STATUS_5XX
    return Outcome.STATUS_4XX if status >= 400 else Outcome.STATUS_OTHER
