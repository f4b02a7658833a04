"""Where a request says something that its route asks about: a deadline, an urgency, who it is.

Reads a text and knows nothing of its meaning.
"""

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hedgerow.wire.heads import RequestHead


@dataclass(frozen=True, slots=True)
class Source:
    """A parameter of the path, one of the query, or a header field."""

    place: Literal["path", "query", "header"]
    name: str
    lower: bytes = field(init=False, compare=False, repr=False)  # as fields are compared

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", self.name.lower().encode())

    def read(self, head: RequestHead, parameters: Mapping[str, str], query: bytes) -> str | None:
        """Return the text, or None when the request does not say."""
        if self.place == "path":
            return parameters.get(self.name)
        if self.place == "header":
            value = head.field(self.lower)
            return value.decode("latin-1") if value is not None else None
        text = query.decode("latin-1")
        values = urllib.parse.parse_qs(text, keep_blank_values=True).get(self.name)
        return values[0] if values else None
