"""A route that proxies: from a request's head to a race between attempts.

What follows from the head alone (deadline, urgency, who asks, whether it may be repeated, the
lines for the upstream) is a :class:`Plan`, made once and kept with the head, because clients
repeat themselves.  Then come the questions that each request is asked: does this process keep
up, has this client asked too often, is there time left.  Must not know settings files; it is
built from records and policy objects.

Without a rate limit those questions cost 0.1 us; with one, 1 us.
"""

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from hedgerow.policy import Situation
from hedgerow.policy.deadline_fields import DeadlineField
from hedgerow.policy.outcomes import AnswerRule
from hedgerow.policy.priorities import PriorityRule
from hedgerow.policy.rate_limit import RateLimiter, address_key
from hedgerow.policy.refusals import Entry, Reason, refusal
from hedgerow.serve.answers import response_for
from hedgerow.serve.asked_deadline import RouteDeadline, Timing
from hedgerow.serve.client_key import forwarded_client, stated_client
from hedgerow.serve.durations import Durations
from hedgerow.serve.plan import Plan, ProxyTerms
from hedgerow.serve.proxy import ProxiedRequest
from hedgerow.serve.refusing import refuse
from hedgerow.serve.request_ids import RequestIds
from hedgerow.serve.source import Source
from hedgerow.serve.surroundings import Surroundings
from hedgerow.serve.upgrade import UpgradedRequest
from hedgerow.wire.body import NO_BODY
from hedgerow.wire.forwarding import Forwarded, client_lines, length_line, request_lines
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.request import Request

#: The mark of copies; a client's own would not be true.
_ATTEMPT: Final = b"x-hedgerow-attempt"


