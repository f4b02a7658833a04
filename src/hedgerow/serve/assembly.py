"""From settings to a gateway that is ready to listen.

The one place where settings, policies, pools and routes meet; must not serve anything.
"""

import errno
import math
import os
import random
import sys
import time
from collections.abc import Callable
from typing import IO, Final

from hedgerow.errors import StartError
from hedgerow.policy import Policy
from hedgerow.policy.deadline_fields import deadline_field
from hedgerow.policy.loop_lag import LoopLagShedder
from hedgerow.serve.access_log import AccessLog
from hedgerow.serve.durations import Durations
from hedgerow.serve.entrances import open_entrances, subject_fields
from hedgerow.serve.files.assembly import file_route
from hedgerow.serve.fixed import FixedRoute, RedirectRoute
from hedgerow.serve.gateway import Gateway, Outputs
from hedgerow.serve.guards.assembly import guarded
from hedgerow.serve.plan import AnyRoute, ProxyTerms
from hedgerow.serve.request_ids import RequestIds
from hedgerow.serve.resolving import Resolver, ask_system
from hedgerow.serve.route import ProxyRoute
from hedgerow.serve.routes import Pattern, Routes
from hedgerow.serve.settings import Route, Server, Settings
from hedgerow.serve.settings.names import AskedIn
from hedgerow.serve.settings.policy import (
    answer_rule,
    deadline_rule,
    hedge_rule,
    learned_delays,
    load_budget,
    priority_rule,
    rate_limiter,
    reply_template,
    reply_templates,
    wire_limits,
)
from hedgerow.serve.source import Source
from hedgerow.serve.traces import TraceRing
from hedgerow.serve.upstreams import LiveUpstream
from hedgerow.wire.engine import Engine

#: For deadlines that a client tells as a time of day: it compares it with its own.
_DATE: Final = time.time  # noqa: TID251


def assemble(
    settings: Settings,
    engine: Engine,
    trace: Callable[[str], None],
    resolver: Resolver = ask_system,
) -> Gateway:
    """Build everything but the listening sockets; raises ConfigError or StartError.

    ``trace`` takes lines for the operator: stories, and what happens to upstreams.
    """
    server = settings.server
    traces = None if server.admin is None else TraceRing(server.traces)
    outputs = Outputs(_access_log(server), trace if server.trace else None, traces)
    gateway = Gateway(engine, wire_limits(server.limits), outputs)
    gateway.upstreams = {
        name: LiveUpstream(
            name, upstream, engine, lambda text: trace(f"hedgerow: {text}"), resolver
        )
        for name, upstream in settings.upstreams.items()
    }
    if server.shed:
        gateway.surroundings.shedder = LoopLagShedder()
    gateway.merges_slashes = server.merge_slashes
    if server.request_id is not None or server.traceparent:
        gateway.ids = _request_ids(server)
    proxies: list[ProxyRoute] = []
    entries = [
        (_pattern(route), _guarded_route(route, settings, gateway, proxies))
        for route in settings.routes
    ]
    gateway.lead(Routes(entries), proxies)
    open_entrances(gateway, server, lambda text: trace(f"hedgerow: {text}"))
    return gateway


def _guarded_route(
    route: Route, settings: Settings, gateway: Gateway, proxies: list[ProxyRoute]
) -> AnyRoute:
    inner = _any_route(route, settings, gateway, proxies)
    where = f"[route {settings.routes.index(route) + 1}]"
    return guarded(inner, route, gateway.surroundings, where)


def _any_route(
    route: Route, settings: Settings, gateway: Gateway, proxies: list[ProxyRoute]
) -> AnyRoute:
    """Make a route of its kind; one that leads to an upstream is noted among the proxies."""
    durations = None if settings.server.admin is None else Durations()
    if route.root is not None:
        return file_route(_name(route), route, gateway.surroundings, durations)
    if route.redirect is not None:
        redirect, strips = route.redirect, len(route.path) if route.path.endswith("/") else 0
        return RedirectRoute(
            _name(route),
            redirect.to,
            redirect.status,
            gateway.surroundings,
            redirect.keep_query,
            strips,
            durations,
        )
    if route.respond is not None:
        reply = reply_template(route.respond)
        return FixedRoute(_name(route), reply, gateway.surroundings, durations)
    policy = _policy(route, settings, gateway.upstreams[route.upstream])
    proxy = _proxy_route(route, settings, policy, gateway)
    proxies.append(proxy)
    return proxy


