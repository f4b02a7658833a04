"""Who asks, as far as a request's head says so: the client that a rate limit counts.

Returns a key, and knows nothing of limits.  None means that the head does not say: then it
is the address at the other end of the connection.  That is also what to fall back to, since
a client must not escape its limit by leaving a field out.

Keys are short, because as many are kept as there are clients.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from hedgerow.policy.rate_limit import address_key
from hedgerow.serve.source import Source
from hedgerow.wire.forwarding import Forwarded
from hedgerow.wire.heads import RequestHead

_LONGEST: Final = 48
#: As proxies write it: 192.0.2.7, 192.0.2.7:80, 2001:db8::7, [2001:db8::7], [2001:db8::7]:80
_ADDRESS: Final = re.compile(r"\[([^\]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


def stated_client(
    head: RequestHead, parameters: Mapping[str, str], query: bytes, source: Source
) -> str | None:
    """Return the key of a client that says itself who it is; an empty text does not."""
    text = source.read(head, parameters, query)
    # Marked, so that nobody can pass for an address, and use up what another may ask.
    return _short("=" + text) if text else None


def forwarded_client(head: RequestHead, forwarded: Forwarded) -> str | None:
    """Return the key of the address that a trusted proxy tells, where one stands in front.

    It is the last of X-Forwarded-For: the proxy has added it, what comes before it is hearsay.
    """
    if forwarded != "append" or not head.was_forwarded:
        return None
    values = [value for name, value in head.apart if name == b"x-forwarded-for"]
    if not values:
        return None
    text = values[-1].rpartition(b",")[2].strip().decode("latin-1")
    found = _ADDRESS.fullmatch(text)
    address = (found[1] or found[2]) if found else text
    return address_key(_short(address)) if address else None


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return "#" + hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
