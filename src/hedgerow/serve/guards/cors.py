"""What pages of other origins may do with a route (the Fetch standard's CORS protocol).

Decides from a head; must not know sockets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.wire.heads import RequestHead

#: What the answer says about it; an upstream's own words are left out.
FIELDS: Final = frozenset({
    b"access-control-allow-origin", b"access-control-allow-credentials",
    b"access-control-expose-headers", b"access-control-allow-methods",
    b"access-control-allow-headers", b"access-control-max-age",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class CorsRule:
    """Who may do what; names as they are to be sent."""

    origins: Sequence[str]  # "*": every origin
    methods: Sequence[str] = ("GET", "HEAD", "POST")
    headers: Sequence[str] = ()  # of requests; "*": any
    expose: Sequence[str] = ()  # of answers
    credentials: bool = False
    max_age: int = 600  # seconds for which a preflight's answer is remembered

    def answer_fields(self, head: RequestHead) -> bytes:
        """Return the lines that an answer to this request gets."""
        origin = head.field(b"origin")
        lines = [] if self._is_same_for_all else [b"Vary: Origin\r\n"]
        if origin is None or not self._allows(origin):
            return b"".join(lines)
        allowed = b"*" if self._is_same_for_all else origin
        lines.append(b"Access-Control-Allow-Origin: %b\r\n" % allowed)
        if self.credentials:
            lines.append(b"Access-Control-Allow-Credentials: true\r\n")
        if self.expose:
            lines.append(_line(b"Access-Control-Expose-Headers", self.expose))
        return b"".join(lines)

    def preflight_fields(self, head: RequestHead) -> bytes | None:
        """Return the lines that answer a preflight request; None where it is none."""
        asked = head.field(b"access-control-request-method")
        if head.method != b"OPTIONS" or asked is None or head.field(b"origin") is None:
            return None
        fields = self.answer_fields(head)
        if b"Access-Control-Allow-Origin" not in fields:
            return fields
        fields += _line(b"Access-Control-Allow-Methods", self.methods)
        wanted = head.field(b"access-control-request-headers")
        if "*" in self.headers and wanted is not None:
            # A star of ours would not cover Authorization, and not mean anything with credentials.
            fields += b"Access-Control-Allow-Headers: %b\r\n" % wanted
        elif self.headers and "*" not in self.headers:
            fields += _line(b"Access-Control-Allow-Headers", self.headers)
        return fields + b"Access-Control-Max-Age: %d\r\n" % self.max_age

    @property
    def _is_same_for_all(self) -> bool:
        return "*" in self.origins and not self.credentials

    def _allows(self, origin: bytes) -> bool:
        return "*" in self.origins or origin.decode("latin-1") in self.origins


def _line(name: bytes, values: Sequence[str]) -> bytes:
    return b"%b: %b\r\n" % (name, ", ".join(values).encode())