@dataclass(slots=True)
class ProxyRoute:
    """One ``[[route]]`` that leads to an upstream."""

    name: str
    terms: ProxyTerms
    surroundings: Surroundings
    fallback_host: bytes  # for a client that sent none (HTTP/1.0)
    rewrite: str | None = None  # the path for the upstream; may use {parameters}
    strips: int = 0  # length of a prefix pattern whose rewrite replaces just the prefix
    deadline_source: Source | None = None
    honours: Sequence[DeadlineField] = ()  # by which a client may shorten its deadline
    send_as: str | None = None  # the field that tells the upstream the milliseconds that are left
    priority: PriorityRule = field(default_factory=PriorityRule)
    priority_source: Source | None = None
    limiter: RateLimiter | None = None
    client_source: Source | None = None  # of who asks; None: the address
    forwarded: Forwarded = "replace"
    knows_clients: bool = False  # requests are their clients', wherever they came from
    #: Fields, in lower case, that tell who a client's certificate is for; never a client's own.
    subject_fields: frozenset[bytes] = frozenset()
    ids: RequestIds | None = None  # who names requests; a client's own names do not count
    upgrades: frozenset[bytes] = frozenset()  # protocols that clients may change to, in lower case
    upgrade_idle: float = 600.0  # seconds in which something must move in a tunnel
    #: By the identity of the terms that they vary, which live as long as the route.
    _upgrade_terms: dict[int, ProxyTerms] = field(init=False, default_factory=dict)
    _deadline: RouteDeadline = field(init=False)
    _watched: frozenset[bytes] = field(init=False)  # names of fields that need to be looked at
    _variants: dict[tuple[bool, bool], ProxyTerms] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        source = self.deadline_source
        asked_in = source.lower if source is not None and source.place == "header" else b""
        honours = [field for field in self.honours if field.name != asked_in]  # one meaning
        self._deadline = RouteDeadline(self.terms.policy.deadline, honours, self.send_as)
        told = (self.send_as or "").lower().encode()
        self._watched = self._deadline.names | {_ATTEMPT, told} | self.subject_fields

    @property
    def durations(self) -> Durations | None:
        """How long its requests took."""
        return self.terms.durations

    def plan(
        self, head: RequestHead, parameters: Mapping[str, str], path: bytes, query: bytes
    ) -> Plan:
        """Work out all that follows from a head whose path (without query) is normal."""
        names = [name.lower() for name, _ in head.fields]
        if self.ids is not None and (gone := self.ids.replaces(head.fields)):
            head = head.with_fields(
                [field for field in head.fields if field[0].lower() not in gone]
            )
            names = [name.lower() for name, _ in head.fields]
        if self.subject_fields:  # also as X_Client: much that runs behind CGI reads both
            head = head.with_fields(
                [
                    field
                    for field in head.fields
                    if field[0].lower().replace(b"_", b"-") not in self.subject_fields
                ]
            )
            names = [name.lower() for name, _ in head.fields]
        is_special = not self._watched.isdisjoint(names)
        timing = self._timing(head, parameters, query, names if is_special else ())
        upstreams_path = path if self.rewrite is None else self._rewritten(path, parameters)
        # A query that is empty is another one than none (RFC 3986 section 6.2.3).
        has_query = query or head.target.endswith(b"?")
        target = upstreams_path + b"?" + query if has_query else upstreams_path
        shown = _without(head, timing.replaces | self.subject_fields) if is_special else head
        lines = request_lines(shown, target, head.host or self.fallback_host)
        if head.framing is NO_BODY:
            lines += length_line(head, 0)
        plan = Plan(
            self,
            self._terms(timing),
            lines,
            timing.seconds,
            self._may_repeat(head),
            self._urgency(head, parameters, query),
            timing.tells,
            self._client(head, parameters, query),
        )
        if (protocol := head.upgrade) is not None and protocol in self.upgrades:
            self._ask_for(protocol, plan)
        if timing.is_dated:
            plan.taker = _PlansAnew(self, head, parameters, path, query)
        return plan

    def carry_out(self, plan: Plan, request: Request) -> None:
        """Take one request with the head that this plan was made for."""
        shedder = self.surroundings.shedder
        if shedder is not None and shedder.stage and shedder.sheds(plan.priority):
            # A stage is left after a second at the earliest, and then comes the one below it.
            self._turn_away(request, refusal(Reason.PROCESS_OVERLOADED, shedder.stage))
            return
        limiter = self.limiter
        if limiter is not None:
            client = plan.client
            if client is None:
                client = request.peer
                if ":" in client:
                    client = address_key(client)
            early, lines = limiter.ask(time.monotonic(), client)
            request.own_fields += lines
            if early:
                self._refuse_early(request, early)
                return
        head, seconds = request.head, plan.seconds
        if head.content_length > self.terms.max_body:
            self._refuse_body(request)
        elif isinstance(seconds, Situation):
            self._refuse(request, seconds)
        else:
            if request.peer == plan.told_of and request.is_tls is plan.told_tls:
                lines = plan.told
            else:
                lines = self._with_client(plan, request)
            lines += request.upstream_fields
            if plan.upgrade:
                self._ask_to_change(plan, request, lines, seconds)
            else:
                ProxiedRequest(plan, self.surroundings, request, lines, seconds).start()

    def _ask_to_change(self, plan: Plan, request: Request, lines: bytes, seconds: float) -> None:
        asked = UpgradedRequest(plan, self.surroundings, request, lines, seconds)
        asked.ask_for(plan.upgrade, self.upgrade_idle)
        asked.start()

    def _with_client(self, plan: Plan, request: Request) -> bytes:
        """Return the plan's lines, and those that tell the upstream who asks."""
        peer, is_tls, forwarded = request.peer, request.is_tls, self.forwarded
        if forwarded == "append" and self.knows_clients:
            # What stands there already tells of the client; we add whom we have it from.
            peer = request.hop
            forwarded = "append" if request.is_trusted else "replace"
        lines = plan.lines + client_lines(
            request.head, peer=peer, is_tls=is_tls, forwarded=forwarded
        )
        if self.subject_fields:
            return lines + request.client_fields
        if not self.knows_clients:
            plan.told, plan.told_of, plan.told_tls = lines, peer, is_tls  # who asks, asks again
        return lines

    # --- what is in a head ---

    def _timing(
        self,
        head: RequestHead,
        parameters: Mapping[str, str],
        query: bytes,
        names: Sequence[bytes],
    ) -> Timing:
        source, wanted = self.deadline_source, self._deadline.names
        text = source.read(head, parameters, query) if source is not None else None
        pairs = zip(head.fields, names, strict=False)
        return self._deadline.timing(text, [field for field, name in pairs if name in wanted])

    def _terms(self, timing: Timing) -> ProxyTerms:
        """Return the route's own, or the same for a deadline that means something else."""
        terms = self.terms
        rule = terms.policy.deadline
        if timing.blames and timing.covers_answer == (rule.covers == "answer"):
            return terms
        variant = self._variants.get((timing.covers_answer, timing.blames))
        if variant is None:
            covers: Literal["answer", "head"] = "answer" if timing.covers_answer else "head"
            rule = dataclasses.replace(rule, covers=covers, blames=timing.blames)
            # A record of its own, with the same balancer, purse, delays and counters in it.
            policy = dataclasses.replace(terms.policy, deadline=rule)
            variant = dataclasses.replace(terms, policy=policy)
            self._variants[timing.covers_answer, timing.blames] = variant
        return variant

    def _ask_for(self, protocol: bytes, plan: Plan) -> None:
        """Let the upstream know what the client would rather speak; sent once, to one replica."""
        plan.upgrade, plan.may_repeat = protocol, False
        plan.lines += b"Connection: upgrade\r\nUpgrade: %b\r\n" % protocol
        terms = self._upgrade_terms.get(id(plan.terms))
        if terms is None:
            # Whatever the route takes for success: a 101 is one, and has no body to look at.
            policy = dataclasses.replace(plan.terms.policy, answers=AnswerRule())
            terms = dataclasses.replace(plan.terms, policy=policy, replies={})
            self._upgrade_terms[id(plan.terms)] = terms
        plan.terms = terms

    def _urgency(self, head: RequestHead, parameters: Mapping[str, str], query: bytes) -> int:
        source = self.priority_source
        text = source.read(head, parameters, query) if source is not None else None
        return self.priority.read(text)

    def _client(self, head: RequestHead, parameters: Mapping[str, str], query: bytes) -> str | None:
        if self.limiter is None:
            return None
        if self.client_source is not None:
            stated = stated_client(head, parameters, query, self.client_source)
            if stated is not None:
                return stated
        return None if self.knows_clients else forwarded_client(head, self.forwarded)

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

    # --- saying no ---

    def _refuse_early(self, request: Request, early: float) -> None:
        """Tell a client that asks so many seconds too early when it may."""
        self._count(Reason.RATE_LIMITED)
        date = self.surroundings.engine.date_line
        # Not the route's own reply: a client that asks too often must see that it does.
        request.problem(429, "this client has sent too many requests", math.ceil(early), date)
        self.surroundings.refused(request)

    def _turn_away(self, request: Request, entry: Entry) -> None:
        """Answer a request that goes nowhere, whatever it asks for."""
        assert entry.reason is not None  # it is a refusal
        self._count(entry.reason)
        refuse(request, entry, self.surroundings.engine.date_line, self.terms.replies)
        self.surroundings.refused(request)

    def _refuse(self, request: Request, situation: Situation) -> None:
        """Answer a request whose deadline is no good."""
        if situation is Situation.EXPIRED:
            self._turn_away(request, refusal(Reason.EXPIRED))
            return
        template = self.terms.replies.get(situation)
        date = self.surroundings.engine.date_line
        if template is not None:
            request.respond(template.status, template.fields + date, template.render(None))
        else:
            status, detail, retry_after = response_for(situation, None)
            request.problem(status, detail, retry_after, date)
        self._answered(request)

    def _refuse_body(self, request: Request) -> None:
        """Answer a request whose body is longer than this route takes."""
        date = self.surroundings.engine.date_line
        detail = f"the body is longer than {self.terms.max_body} bytes"
        request.problem(413, detail, fields=date)
        self._answered(request)

    def _answered(self, request: Request) -> None:
        """Tell of a request that got its answer here, and not from an upstream."""
        if self.surroundings.answered is not None:
            self.surroundings.answered(request, 0.0, self.terms.durations)

    def _count(self, reason: Reason) -> None:
        refusals = self.surroundings.refusals
        refusals[reason] = refusals.get(reason, 0) + 1


@dataclass(slots=True)
class _PlansAnew:
    """Takes requests with a head that names a time of day: a plan for it is good only once."""

    route: ProxyRoute
    head: RequestHead  # as the route was given it: guards may have taken something out
    parameters: Mapping[str, str]
    path: bytes
    query: bytes

    def carry_out(self, plan: Plan, request: Request) -> None:
        plan = self.route.plan(self.head, self.parameters, self.path, self.query)
        self.route.carry_out(plan, request)


def _without(head: RequestHead, replaced: frozenset[bytes]) -> RequestHead:
    """Leave out what is written anew: the upstream would have it twice."""
    gone = replaced | {_ATTEMPT}
    # As much of a new head as `request_lines` reads: heads are shared, and copying one is slow.
    stripped = RequestHead(head.method, head.target, is_http11=head.is_http11)
    stripped.fields = [field for field in head.fields if field[0].lower() not in gone]
    stripped.connection_options = head.connection_options
    return stripped
