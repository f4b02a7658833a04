"""From settings to a gateway that is ready to listen.

The one place where settings, policies, pools and routes meet; must not serve anything.
"""

import math
import random
import ssl
import sys
from collections.abc import Callable
from typing import IO

from hedgerow.errors import ConfigError, StartError
from hedgerow.policy import Balancer, LeastRequest, Policy, Replica, RoundRobin
from hedgerow.policy.cancel_efficacy import CancelEfficacy
from hedgerow.policy.peak_ewma import PeakEwmaBalancer
from hedgerow.serve.access_log import AccessLog
from hedgerow.serve.gateway import Gateway, Outputs
from hedgerow.serve.plan import ProxyTerms
from hedgerow.serve.route import DeadlineSource, ProxyRoute
from hedgerow.serve.routes import Pattern, Routes
from hedgerow.serve.settings import Route, Server, Settings, Upstream
from hedgerow.serve.settings.policy import (
    answer_rule,
    deadline_rule,
    hedge_rule,
    learned_delays,
    load_budget,
    pool_limits,
    reply_templates,
    wire_limits,
)
from hedgerow.wire.engine import Engine
from hedgerow.wire.pool import Origin, Pool


def assemble(settings: Settings, engine: Engine, trace: Callable[[str], None]) -> Gateway:
    """Build everything but the listening sockets; raises ConfigError or StartError."""
    server = settings.server
    outputs = Outputs(_access_log(server), trace if server.trace else None)
    gateway = Gateway(engine, wire_limits(server.limits), outputs)
    balancers = {
        name: _balancer(name, upstream, gateway, engine)
        for name, upstream in settings.upstreams.items()
    }
    efficacies = {name: CancelEfficacy() for name in settings.upstreams}
    entries = []
    for route in settings.routes:
        policy = _policy(route, balancers[route.upstream], efficacies[route.upstream])
        entries.append((_pattern(route), _proxy_route(route, settings, policy, gateway)))
    gateway.lead(Routes(entries))
    return gateway


def _access_log(server: Server) -> AccessLog | None:
    if server.access_log is None:
        return None
    stream: IO[bytes]
    if server.access_log == "-":
        stream = sys.stdout.buffer
    else:
        try:
            # Held open for the life of the process.
            stream = open(server.access_log, "ab")  # noqa: SIM115
        except OSError as error:
            raise StartError(
                "access_log",
                got=server.access_log,
                must="a file that can be written",
                fix=f"({error.strerror})",
            ) from error
    return AccessLog(stream, server.access_log_format)


def _balancer(name: str, upstream: Upstream, gateway: Gateway, engine: Engine) -> Balancer:
    """Open nothing yet: connections are made when they are needed."""
    limits = pool_limits(upstream)
    replicas = []
    for url in upstream.replicas:
        tls = _tls(name, upstream) if url.scheme == "https" else None
        origin = Origin(url.host, url.port, tls)
        pool = Pool(origin, limits, engine.sweeper, engine.descriptors, engine.outbox)
        gateway.pools.append(pool)
        replicas.append(Replica(url.authority, pool))
    if upstream.balance == "round-robin":
        return RoundRobin(replicas)
    # Seeded by the system: two gateways with the same seed would crowd on the same replicas.
    if upstream.balance == "peak-ewma":
        return PeakEwmaBalancer(replicas, random.Random())
    return LeastRequest(replicas, random.Random())


def _tls(name: str, upstream: Upstream) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=upstream.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"[upstream.{name}] ca_file",
            got=upstream.ca_file,
            must="a file of certificates in PEM form",
            fix=f"({error})",
        ) from error
    if not upstream.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _policy(route: Route, balancer: Balancer, efficacy: CancelEfficacy) -> Policy:
    """``efficacy`` is the upstream's; it learns only from routes that learn their delay."""
    return Policy(
        balancer,
        hedge=hedge_rule(route.hedge),
        answers=answer_rule(route.success),
        deadline=deadline_rule(route.deadline),
        budget=load_budget(route.hedge),
        own_replies=frozenset(reply_templates(route)),
        delays=learned_delays(route),
        efficacy=efficacy,
        randomness=random.Random(),
    )


def _pattern(route: Route) -> Pattern:
    methods = None
    if route.methods is not None:
        methods = frozenset(method.encode() for method in route.methods)
    return Pattern(route.path, route.host, methods)


def _proxy_route(route: Route, settings: Settings, policy: Policy, gateway: Gateway) -> ProxyRoute:
    source, send_as = route.deadline.source, route.deadline.send_as
    # A default that nobody asked for is ours; the upstream need not hurry for it.
    tells = send_as is not None and route.deadline.covers == "answer"
    terms = ProxyTerms(
        policy,
        reply_templates(route),
        deadline_field=send_as.encode() if tells and send_as is not None else None,
        max_replay=route.max_replay,
        max_held=route.max_held,
        max_body=math.inf if route.max_body is None else route.max_body,
        server_timing=settings.server.server_timing,
    )
    pattern = _pattern(route)
    return ProxyRoute(
        route.path,
        terms,
        gateway.surroundings,
        settings.upstreams[route.upstream].replicas[0].authority.encode(),
        rewrite=route.rewrite,
        strips=len(route.path) if pattern.is_prefix and not pattern.parameters else 0,
        deadline_source=DeadlineSource(source.place, source.name) if source else None,
        forwarded=settings.server.forwarded,
    )
