"""What the gateway itself says, and how it reads what upstreams say about time.

One function maps every situation to a response, with the reason for each status;
nobody else in this room chooses one.  Must not know sockets.
"""

import email.utils
from typing import Final

import msgspec

from hedgerow.errors import Failure
from hedgerow.policy import Situation

#: Of a pushback that cannot be read: it was meant, and how long is not known.
_NEVER: Final = -1.0


def response_for(situation: Situation, failure: Failure | None) -> tuple[int, str, int | None]:
    """Return the status, the detail and a Retry-After (seconds) for a reply of our own."""
    if situation is Situation.EXPIRED:
        return 504, "no good answer came before the deadline", None
    if situation is Situation.UNAVAILABLE and failure is None:
        # Nothing was tried: no name of the upstream could be resolved so far.
        return 503, "no address of the upstream is known", 1
    if situation is Situation.UNAVAILABLE or failure is Failure.NO_CAPACITY:
        # 503 and not 502: nothing is wrong with the upstream, there is just no room for more.
        return 503, "there is no capacity left for this request", 1
    if situation is Situation.DEADLINE_MALFORMED:
        return 400, "the deadline is not a whole number", None
    if situation is Situation.DEADLINE_TOO_SHORT:
        return 400, "the deadline is shorter than this route can keep", None
    if failure is Failure.TIMEOUT:
        return 504, "the upstream did not answer in time", None
    if failure is Failure.CONNECT:
        return 502, "the upstream could not be reached", None
    return 502, "the upstream gave no usable answer", None


def parse_json(body: bytes) -> tuple[object, bool]:
    """Return the value of a JSON body, and whether it was one."""
    try:
        return msgspec.json.decode(body), True
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None, False


def retry_after_seconds(value: bytes, fields: list[tuple[bytes, bytes]]) -> float:
    """Seconds of a Retry-After (RFC 9110 section 10.2.3); -1.0, which means never, if unreadable.

    A date is compared with the answer's own Date, so our clock need not agree with theirs.
    """
    text = value.strip()
    if text.isdigit():
        return float(min(int(text[:9]), 10**8))
    sent = next((v for name, v in fields if name.lower() == b"date"), None)
    try:
        until = email.utils.parsedate_to_datetime(text.decode("latin-1"))
        since = email.utils.parsedate_to_datetime((sent or b"").decode("latin-1"))
        return max(0.0, (until - since).total_seconds())
    except (TypeError, ValueError, OverflowError):  # a zone of 20 digits overflows
        return _NEVER
