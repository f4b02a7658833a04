"""What a scenario's code sees of an answer, and how it may find fault with it.

A request that fails raises nothing: its answer has status 0, and ``error`` says why, as
with k6 and Locust.  An answer can be failed until its request is counted, which is when the
user's next request begins or the iteration ends.  Must not know users, nor connections.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Final

import msgspec
from typing_extensions import override

from hedgerow.load.outcome import Outcome

_GZIP: Final = b"\x1f\x8b"


@dataclass(slots=True)
class RawAnswer:
    """What came of one request, before anybody has judged it."""

    outcome: Outcome  # OK for any whole answer, whatever its status
    status: int = 0
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    detail: str = ""  # what happened, where no whole answer came
    elapsed: float = 0.0  # seconds, from when it was sent
    token: object = None  # given back when the request is counted


@dataclass(frozen=True, slots=True)
class AnswerError:
    """Why an answer is not ``ok``."""

    outcome: Outcome  # its class, the word that stands in results
    text: str

    @override
    def __str__(self) -> str:
        return f"{self.outcome}: {self.text}" if self.text else str(self.outcome)


class Unusable(AssertionError):
    """An answer is not what the scenario's next step needs; the request counts as failed."""


class Headers:
    """The fields of an answer; names are found in whatever case."""

    __slots__ = ("_fields",)

    def __init__(self, fields: list[tuple[bytes, bytes]]) -> None:
        self._fields = [(n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in fields]

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the value, joined by commas where there are several (RFC 9110 section 5.3)."""
        found = self.get_all(name)
        return ", ".join(found) if found else default

    def get_all(self, name: str) -> list[str]:
        """Return each value by itself, as Set-Cookie needs it."""
        wanted = name.lower()
        return [value for known, value in self._fields if known == wanted]

    def __getitem__(self, name: str) -> str:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Go through names (in lower case) and values."""
        return iter(self._fields)


class Answer:
    """What came of one request."""

    __slots__ = (
        "_fields", "_headers", "body", "detail", "elapsed", "is_counted", "label", "outcome",
        "status", "token",
    )  # fmt: skip

    def __init__(self, raw: RawAnswer, label: str) -> None:
        self.status = raw.status
        self.body = raw.body
        self.elapsed = raw.elapsed
        self.label = label
        self.outcome = raw.outcome
        self.detail = raw.detail
        self.token = raw.token
        self.is_counted = False
        self._fields = raw.fields
        self._headers: Headers | None = None  # few scenarios look at them

    @override
    def __repr__(self) -> str:
        return f"<Answer {self.label!r} {self.status or self.outcome}, {len(self.body)} bytes>"

    @property
    def ok(self) -> bool:
        """True where a whole answer came, with an expected status, and no check has failed."""
        return self.outcome is Outcome.OK

    @property
    def error(self) -> AnswerError | None:
        """Why it is not ``ok``."""
        return None if self.ok else AnswerError(self.outcome, self.detail)

    @property
    def headers(self) -> Headers:
        """The fields."""
        if self._headers is None:
            self._headers = Headers(self._fields)
        return self._headers

    def text(self) -> str:
        """Return the body as text, in the charset that it came with, else UTF-8."""
        return _decoded(self._content(), self.headers.get("content-type", "") or "")

    def json(self) -> Any:
        """Return what the body says in JSON; raises Unusable where it is none."""
        try:
            return msgspec.json.decode(self._content())
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if not self.ok:
                raise Unusable(str(self.error)) from error
            raise Unusable(f"not JSON: {error}") from error

    def fail(self, why: str) -> None:
        """Count the request as failed, unless it has failed already."""
        if self.is_counted:
            raise RuntimeError(
                f"{self.label} is counted already, so it cannot fail any more ({why}). "
                "Check an answer before the next request."
            )
        if self.ok:
            self.outcome = Outcome.CHECK_FAILED
            self.detail = why

    def _content(self) -> bytes:
        """Undo gzip, which comes only to those who ask for it."""
        if self.body.startswith(_GZIP) and self.headers.get("content-encoding") == "gzip":
            return gzip.decompress(self.body)
        return self.body


def _decoded(body: bytes, content_type: str) -> str:
    if "charset" in content_type:
        message = Message()
        message["Content-Type"] = content_type
        try:
            return body.decode(message.get_content_charset("utf-8"), "replace")
        except LookupError:  # a charset that nobody knows
            pass
    return body.decode("utf-8", "replace")