def _request_ids(server: Server) -> RequestIds:
    is_behind = server.forwarded == "append"
    return RequestIds(
        server.request_id,
        starts_traces=server.traceparent,
        believes="trusted" if server.trusted else "all" if is_behind else "nobody",
    )


def _access_log(server: Server) -> AccessLog | None:
    if server.access_log is None:
        return None
    form, path = server.access_log_format, server.access_log
    if path == "-":
        return AccessLog(sys.stdout.buffer, form)
    try:
        return AccessLog(_opened_log(path), form, lambda: _opened_log(path))
    except OSError as error:
        why = "nobody reads this pipe" if error.errno == errno.ENXIO else error.strerror
        must = "a file that can be written"
        raise StartError("access_log", got=path, must=must, fix=f"({why})") from error


def _opened_log(path: str) -> IO[bytes]:
    # Without waiting: a pipe that nobody reads would hold up the start for ever.
    log = os.open(
        path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o640
    )
    os.set_blocking(log, True)
    return os.fdopen(log, "ab")


def _policy(route: Route, settings: Settings, upstream: LiveUpstream) -> Policy:
    return Policy(
        upstream.balancer,
        hedge=hedge_rule(route.hedge),
        answers=answer_rule(route.success),
        deadline=deadline_rule(route.deadline),
        budget=load_budget(route.hedge),
        own_replies=frozenset(reply_templates(route)),
        delays=learned_delays(route, settings.upstreams[route.upstream]),
        efficacy=upstream.efficacy,
        admission=None if upstream.door is None else upstream.door.admission,
        randomness=random.Random(),
    )


def _pattern(route: Route) -> Pattern:
    methods = None
    if route.methods is not None:
        methods = frozenset(method.encode() for method in route.methods)
    return Pattern(route.path, route.host, methods)


def _proxy_route(route: Route, settings: Settings, policy: Policy, gateway: Gateway) -> ProxyRoute:
    deadline, rate = route.deadline, route.rate
    terms = ProxyTerms(
        policy,
        reply_templates(route),
        max_replay=route.max_replay,
        max_held=route.max_held,
        max_body=math.inf if route.max_body is None else route.max_body,
        server_timing=settings.server.server_timing,
        door=gateway.upstreams[route.upstream].door,
        durations=None if settings.server.admin is None else Durations(),
    )
    pattern = _pattern(route)
    return ProxyRoute(
        _name(route),
        terms,
        gateway.surroundings,
        settings.upstreams[route.upstream].replicas[0].authority.encode(),
        rewrite=route.rewrite,
        strips=len(route.path) if pattern.is_prefix and not pattern.parameters else 0,
        deadline_source=_source(deadline.source),
        honours=[deadline_field(name, deadline.unit, _DATE) for name in deadline.honours],
        send_as=deadline.send_as,
        priority=priority_rule(route),
        priority_source=_source(route.priority.source),
        limiter=rate_limiter(route),
        client_source=_source(rate.by if rate is not None else None),
        forwarded=settings.server.forwarded,
        knows_clients=bool(settings.server.trusted),
        subject_fields=subject_fields(settings.server),
        ids=gateway.ids,
        upgrades=frozenset(protocol.lower().encode() for protocol in route.upgrade),
        upgrade_idle=route.upgrade_idle,
    )


def _name(route: Route) -> str:
    """Name a route as no other is named: its methods, host and path."""
    methods = "" if route.methods is None else f"{','.join(route.methods)} "
    return f"{methods}{route.host or ''}{route.path}"


def _source(asked_in: AskedIn | None) -> Source | None:
    return None if asked_in is None else Source(asked_in.place, asked_in.name)
