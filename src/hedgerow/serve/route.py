"""A route that proxies: from a request's head to a race between attempts.

Reads what the route needs of the head (its deadline, whether it may be repeated),
builds the head for the upstream, and starts a :class:`ProxiedRequest`.  Must not know
settings files; it is built from records and policy objects.
"""

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hedgerow.policy import Situation
from hedgerow.serve.answers import response_for
from hedgerow.serve.proxy import ProxiedRequest, ProxyTerms, Surroundings
from hedgerow.wire.forwarding import Forwarded, upstream_head
from hedgerow.wire.request import Request


@dataclass(frozen=True, slots=True)
class DeadlineSource:
    """Where a request says how long it may take."""

    place: Literal["path", "query", "header"]
    name: str

    def read(self, request: Request, parameters: Mapping[str, str], query: bytes) -> str | None:
        """Return the text, or None when the request does not say."""
        if self.place == "path":
            return parameters.get(self.name)
        if self.place == "header":
            value = request.head.field(self.name.lower().encode())
            return value.decode("latin-1") if value is not None else None
        values = urllib.parse.parse_qs(query.decode("latin-1")).get(self.name)
        return values[0] if values else None


@dataclass(slots=True)
class ProxyRoute:
    """One ``[[route]]`` that leads to an upstream."""

    name: str
    terms: ProxyTerms
    surroundings: Surroundings
    fallback_host: bytes  # for a client that sent none (HTTP/1.0)
    rewrite: str | None = None  # the path for the upstream; may use {parameters}
    strips: int = 0  # length of a prefix pattern whose rewrite replaces just the prefix
    deadline_source: DeadlineSource | None = None
    max_body: int | None = None
    forwarded: Forwarded = "replace"
    _methods: dict[bytes, bool] = field(default_factory=dict)  # whether each may be repeated

    def handle(
        self, request: Request, parameters: Mapping[str, str], path: bytes, query: bytes
    ) -> None:
        """Take a request whose path (without query) is normal."""
        head = request.head
        if self.max_body is not None and head.content_length > self.max_body:
            request.problem(413, f"the body is longer than {self.max_body} bytes")
            return
        rule = self.terms.policy.deadline
        text: str | None = None
        if self.deadline_source is not None:
            text = self.deadline_source.read(request, parameters, query)
        seconds = rule.read(text)
        if isinstance(seconds, Situation):
            self._refuse(request, seconds)
            return
        if self.rewrite is not None:
            path = self._rewritten(path, parameters)
        lines = upstream_head(
            head,
            path + b"?" + query if query else path,
            head.host or self.fallback_host,
            peer=request.peer,
            is_tls=request.is_tls,
            forwarded=self.forwarded,
        )
        ProxiedRequest(
            self.terms, self.surroundings, request, lines, seconds, self._may_repeat(request)
        ).start()

    def _may_repeat(self, request: Request) -> bool:
        method = request.head.method
        known = self._methods.get(method)
        if known is None:
            hedge = self.terms.policy.hedge
            known = hedge.permits(method.decode(), has_idempotency_key=False)
            self._methods[method] = known
        if known:
            return True
        has_key = request.head.field(b"idempotency-key") is not None
        return has_key and self.terms.policy.hedge.permits(
            method.decode(), has_idempotency_key=True
        )

    def _rewritten(self, path: bytes, parameters: Mapping[str, str]) -> bytes:
        rewrite = self.rewrite or ""
        if parameters:
            rewrite = rewrite.format_map(parameters)
        return rewrite.encode("latin-1") + (path[self.strips :] if self.strips else b"")

    def _refuse(self, request: Request, situation: Situation) -> None:
        template = self.terms.replies.get(situation)
        if template is not None:
            request.respond(template.status, template.fields, template.render(None))
        else:
            status, detail, retry_after = response_for(situation, None)
            request.problem(status, detail, retry_after)
