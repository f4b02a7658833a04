"""Answers of our own: problem bodies (RFC 9457), and whole refusals built in advance.

Must not know why a request is refused; it only says it well.  The detail is for the
client, so it names limits and never the inside of the service.
"""

import email.utils
import functools

import msgspec

from hedgerow.wire.status import STATUS_LINES, phrase

_PROBLEM_TYPE = b"application/problem+json"


@functools.lru_cache(maxsize=256)
def problem_body(status: int, detail: str) -> bytes:
    """Return the JSON of a problem: type, title, status, detail."""
    return msgspec.json.encode(
        {"type": "about:blank", "title": phrase(status), "status": status, "detail": detail}
    )


@functools.lru_cache(maxsize=256)
def problem_fields(retry_after: int | None = None) -> bytes:
    """Return the field lines that go with a problem body."""
    lines = b"Content-Type: %b\r\nCache-Control: no-store\r\n" % _PROBLEM_TYPE
    return lines if retry_after is None else lines + b"Retry-After: %d\r\n" % retry_after


def refusal(status: int, detail: str, *, to_head: bool) -> bytes:
    """Return a whole last answer; the one to a HEAD request tells only the body's length."""
    body = problem_body(status, detail)
    head = b"%b%bDate: %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (
        STATUS_LINES[status],
        problem_fields(),
        email.utils.formatdate(usegmt=True).encode(),
        len(body),
    )
    return head if to_head else head + body
