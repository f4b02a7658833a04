"""A route that proxies: from a request's head to a race between attempts.

What follows from the head alone (deadline, whether it may be repeated, the lines for the
upstream) is a :class:`Plan`, made once and kept with the head, because clients repeat
themselves.  Must not know settings files; it is built from records and policy objects.
"""

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hedgerow.policy import Situation
from hedgerow.serve.answers import response_for
from hedgerow.serve.proxy import ProxiedRequest, ProxyTerms, Surroundings
from hedgerow.wire.body import Framing
from hedgerow.wire.forwarding import Forwarded, client_lines, length_line, request_lines
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.request import Request


@dataclass(frozen=True, slots=True)
class DeadlineSource:
    """Where a request says how long it may take."""

    place: Literal["path", "query", "header"]
    name: str

    def read(self, head: RequestHead, parameters: Mapping[str, str], query: bytes) -> str | None:
        """Return the text, or None when the request does not say."""
        if self.place == "path":
            return parameters.get(self.name)
        if self.place == "header":
            value = head.field(self.name.lower().encode())
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

    def plan(
        self, head: RequestHead, parameters: Mapping[str, str], path: bytes, query: bytes
    ) -> "Plan":
        """Work out all that follows from a head whose path (without query) is normal."""
        text: str | None = None
        if self.deadline_source is not None:
            text = self.deadline_source.read(head, parameters, query)
        if self.rewrite is not None:
            path = self._rewritten(path, parameters)
        target = path + b"?" + query if query else path
        lines = request_lines(head, target, head.host or self.fallback_host)
        if head.framing is Framing.NONE:
            lines += length_line(head, 0)
        seconds = self.terms.policy.deadline.read(text)
        return Plan(self, lines, seconds, self._may_repeat(head))

    def _may_repeat(self, head: RequestHead) -> bool:
        has_key = head.field(b"idempotency-key") is not None
        method = head.method.decode()
        return self.terms.policy.hedge.permits(method, has_idempotency_key=has_key)

    def _rewritten(self, path: bytes, parameters: Mapping[str, str]) -> bytes:
        rewrite = self.rewrite or ""
        if parameters:
            rewrite = rewrite.format_map(parameters)
        return rewrite.encode("latin-1") + (path[self.strips :] if self.strips else b"")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with requests that have this very head."""

    route: ProxyRoute
    lines: bytes  # of the upstream's head, as far as they do not depend on the client
    seconds: float | Situation  # how long it may take; or why its own deadline is refused
    may_repeat: bool

    def carry_out(self, request: Request) -> None:
        """Take one request."""
        route, head, seconds = self.route, request.head, self.seconds
        if route.max_body is not None and head.content_length > route.max_body:
            request.problem(413, f"the body is longer than {route.max_body} bytes")
        elif isinstance(seconds, Situation):
            self._refuse(request, seconds)
        else:
            about = client_lines(
                head, peer=request.peer, is_tls=request.is_tls, forwarded=route.forwarded
            )
            ProxiedRequest(
                route.terms,
                route.surroundings,
                request,
                self.lines + about,
                seconds,
                self.may_repeat,
            ).start()

    def _refuse(self, request: Request, situation: Situation) -> None:
        template = self.route.terms.replies.get(situation)
        if template is not None:
            request.respond(template.status, template.fields, template.render(None))
        else:
            status, detail, retry_after = response_for(situation, None)
            request.problem(status, detail, retry_after)
