"""A route that proxies: from a request's head to a race between attempts.

What follows from the head alone (deadline, whether it may be repeated, the lines for the
upstream) is a :class:`Plan`, made once and kept with the head, because clients repeat
themselves.  Must not know settings files; it is built from records and policy objects.
"""

import copy
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hedgerow.policy import Situation
from hedgerow.serve.answers import response_for
from hedgerow.serve.plan import Plan, ProxyTerms
from hedgerow.serve.proxy import ProxiedRequest
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.body import NO_BODY
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
        text = query.decode("latin-1")
        values = urllib.parse.parse_qs(text, keep_blank_values=True).get(self.name)
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
    forwarded: Forwarded = "replace"
    _own_fields: frozenset[bytes] = field(init=False)

    def __post_init__(self) -> None:
        told = self.terms.deadline_field
        self._own_fields = frozenset({b"x-hedgerow-attempt", (told or b"").lower()})

    def plan(
        self, head: RequestHead, parameters: Mapping[str, str], path: bytes, query: bytes
    ) -> Plan:
        """Work out all that follows from a head whose path (without query) is normal."""
        text: str | None = None
        if self.deadline_source is not None:
            text = self.deadline_source.read(head, parameters, query)
        if self.rewrite is not None:
            path = self._rewritten(path, parameters)
        target = path + b"?" + query if query else path
        lines = request_lines(self._stripped(head), target, head.host or self.fallback_host)
        if head.framing is NO_BODY:
            lines += length_line(head, 0)
        seconds = self.terms.policy.deadline.read(text)
        return Plan(self, self.terms, lines, seconds, self._may_repeat(head))

    def carry_out(self, plan: Plan, request: Request) -> None:
        """Take one request with the head that this plan was made for."""
        head, seconds = request.head, plan.seconds
        if head.content_length > self.terms.max_body:
            self._refuse_body(request)
        elif isinstance(seconds, Situation):
            self._refuse(request, seconds)
        else:
            about = client_lines(
                head, peer=request.peer, is_tls=request.is_tls, forwarded=self.forwarded
            )
            ProxiedRequest(plan, self.surroundings, request, plan.lines + about, seconds).start()

    def _refuse(self, request: Request, situation: Situation) -> None:
        """Answer a request that goes nowhere."""
        template = self.terms.replies.get(situation)
        date = self.surroundings.engine.date_line
        if template is not None:
            request.respond(template.status, template.fields + date, template.render(None))
        else:
            status, detail, retry_after = response_for(situation, None)
            request.problem(status, detail, retry_after, date)
        self.surroundings.refused(request)

    def _refuse_body(self, request: Request) -> None:
        """Answer a request whose body is longer than this route takes."""
        date = self.surroundings.engine.date_line
        detail = f"the body is longer than {self.terms.max_body} bytes"
        request.problem(413, detail, fields=date)
        self.surroundings.refused(request)

    def _stripped(self, head: RequestHead) -> RequestHead:
        """Leave out what a client says in fields of ours: the upstream would have them twice."""
        fields = [field for field in head.fields if field[0].lower() not in self._own_fields]
        if len(fields) == len(head.fields):
            return head
        stripped = copy.copy(head)  # heads are shared
        stripped.fields = fields
        return stripped

    def _may_repeat(self, head: RequestHead) -> bool:
        hedge, method = self.terms.policy.hedge, head.method.decode()
        if method in hedge.methods:
            return True
        has_key = head.field(b"idempotency-key") is not None
        return hedge.permits(method, has_idempotency_key=has_key)

    def _rewritten(self, path: bytes, parameters: Mapping[str, str]) -> bytes:
        rewrite = self.rewrite or ""
        if parameters:
            rewrite = rewrite.format_map(parameters)
        return rewrite.encode("latin-1") + (path[self.strips :] if self.strips else b"")
